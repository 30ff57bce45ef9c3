from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class FullFile(models.Model):
    """The whole public catalogue as one file; the feed of changes goes on where it ends."""

    class Format(models.TextChoices):
        JSON_LINES = "jsonl", "JSON Lines"
        CSV = "csv", "CSV"
        GEOJSON = "geojson", "GeoJSON"
        PARQUET = "parquet", "Parquet"

    format = models.CharField(max_length=10, choices=Format.choices)
    file = models.FileField(upload_to="full/")
    size = models.BigIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    landmarks = models.PositiveIntegerField()
    cursor = models.CharField(max_length=60, help_text="of the feed, from before it was begun")
    made_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("full file")
        verbose_name_plural = _("full files")

    def __str__(self) -> str:
        return self.file.name
