from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def duration(minutes: int) -> str:
    """Return 80 as 1 h 20 min; from five hours on, to the next half hour."""
    if minutes >= 300:
        minutes = round(minutes / 30) * 30
    hours, left = divmod(round(minutes), 60)
    if not hours:
        return _("%(minutes)d min") % {"minutes": left}
    if not left:
        return _("%(hours)d h") % {"hours": hours}
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": left}


@register.simple_tag
def address_without(wishes, slug: str) -> str:
    return wishes.without(slug)


@register.simple_tag
def address_including(wishes, slug: str) -> str:
    return wishes.including(slug)
