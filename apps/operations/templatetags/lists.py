"""The rows of a list page. One template a cell would be most of the time that a list takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from django import template
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.urls import NoReverseMatch
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.templatetags.unfold_list import result_headers
from unfold.utils import display_for_field, display_for_value

register = template.Library()
CHECKBOX = "action_checkbox"


class Column(NamedTuple):
    """What all cells of a column share; `show` turns a row into the text of its cell."""

    name: str
    label: str
    links: bool
    show: Callable[[models.Model], str]


@register.inclusion_tag("admin/operations/_rows.html")
def list_of_rows(cl: ChangeList, may_add: bool) -> dict:
    """Show the rows of a list, with headers that sort."""
    headers = list(result_headers(cl))
    return {
        "cl": cl,
        "result_headers": headers,
        "num_sorted_fields": sum(1 for each in headers if each["sortable"] and each["sorted"]),
        "rows": list(_rows(cl)),
        "has_add_permission": may_add,
    }


def _rows(cl: ChangeList) -> Iterator[SafeString]:
    columns = list(_columns(cl))
    for row in cl.result_list:
        address = _address(cl, row)
        yield mark_safe("".join(_cell(cl, row, column, address) for column in columns))


def _columns(cl: ChangeList) -> Iterator[Column]:
    first = True
    for name in cl.list_display:
        if name == CHECKBOX:
            yield Column(name, _("Select record"), False, lambda row: "")
            continue
        links = cl.list_display_links is not None and (
            name in cl.list_display_links or (first and not cl.list_display_links)
        )
        first = False
        label = label_for_field(name, cl.model, model_admin=cl.model_admin)
        yield Column(
            getattr(name, "__name__", name), str(capfirst(label)), links, _shower(cl, name)
        )


def _shower(cl: ChangeList, name: str) -> Callable[[models.Model], str]:
    """Return what shows a field, or what a method of the admin says, as the theme would."""
    admin = cl.model_admin
    empty = admin.get_empty_value_display()
    labels: dict = {}

    def show(row: models.Model) -> str:
        try:
            field, method, value = lookup_field(name, row, admin)
        except models.ObjectDoesNotExist:
            return empty
        if field is not None and not field.auto_created:
            if field.remote_field:
                return getattr(row, field.name) or empty
            return display_for_field(value, field, empty)
        if colours := getattr(method, "label", None):
            if value not in labels:
                labels[value] = _label(value, colours)
            return labels[value]
        return display_for_value(
            value, getattr(method, "empty_value_display", empty), getattr(method, "boolean", False)
        )

    return show


def _label(value: tuple[str, str] | str, colours: dict[str, str] | bool) -> str:
    kind, text = value if isinstance(value, tuple) else (value, value)
    colour = colours.get(kind, "plain") if isinstance(colours, dict) else "plain"
    return format_html('<span class="admin-label admin-label-{}">{}</span>', colour, text)


def _address(cl: ChangeList, row: models.Model) -> str:
    try:
        address = cl.url_for_result(row)
    except NoReverseMatch:
        return ""
    return f"{address}?{cl.preserved_filters}" if cl.preserved_filters else address


def _cell(cl: ChangeList, row: models.Model, column: Column, address: str) -> str:
    if column.name == CHECKBOX:
        return format_html(
            '<td class="admin-cell admin-check" data-label="{}"><input type="checkbox" name="{}"'
            ' value="{}" class="action-select" aria-label="{}"></td>',
            column.label,
            ACTION_CHECKBOX_NAME,
            row.pk,
            column.label,
        )
    shown = conditional_escape(column.show(row))
    if column.links and address:
        chosen = ""
        if cl.is_popup:
            key = row.serializable_value(str(cl.to_field or "pk"))
            chosen = format_html(' data-popup-opener="{}"', key)
        shown = format_html('<a href="{}"{}>{}</a>', address, chosen, shown)
    return format_html(
        '<td class="admin-cell field-{}" data-label="{}">{}</td>', column.name, column.label, shown
    )
