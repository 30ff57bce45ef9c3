from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.annotation.models.dataset import Dataset


class ImageImport(models.Model):
    """One import of pictures into a dataset: where from, how far it came, what it refused.

    `position` and the rows it counts are written in one transaction, so that a killed import
    goes on behind the last file it took.
    """

    class Kind(models.TextChoices):
        FOLDER = "folder", _("folder of pictures")
        ARCHIVE = "archive", _("ZIP of pictures")
        TABLE = "table", _("CSV of files")
        COCO = "coco", "COCO"
        AIHUB = "aihub", "AI Hub"

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    # AI Hub's files name their dataset themselves.
    dataset = models.ForeignKey(
        Dataset,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="imports",
        verbose_name=_("dataset"),
    )
    source = models.TextField(_("source"), help_text="a path, or the name of what was uploaded")
    uploads = models.JSONField(default=dict, blank=True, help_text="role → name in the storage")
    options = models.JSONField(default=dict, blank=True, help_text="license, landmark, credit, …")
    position = models.PositiveIntegerField(_("read"), default=0)
    last_name = models.TextField(blank=True, help_text="the last file it took")
    total = models.PositiveIntegerField(_("in all"), null=True, blank=True)
    added = models.PositiveIntegerField(_("added"), default=0)
    unchanged = models.PositiveIntegerField(_("there already"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    notes = models.JSONField(default=dict, blank=True, help_text="what else is worth knowing")
    error = models.TextField(_("error"), blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="image_imports",
        verbose_name=_("who"),
    )
    created_at = models.DateTimeField(_("created"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    # The folder of what `uploads` names; see operations.stored_files.
    other_files = "annotation-imports/"

    class Meta:
        verbose_name = _("import of pictures")
        verbose_name_plural = _("imports of pictures")
        indexes = [
            models.Index(
                fields=["source"], name="image_import_unfinished", condition=Q(finished_at=None)
            )
        ]

    def __str__(self) -> str:
        return self.source

    @classmethod
    def known_files(cls, names: Iterable[str]) -> set[str]:
        """Return those of some names that an import still needs."""
        needed = cls.objects.filter(finished_at=None).exclude(uploads={})
        used = {
            name
            for uploads in needed.values_list("uploads", flat=True)
            for name in uploads.values()
        }
        return used.intersection(names)

    @property
    def progress_text(self) -> str:
        """How far it is, in words."""
        values = {"read": self.position, "total": self.total, "refused": self.refused}
        if self.error:
            return str(_("It stopped with an error."))
        if self.finished_at is None:
            if self.total is None:
                return _("%(read)d files so far, %(refused)d refused") % values
            return _("%(read)d of %(total)d files, %(refused)d refused") % values
        return _("done: %(read)d files, %(refused)d refused") % values


class ImportRefusal(models.Model):
    """One file or line that an import could not take."""

    image_import = models.ForeignKey(ImageImport, models.CASCADE, related_name="refusals")
    name = models.TextField(help_text="path of the file, or the line of a list")
    reason = models.TextField()

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"
