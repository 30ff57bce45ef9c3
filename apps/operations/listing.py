"""List pages of the admin that stay cheap however many rows there are."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import models
from django.db.models import Count, Window
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm


class PageOfRows(ChangeList):
    """Find the keys of a page first: what is fetched with a row is asked for those rows only."""

    def get_results(self, request: HttpRequest) -> None:
        keys = None
        if (self.has_active_filters or self.query) and self._asks_for_a_page():
            keys = self._find_and_count(request)
        if keys is None:
            super().get_results(request)
            if not (self.has_active_filters or self.query):
                # Nothing is left out, so there is no "show all" to offer.
                self.full_result_count = self.result_count
            keys = self.result_list.values_list("pk", flat=True)
        if not self.list_editable:
            keys = list(keys)
            held = {row.pk: row for row in self.model_admin.rows_of_page(request, keys)}
            # A row that a colleague deleted in between is not shown.
            self.result_list = [held[key] for key in keys if key in held]

    def _asks_for_a_page(self) -> bool:
        return not (self.show_all or self.list_editable or self.queryset.query.distinct)

    def _find_and_count(self, request: HttpRequest) -> list | None:
        """Return the keys of the page, None where there is no such page.

        What a filter or a search finds is counted as it is found, not by searching twice.
        """
        start = max(self.page_num - 1, 0) * self.list_per_page
        found = self.queryset.annotate(in_all=Window(Count("*"))).values_list("pk", "in_all")
        rows = list(found[start : start + self.list_per_page])
        if start and not rows:
            return None
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        self.paginator.count = self.result_count = rows[0][1] if rows else 0
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.full_result_count = None
        self.can_show_all = self.result_count <= self.list_max_show_all
        self.multi_page = self.result_count > self.list_per_page
        return [key for key, _ in rows]


class ListAdmin(ModelAdmin):
    """Show a list with few queries, and with rows that are written without templates."""

    change_list_template = "admin/operations/change_list.html"
    # What an empty list says; "" for the usual sentence.
    empty_text = ""

    def get_changelist(self, request: HttpRequest, **kwargs) -> type[ChangeList]:
        return PageOfRows

    def rows_of_page(self, request: HttpRequest, keys: Sequence) -> models.QuerySet:
        """Fetch the rows of a page with everything its columns show."""
        rows = self.get_queryset(request).filter(pk__in=keys)
        return rows.select_related(*self.list_select_related) if self.list_select_related else rows

    def label_of(self, key: str) -> str:
        """Return how a row is called where it was chosen in a filter; "" where there is none."""
        row = self.model._base_manager.filter(pk=key).first()
        return "" if row is None else str(row)


class ChosenRow(AutocompleteSelect):
    """Offer the one chosen row; the others come while one types."""

    class Media(AutocompleteDropdownForm.Media):
        pass

    def optgroups(self, name, value, attr=None):
        registered = self.admin_site._registry[self.field.remote_field.model]
        chosen = [key for key in map(str, value) if key.isdecimal()]
        options = [
            self.create_option(name, key, label, True, index)
            for index, key in enumerate(chosen)
            if (label := registered.label_of(key))
        ]
        return [(None, [self.create_option(name, "", "", False, 0), *options], 0)]


class _UncheckedChoice(forms.ModelChoiceField):
    """The list itself says what a wrong key finds: nothing."""

    def clean(self, value):
        return value


class _ChosenRowForm(AutocompleteDropdownForm):
    field = _UncheckedChoice
    widget = ChosenRow


class ChosenFilter(AutocompleteSelectFilter):
    """Filter by a row that is searched for while one types: one query where one is chosen."""

    form_class = _ChosenRowForm
