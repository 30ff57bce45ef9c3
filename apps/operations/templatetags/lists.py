"""The rows of a list page. One template a cell would be most of the time that a list takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import NamedTuple

from django import template
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import label_for_field
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import NoReverseMatch
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.templatetags.unfold_list import result_headers
from unfold.utils import display_for_field, display_for_value

register = template.Library()
CHECKBOX = "action_checkbox"


class Column(NamedTuple):
    """What all cells of a column share; `show` turns a row into the text of its cell."""

    opening: str
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
        link = _link(cl, row)
        yield mark_safe("".join(_cell(row, column, link) for column in columns))  # nosec B308, B703


def _cell(row: models.Model, column: Column, link: str) -> str:
    shown = conditional_escape(column.show(row))
    if column.links and link:
        shown = f"{link}{shown}</a>"
    return f"{column.opening}{shown}</td>"


def _link(cl: ChangeList, row: models.Model) -> str:
    """Return the beginning of a link to a row; "" where it has no page of its own."""
    try:
        address = cl.url_for_result(row)
    except NoReverseMatch:
        return ""
    if cl.preserved_filters:
        address = f"{address}?{cl.preserved_filters}"
    if not cl.is_popup:
        return format_html('<a href="{}">', address)
    key = row.serializable_value(str(cl.to_field or "pk"))
    return format_html('<a href="{}" data-popup-opener="{}">', address, key)


def _columns(cl: ChangeList) -> Iterator[Column]:
    first = True
    for name in cl.list_display:
        if name == CHECKBOX:
            yield _checkboxes()
            continue
        links = cl.list_display_links is not None and (
            name in cl.list_display_links or (first and not cl.list_display_links)
        )
        first = False
        label = label_for_field(name, cl.model, model_admin=cl.model_admin)
        opening = format_html(
            '<td class="admin-cell field-{}" data-label="{}">',
            getattr(name, "__name__", name),
            capfirst(label),
        )
        yield Column(opening, links, _shower(cl, name))


def _checkboxes() -> Column:
    label = _("Select record")
    opening = format_html('<td class="admin-cell admin-check" data-label="{}">', label)
    box = format_html(
        '<input type="checkbox" class="action-select" aria-label="{}" name="{}" value="',
        label,
        ACTION_CHECKBOX_NAME,
    )
    return Column(opening, False, lambda row: mark_safe(f'{box}{escape(row.pk)}">'))  # nosec B308, B703


def _shower(cl: ChangeList, name: str | Callable) -> Callable[[models.Model], str]:
    """Return what shows a field, or what a method says, as the theme would."""
    empty = cl.model_admin.get_empty_value_display()
    if callable(name):
        return _method_shower(name, name, empty)
    try:
        field = cl.lookup_opts.get_field(name)
    except FieldDoesNotExist:
        if name != "__str__" and (method := getattr(cl.model_admin, name, None)):
            return _method_shower(method, method, empty)
        return _method_shower(getattr(cl.model, name), attrgetter(name), empty)
    if field.remote_field:
        return lambda row: getattr(row, name) or empty
    if field.choices:
        shown = dict(field.flatchoices)
        return lambda row: shown.get(getattr(row, name), empty)
    return lambda row: display_for_field(getattr(row, name), field, empty)


def _method_shower(method, read: Callable, empty: str) -> Callable[[models.Model], str]:
    empty = getattr(method, "empty_value_display", empty)
    boolean = getattr(method, "boolean", False)
    colours = getattr(method, "label", None)
    labels: dict = {}

    def labelled(row: models.Model) -> str:
        value = read(row)
        if value not in labels:
            labels[value] = _label(value, colours)
        return labels[value]

    def show(row: models.Model) -> str:
        value = read(row)
        # A method of the model itself is called, its property was read.
        return display_for_value(value() if callable(value) else value, empty, boolean)

    return labelled if colours else show


def _label(value: tuple[str, str] | str, colours: dict[str, str] | bool) -> str:
    kind, text = value if isinstance(value, tuple) else (value, value)
    colour = colours.get(kind, "plain") if isinstance(colours, dict) else "plain"
    return format_html('<span class="admin-label admin-label-{}">{}</span>', colour, text)
