"""The links of the workbench, as far as a person may follow them, and figures in words."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.permissions import Permission, may

register = template.Library()


@register.inclusion_tag("annotation/_links.html", takes_context=True)
def workbench_links(context) -> dict:
    request = context["request"]
    here = request.resolver_match.url_name if request.resolver_match else ""
    links = [
        (Permission.ANNOTATE, "editor", _("Annotate"), ()),
        (Permission.REVIEW_ANNOTATIONS, "review", _("Review"), ()),
        (Permission.ASSIGN_ANNOTATIONS, "datasets", _("Datasets"), ("dataset",)),
        (Permission.ASSIGN_ANNOTATIONS, "skipped", _("Skipped"), ()),
        (Permission.SEE_NUMBERS, "numbers", _("Numbers"), ()),
        (Permission.EXPORT_ANNOTATIONS, "exports", _("Exports"), ()),
        (Permission.ANNOTATE, "my_numbers", _("My numbers"), ()),
        (Permission.SEE_GUIDE, "guide", _("Guide"), ()),
    ]
    return {
        "links": [
            {
                "url": reverse(f"annotation:{name}"),
                "text": text,
                "current": here == name or here in also,
            }
            for permission, name, text, also in links
            if may(request.user, permission)
        ]
    }


@register.filter
def state_name(state: str) -> str:
    """Return a task's state as people say it."""
    names = {
        "open": _("open"),
        "leased": _("in work"),
        "submitted": _("submitted"),
        "accepted": _("accepted"),
        "returned": _("sent back"),
        "skipped": _("skipped"),
        "unusable": _("unusable"),
        "handed": _("handed to a person"),
    }
    return names.get(state, state)


@register.filter
def percent_of_one(value: float | None) -> str:
    """Return 0.957 as 96 %, and nothing known as a dash."""
    return "–" if value is None else f"{100 * value:.0f} %"


@register.filter
def words(text: str) -> list[str]:
    """Return the words of a text, to walk over them."""
    return text.split()


@register.filter
def of(groups: dict, name: str):
    """Return what a dict has under a name."""
    return groups.get(name)


@register.filter
def tag_names(tags) -> str:
    """Return tags as the editor names them."""
    names = {
        "truncated": _("The object is cut off"),
        "occluded": _("The object is covered"),
        "reflection": _("Sunlight is reflected"),
        "none_of_these": _("None of the three above"),
    }
    return " · ".join(name for tag, name in names.items() if tag in tags)
