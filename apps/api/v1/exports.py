"""The whole catalogue as files."""

from __future__ import annotations

from django.db.models import Max
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from apps.api.v1.authentication import MayExport
from apps.api.v1.conditional import unchanged, with_validators
from apps.api.v1.rendering import OrjsonRenderer
from apps.api.v1.shapes import exports as shapes
from apps.catalogue.models import FullFile


class ExportList(APIView):
    permission_classes = [MayExport]
    renderer_classes = [OrjsonRenderer]

    @extend_schema(**shapes.EXPORT_LIST)
    def get(self, request) -> HttpResponse:
        """Return the newest full files, made every night; needs the scope `export`.

        Fetch one, compare its SHA-256, and follow `changes/` from its `cursor`. Addresses inside
        the files begin at the host that serves them.
        """
        newest = FullFile.objects.aggregate(at=Max("made_at"))["at"]
        files = FullFile.objects.filter(made_at=newest).order_by("format")
        results = [
            {
                "id": file.pk,
                "format": file.format,
                "media_type": shapes.MEDIA_TYPES[file.format],
                "url": reverse("api:export", args=[file.pk], request=request),
                "size": file.size,
                "sha256": file.sha256,
                "landmarks": file.landmarks,
                "cursor": file.cursor,
                "made_at": file.made_at,
            }
            for file in files
        ]
        response = Response({"next": None, "previous": None, "results": results})
        response["Cache-Control"] = "no-store"
        return response


class ExportFile(APIView):
    permission_classes = [MayExport]

    @extend_schema(**shapes.EXPORT_FILE)
    def get(self, request, export: int) -> HttpResponse:
        """Return a full file. Its address comes from the list; it is removed after some days."""
        file = get_object_or_404(FullFile, pk=min(export, 2**63 - 1))
        etag = f'"{file.sha256}"'
        if answer := unchanged(request, etag, file.made_at):
            return answer
        response = FileResponse(
            file.file.open("rb"),
            as_attachment=True,
            filename=f"landmarks.{file.format}",
            content_type=shapes.MEDIA_TYPES[file.format],
        )
        return with_validators(response, etag, file.made_at)

    def perform_content_negotiation(self, request, force=False):
        # The address names one file of one type, whatever a client prefers.
        return super().perform_content_negotiation(request, force=True)
