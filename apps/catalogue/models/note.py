from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.catalogue.models.landmark import Landmark


class LandmarkNote(models.Model):
    """A fact for visitors that needs words, in one language: the way there, what is free."""

    class Kind(models.TextChoices):
        ACCESS = "access", _("getting there")
        OPENING = "opening", _("about the opening hours")
        FEE = "fee", _("about the fee")
        WITHDRAWN = "withdrawn", _("why it was withdrawn")

    landmark = models.ForeignKey(Landmark, models.CASCADE, related_name="notes")
    language = models.CharField(_("language"), max_length=10)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.ACCESS)
    text = models.CharField(_("text"), max_length=300)

    class Meta:
        verbose_name = _("note for visitors")
        verbose_name_plural = _("notes for visitors")
        constraints = [
            models.UniqueConstraint(
                name="landmark_note_once", fields=["landmark", "language", "kind"]
            ),
            models.CheckConstraint(
                name="landmark_note_not_empty", condition=~Q(text="") & ~Q(language="")
            ),
            models.CheckConstraint(
                name="landmark_note_kind_is_known",
                condition=Q(kind__in=["access", "opening", "fee", "withdrawn"]),
            ),
        ]

    def __str__(self) -> str:
        return self.text
