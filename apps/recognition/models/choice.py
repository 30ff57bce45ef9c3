from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.catalogue.models import Landmark, Photo


class ReferenceChoice(models.Model):
    """Photos that a curator picked as references of a landmark, and what the check says of them."""

    class State(models.TextChoices):
        CHECKING = "checking", _("is being checked")
        HELD = "held", _("waits for a decision")
        LIVE = "live", _("recognition knows them")
        DROPPED = "dropped", _("not taken")
        FAILED = "failed", _("could not be checked")

    landmark = models.ForeignKey(
        Landmark, models.CASCADE, related_name="reference_choices", verbose_name=_("landmark")
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.CHECKING
    )
    chosen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("chosen by"),
    )
    chosen_at = models.DateTimeField(_("chosen"))
    # Why a person has to decide; see references.choosing.
    reasons = models.JSONField(default=list)
    # Of photos of other landmarks that are references: how many were asked, how many of them
    # were named right before and would be after.
    validated = models.PositiveIntegerField(null=True)
    right_before = models.PositiveIntegerField(null=True)
    right_after = models.PositiveIntegerField(null=True)
    # Of the chosen photos: how many the others of them find.
    found_again = models.PositiveIntegerField(null=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    live_at = models.DateTimeField(_("known since"), null=True)

    class Meta:
        verbose_name = _("choice of references")
        verbose_name_plural = _("choices of references")

    def __str__(self) -> str:
        return f"{self.landmark} {self.chosen_at:%Y-%m-%d}"


class ChosenPhoto(models.Model):
    """One photo of a choice; a fault leaves it out, whatever becomes of the others."""

    class Fault(models.TextChoices):
        SMALL = "small", _("too small")
        BLURRED = "blurred", _("blurred")
        TWICE = "twice", _("nearly the same as another one")
        UNREADABLE = "unreadable", _("the file cannot be read")

    choice = models.ForeignKey(ReferenceChoice, models.CASCADE, related_name="photos")
    photo = models.ForeignKey(Photo, models.CASCADE, related_name="+")
    fault = models.CharField(max_length=10, choices=Fault.choices, blank=True)
    # The nearest reference of another landmark, by what the model sees: cosine.
    nearest = models.ForeignKey(Photo, models.SET_NULL, null=True, related_name="+")
    nearest_similarity = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="chosen_photo_once", fields=["choice", "photo"])
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} in {self.choice_id}"
