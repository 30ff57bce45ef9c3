"""The full files, as the document shows them."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from apps.api.v1.shapes.problems import NOT_MODIFIED, problems
from apps.api.v1.shapes.whole_lists import whole
from apps.catalogue.models import FullFile

MEDIA_TYPES = {
    FullFile.Format.JSON_LINES: "application/jsonl",
    FullFile.Format.CSV: "text/csv",
    FullFile.Format.GEOJSON: "application/geo+json",
    FullFile.Format.PARQUET: "application/vnd.apache.parquet",
}


class ExportSerializer(serializers.Serializer):
    """A file with the whole public catalogue."""

    id = serializers.IntegerField()
    format = serializers.ChoiceField(choices=FullFile.Format.choices)
    media_type = serializers.CharField()
    url = serializers.URLField()
    size = serializers.IntegerField(help_text="bytes")
    sha256 = serializers.CharField(help_text="of the file, in hexadecimal digits")
    landmarks = serializers.IntegerField()
    cursor = serializers.CharField(help_text="`changes/` goes on after it")
    made_at = serializers.DateTimeField()


ExportListSerializer = whole("ExportList", ExportSerializer)
EXPORT_LIST = {
    "operation_id": "exports_list",
    "responses": {200: ExportListSerializer, **problems()},
}
EXPORT_FILE = {
    "operation_id": "exports_retrieve",
    "parameters": [
        OpenApiParameter("export", OpenApiTypes.INT, OpenApiParameter.PATH, description="id")
    ],
    "responses": {
        **{
            (200, kind): OpenApiTypes.OBJECT if kind.endswith("json") else OpenApiTypes.BINARY
            for kind in MEDIA_TYPES.values()
        },
        **NOT_MODIFIED,
        **problems(404),
    },
}
