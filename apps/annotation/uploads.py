"""Pictures that staff bring into a dataset by the admin, and the imports that came of it."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.annotation.models import Dataset, ImageImport
from apps.annotation.pictures import PictureRefused, prepare_picture
from apps.annotation.reasons import reason_text
from apps.annotation.services.import_jobs import start_archive_import
from apps.annotation.services.import_runs import escaped_cell
from apps.annotation.services.preparing import add_image
from apps.annotation.sources.entries import SourceRefused
from apps.catalogue.models import Landmark, License
from apps.catalogue.pictures import upload_bounds
from apps.operations.listing import ListAdmin

SHOWN = 50


class PicturesForm(forms.Form):
    """What is said of all pictures of one upload."""

    license = forms.ModelChoiceField(
        License.objects.order_by("code"), label=_("license"), widget=UnfoldAdminSelectWidget
    )
    landmark = forms.CharField(
        label=_("landmark"),
        required=False,
        max_length=120,
        help_text=_("Its address on the site (slug). Folders of a ZIP may say it instead."),
        widget=UnfoldAdminTextInputWidget,
    )
    credit = forms.CharField(
        label=_("credit"), max_length=300, required=False, widget=UnfoldAdminTextInputWidget
    )

    def clean_landmark(self) -> Landmark | None:
        slug = self.cleaned_data["landmark"].strip()
        landmark = Landmark.objects.filter(slug=slug).first() if slug else None
        if slug and landmark is None:
            raise forms.ValidationError(_("There is no such landmark."))
        return landmark


class PictureUploads(ModelAdmin):
    """Adds a page to upload pictures to the admin of datasets."""

    def get_fields(self, request: HttpRequest, obj: Dataset | None = None):
        fields = [name for name in super().get_fields(request, obj) if name != "pictures"]
        return [*fields, "pictures"] if obj else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Dataset | None = None):
        return [*super().get_readonly_fields(request, obj), "pictures"]

    @admin.display(description=_("pictures"))
    def pictures(self, dataset: Dataset) -> str:
        address = reverse("admin:annotation_dataset_pictures", args=[dataset.pk])
        link = '<a class="admin-link" href="{}">{}</a>'
        return format_html(link, address, _("Upload pictures"))

    def get_urls(self):
        view = self.admin_site.admin_view(self.upload_view)
        name = "annotation_dataset_pictures"
        return [path("<int:key>/pictures/", view, name=name), *super().get_urls()]

    def upload_view(self, request: HttpRequest, key: int) -> HttpResponse:
        dataset = get_object_or_404(Dataset, pk=key)
        if not self.has_change_permission(request, dataset):
            raise PermissionDenied
        form = PicturesForm(request.POST or None)
        results = []
        if request.method == "POST" and form.is_valid():
            files = request.FILES.getlist("photo")
            results = [self._take(request, dataset, file, form.cleaned_data) for file in files]
        if request.method == "POST" and "application/json" in request.headers.get("Accept", ""):
            errors = [text for texts in form.errors.values() for text in texts]
            return JsonResponse(
                {"results": results, "errors": errors}, status=422 if errors else 200
            )
        context = {
            **self.admin_site.each_context(request),
            "title": _("Pictures of %(name)s") % {"name": dataset},
            "opts": self.opts,
            "dataset": dataset,
            "imports": dataset.imports.order_by("-pk")[:10],
            "form": form,
            "results": results,
        }
        return render(request, "admin/annotation/picture_upload.html", context)

    def _take(self, request: HttpRequest, dataset: Dataset, file, values: dict) -> dict:
        """Store one picture, or have a ZIP imported; return what became of it."""
        answer = {"name": file.name, "stored": True}
        try:
            if not file.name.lower().endswith(".zip"):
                return answer | {"message": str(_add(dataset, file, values))}
            run = self._start(request, dataset, file, values)
        except (PictureRefused, SourceRefused) as reason:
            return answer | {"stored": False, "message": reason_text(str(reason))}
        address = reverse("admin:annotation_imageimport_change", args=[run.pk])
        link = {"address": address, "text": str(_("See how far it is."))}
        return answer | {"message": str(_("The import has begun.")), "link": link}

    def _start(self, request: HttpRequest, dataset: Dataset, file, values: dict) -> ImageImport:
        return start_archive_import(
            dataset=dataset,
            archive=file,
            options={
                "license": values["license"].code,
                "landmark": values["landmark"].slug if values["landmark"] else "",
                "credit": values["credit"],
            },
            by=request.user,
            at=timezone.now(),
        )


def _add(dataset: Dataset, file, values: dict):
    bounds = upload_bounds()
    if file.size > bounds.max_bytes:
        raise PictureRefused("too_large")
    picture = prepare_picture(file.read(), max_pixels=bounds.max_pixels, min_side=bounds.min_side)
    _image, new = add_image(dataset, picture, name=file.name, at=timezone.now(), **values)
    return _("Stored.") if new else _("It is there already.")


@admin.register(ImageImport)
class ImageImportAdmin(ListAdmin):
    """How far imports are, and what they could not take."""

    list_display = ["source", "dataset", "kind", "progress", "added", "unchanged", "refused", "by"]
    list_filter = ["kind", "dataset"]
    list_select_related = ["dataset", "by"]
    ordering = ["-pk"]
    fields = [
        *("named", "kind", "dataset", "live_progress", "added", "unchanged", "refused", "report"),
        *("shown_error", "shown_notes", "by", "created_at", "finished_at"),
    ]
    readonly_fields = fields
    change_form_template = "admin/annotation/import_change.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def get_urls(self):
        progress = self.admin_site.admin_view(self.progress_view)
        report = self.admin_site.admin_view(self.report_view)
        return [
            path("<int:key>/progress/", progress, name="annotation_imageimport_progress"),
            path("<int:key>/report.csv", report, name="annotation_imageimport_report"),
            *super().get_urls(),
        ]

    @admin.display(description=_("progress"))
    def progress(self, run: ImageImport) -> str:
        return run.progress_text

    @admin.display(description=_("source"))
    def named(self, run: ImageImport) -> str:
        return run.source

    @admin.display(description=_("progress"))
    def live_progress(self, run: ImageImport) -> str:
        return render_to_string("admin/annotation/_progress.html", {"run": run})

    @admin.display(description=_("report"))
    def report(self, run: ImageImport) -> str:
        if not run.refused:
            return "–"
        address = reverse("admin:annotation_imageimport_report", args=[run.pk])
        link = '<a class="admin-link" href="{}" download>{}</a>'
        return format_html(link, address, _("Every refused file, as CSV"))

    @admin.display(description=_("error"))
    def shown_error(self, run: ImageImport) -> str:
        return reason_text(run.error) or "–"

    @admin.display(description=_("besides"))
    def shown_notes(self, run: ImageImport) -> str:
        lines = [
            f"{name}: {', '.join(value) if isinstance(value, list) else value}"
            for name, value in run.notes.items()
            if value
        ]
        return "; ".join(lines) or "–"

    def progress_view(self, request: HttpRequest, key: int) -> JsonResponse:
        run = self._seen(request, key)
        return JsonResponse({"text": run.progress_text, "finished": run.finished_at is not None})

    def report_view(self, request: HttpRequest, key: int) -> StreamingHttpResponse:
        run = self._seen(request, key)
        return StreamingHttpResponse(
            _report_lines(run),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="import-{run.pk}.csv"'},
        )

    def _seen(self, request: HttpRequest, key: int) -> ImageImport:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(ImageImport, pk=key)


class _Echo:
    def write(self, line: str) -> str:
        return line


def _report_lines(run: ImageImport) -> Iterator[str]:
    lines = csv.writer(_Echo())
    # A byte order mark, for spreadsheets to read Korean.
    yield "\ufeff" + lines.writerow(["file", "code", "reason"])
    after = 0
    while batch := list(run.refusals.filter(pk__gt=after).order_by("pk")[:1000]):
        after = batch[-1].pk
        for each in batch:
            row = [each.name, each.reason, reason_text(each.reason)]
            yield lines.writerow([escaped_cell(text) for text in row])
