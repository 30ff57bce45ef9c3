from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.catalogue.importing.problems import Level, Problem


def import_path(held: CatalogueImport, name: str) -> str:
    """Return where a file is kept: under a name that tells nothing and is taken by nobody."""
    return f"imports/{uuid.uuid4()}"


class CatalogueImportQuerySet(models.QuerySet):
    def running(self) -> CatalogueImportQuerySet:
        """Imports that write, or wait for their turn: first come, first served."""
        return self.filter(state=CatalogueImport.State.IMPORTING).order_by("confirmed_at", "pk")


class CatalogueImport(models.Model):
    """A list on its way into the catalogue, and afterwards the record of it."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("columns to be chosen")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("to be confirmed")
        IMPORTING = "importing", _("being imported")
        DONE = "done", _("imported")
        STOPPED = "stopped", _("stopped")
        FAILED = "failed", _("failed")

    kind = models.CharField(_("kind"), max_length=20, help_text="a key of settings.IMPORT_KINDS")
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.UPLOADED
    )
    file = models.FileField(_("file"), upload_to=import_path, max_length=200)
    file_name = models.CharField(_("file"), max_length=200)
    bytes = models.PositiveBigIntegerField(_("size"))
    format = models.CharField(_("format"), max_length=10)
    headings = models.JSONField(default=list, help_text="the columns of the file")
    examples = models.JSONField(default=list, help_text="the cells of its first rows")
    mapping = models.JSONField(default=list, help_text="a name for each heading, or an empty one")
    publish = models.BooleanField(_("publish what is complete"), default=False)
    swap = models.BooleanField(_("swap swapped coordinates"), default=False)
    new_categories = models.BooleanField(_("make unknown categories"), default=False)
    language = models.CharField(max_length=10, help_text="in which problems are told")
    rows = models.PositiveIntegerField(_("rows"), default=0)
    handled = models.PositiveIntegerField(default=0, help_text="rows checked or imported so far")
    created = models.PositiveIntegerField(_("new"), default=0)
    updated = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    warned = models.PositiveIntegerField(default=0, help_text="rows taken with a warning")
    error = models.TextField(_("error"), blank=True)
    report = models.FileField(_("report"), upload_to=import_path, max_length=200, blank=True)
    batch = models.UUIDField(default=uuid.uuid4, help_text="the same in all its history rows")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("who"),
    )
    by_name = models.CharField(_("who"), max_length=150)
    created_at = models.DateTimeField(_("uploaded"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = CatalogueImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.CheckConstraint(
                name="import_finished_has_time",
                condition=Q(state__in=["done", "stopped", "failed"], finished_at__isnull=False)
                | ~Q(state__in=["done", "stopped", "failed"]) & Q(finished_at__isnull=True),
            ),
            models.CheckConstraint(
                name="import_importing_has_time",
                condition=~Q(state__in=["importing", "done"]) | Q(confirmed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["confirmed_at", "id"],
                name="import_running",
                condition=Q(state="importing"),
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def names(self) -> dict[str, str]:
        """What the file calls each value."""
        return {
            name: heading
            for name, heading in zip(self.mapping, self.headings, strict=False)
            if name and heading
        }

    @property
    def finished(self) -> bool:
        return self.finished_at is not None

    @property
    def working(self) -> bool:
        return self.state in (self.State.CHECKING, self.State.IMPORTING)


class CatalogueImportRow(models.Model):
    """One row of a list, with what is to become of it, or became of it once it is `written`."""

    held = models.ForeignKey(CatalogueImport, models.CASCADE, related_name="staged")
    position = models.PositiveIntegerField(help_text="1, 2, 3 …")
    line = models.PositiveIntegerField(_("line"))
    cells = models.JSONField()
    keys = ArrayField(models.TextField(), default=list, help_text="what the row is about")
    outcome = models.CharField(_("outcome"), max_length=10)
    problems = models.JSONField(default=list, help_text="[[level, reason, column], …]")
    written = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="import_row_once", fields=["held", "position"]),
            models.CheckConstraint(
                name="import_row_outcome_is_known",
                condition=Q(outcome__in=["created", "updated", "unchanged", "refused"]),
            ),
        ]
        indexes = [
            models.Index(fields=["held", "outcome", "position"], name="import_row_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.held_id}:{self.line}"

    @property
    def told(self) -> list[tuple[Problem, str]]:
        """The problems, each with its words for a reader of the file."""
        problems = [Problem(Level(level), *said) for level, *said in self.problems]
        return [(problem, problem.told(self.held.names)) for problem in problems]
