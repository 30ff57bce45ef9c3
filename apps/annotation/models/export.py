from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from apps.annotation.models.dataset import Dataset


class Export(models.Model):
    """Completed annotations of a dataset as a file, made in the background and kept for a while."""

    class State(models.TextChoices):
        WAITING = "waiting"
        READY = "ready"
        FAILED = "failed"

    # Its files belong to it until their time is over, whoever asks.
    other_files = "exports/"

    dataset = models.ForeignKey(Dataset, models.SET_NULL, null=True, related_name="exports")
    dataset_name = models.CharField(max_length=200)
    format = models.CharField(max_length=10)
    with_images = models.BooleanField(default=False)
    chosen = models.JSONField(default=dict, help_text="the filter: landmark, first, last")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="exports"
    )
    requested_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    written = models.PositiveIntegerField(default=0, help_text="annotations and pictures so far")
    total = models.PositiveIntegerField(null=True, help_text="of them")
    file_name = models.CharField(max_length=200, blank=True, help_text="in the storage")
    size = models.BigIntegerField(null=True, help_text="bytes")
    sha256 = models.CharField(max_length=64, blank=True)
    summary = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="export_ready_has_file",
                condition=~Q(state="ready")
                | (~Q(file_name="") & Q(size__isnull=False, expires_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="export_finished_has_time",
                condition=Q(state="waiting", finished_at__isnull=True)
                | (~Q(state="waiting") & Q(finished_at__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["-requested_at", "-id"], name="export_newest")]

    def __str__(self) -> str:
        return f"{self.dataset_name}: {self.format}"

    @classmethod
    def known_files(cls, names: Iterable[str]) -> set[str]:
        """Return those of some files that are still to be had."""
        kept = cls.objects.filter(file_name__in=list(names), expires_at__gt=timezone.now())
        return set(kept.values_list("file_name", flat=True))

    @property
    def is_there(self) -> bool:
        return self.state == self.State.READY and self.expires_at > timezone.now()

    @property
    def percent(self) -> int:
        return min(100, 100 * self.written // self.total) if self.total else 0

    @property
    def download_name(self) -> str:
        """The name under which the file is saved: letters that every system takes."""
        suffix = self.file_name.rpartition(".")[2]
        return f"gilnun-{self.dataset_id or 0}-{self.format}-{self.pk}.{suffix}"

    def get_absolute_url(self) -> str:
        return reverse("annotation:export_file", args=[self.pk])
