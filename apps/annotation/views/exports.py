"""Exports: asked for, followed, fetched."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.db.models import Count, Q
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.accounts.permissions import Permission, require_permission
from apps.annotation.forms import ExportForm
from apps.annotation.models import Dataset, Export
from apps.annotation.services.exports import request_export, selection_of
from apps.annotation.views.json_addresses import asked_dataset, json_address
from apps.catalogue.models import Landmark

SHOWN = 50
TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8", "zip": "application/zip"}


@require_permission(Permission.EXPORT_ANNOTATIONS)
def export_list(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, ExportForm(initial={"dataset": asked_dataset(request)}))
    form = ExportForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    request_export(
        dataset=form.cleaned_data["dataset"],
        format=form.cleaned_data["format"],
        with_images=form.cleaned_data["with_images"],
        chosen=form.selection,
        reason=form.cleaned_data["reason"],
        by=request.user,
        at=timezone.now(),
    )
    return redirect("annotation:exports")


def _page(request: HttpRequest, form: ExportForm, *, status: int = 200) -> HttpResponse:
    exports = list(
        Export.objects.select_related("requested_by").order_by("-requested_at", "-pk")[:SHOWN]
    )
    completed = Count("tasks", filter=Q(tasks__completed_at__isnull=False))
    counts = Dataset.objects.filter(practice=False).annotate(completed=completed)
    context = {
        "form": form,
        "datasets": counts.order_by("name"),
        "exports": [{"export": export, "filter": _filter(export)} for export in exports],
    }
    return render(request, "annotation/export_list.html", context, status=status)


def _filter(export: Export) -> list[str]:
    """Return what an export was asked for, in words."""
    chosen = selection_of(export)
    words = []
    if chosen.landmark is not None:
        place = Landmark.objects.filter(pk=chosen.landmark).with_names().first()
        name = place.name_in(get_language()) if place else f"#{chosen.landmark}"
        words.append(_("place: %(name)s") % {"name": name})
    if chosen.first:
        words.append(_("completed from %(day)s") % {"day": chosen.first})
    if chosen.last:
        words.append(_("completed to %(day)s") % {"day": chosen.last})
    return words


@require_safe
@require_permission(Permission.EXPORT_ANNOTATIONS)
def export_file(request: HttpRequest, export: int) -> HttpResponse:
    row = get_object_or_404(Export, pk=export)
    gone = not row.is_there
    if not gone:
        try:
            content = default_storage.open(row.file_name, "rb")
        except FileNotFoundError:
            gone = True
    if gone:
        return render(request, "annotation/export_gone.html", {"export": row}, status=410)
    return FileResponse(
        content,
        as_attachment=True,
        filename=row.download_name,
        content_type=TYPES[row.file_name.rpartition(".")[2]],
        headers={"Cache-Control": "private, no-store"},
    )


@json_address("GET", Permission.EXPORT_ANNOTATIONS)
def export_progress(request: HttpRequest, body: dict) -> dict:
    """Say how far the exports are that are not finished."""
    waiting = Export.objects.filter(state=Export.State.WAITING).order_by("pk")
    return {
        "waiting": [
            {"id": export.pk, "written": export.written, "total": export.total}
            for export in waiting[:SHOWN]
        ]
    }
