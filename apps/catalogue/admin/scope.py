"""Editors who are limited to regions: what they see, and what their forms refuse."""

from __future__ import annotations

from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.catalogue.scope import is_limited, may_edit, may_edit_region, region_path, require_edit


class InsideRegions(ModelForm):
    """Refuse a region, or a landmark in a region, that the person may not edit."""

    by = None

    def clean(self) -> dict | None:
        values = super().clean()
        given = self.cleaned_data
        text = _("This lies outside the regions that you may edit.")
        if (region := given.get("region")) and not may_edit_region(self.by, region.pk):
            self.add_error("region", text)
        if (landmark := given.get("landmark")) and not may_edit(self.by, landmark):
            self.add_error("landmark", text)
        return values


class ScopedAdmin:
    """A mixin for what belongs to a region: everybody sees all, and changes their own regions.

    What belongs to no region, such as categories and licenses, counts everywhere; people who
    are limited to regions see it and do not change it.
    """

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and self._is_open(request, None)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_open(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_open(request, obj)

    def _is_open(self, request: HttpRequest, obj: models.Model | None) -> bool:
        if obj is None or obj.pk is None:
            return region_path(self.model) is not None or not is_limited(request.user)
        # Asked before the form puts another region into the row, and kept.
        known = request.__dict__.setdefault("open_rows", {})
        key = (self.opts.label, obj.pk)
        if key not in known:
            known[key] = may_edit(request.user, obj)
        return known[key]

    def check_reverted(self, request: HttpRequest, row: models.Model) -> None:
        super().check_reverted(request, row)
        # Asked anew: an earlier value may lead to another region.
        if region_path(self.model):
            require_edit(request.user, row)

    def get_form(self, request: HttpRequest, obj: models.Model | None = None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        return type(form.__name__, (InsideRegions, form), {"by": request.user})
