"""Export from a list: what was selected, or everything that its filters found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.catalogue.exporting.export import export_of
from apps.catalogue.exporting.formats import FORMATS


class Exports:
    """A mixin for the admin of a model that exports can be made of."""

    export_kinds: Sequence[str] = ()

    @admin.action(description=_("Export the selected entries…"), permissions=["view"])
    def export_selected(self, request: HttpRequest, rows: QuerySet) -> HttpResponse:
        kinds = [
            kind
            for kind in self.export_kinds or settings.EXPORT_KINDS
            if request.user.has_perm(export_of(kind).permission)
        ]
        kind, name = request.POST.get("kind"), request.POST.get("format")
        if kind in kinds and name in FORMATS:
            return _file(rows, kind, name, at=timezone.now())
        context = {
            **self.admin_site.each_context(request),
            "title": _("Export"),
            "opts": self.opts,
            "count": rows.count(),
            "kinds": [(kind, export_of(kind).label) for kind in kinds],
            "formats": FORMATS,
            # The list finds the same rows again: by its address, and by what was ticked.
            "address": request.get_full_path(),
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "across": request.POST.get("select_across") == "1",
        }
        if not kinds:
            raise PermissionDenied
        return render(request, "admin/catalogue/export.html", context)


def _file(rows: QuerySet, kind: str, name: str, *, at: datetime) -> StreamingHttpResponse:
    export, format = export_of(kind)(), FORMATS[name]
    pieces = format.write(export.columns, export.rows(rows))
    day = timezone.localtime(at).strftime("%Y-%m-%d")
    disposition = f'attachment; filename="gilnun-{kind}-{day}.{name}"'
    return StreamingHttpResponse(
        pieces,
        content_type=format.content_type,
        headers={"Content-Disposition": disposition, "Cache-Control": "no-store"},
    )
