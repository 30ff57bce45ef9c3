from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ServedModel(models.Model):
    """One exported model as the model server knows it; the portal asks for its version."""

    class Stage(models.TextChoices):
        STABLE = "stable", _("stable")  # answers
        CANARY = "canary", _("canary")  # is asked beside it, and never shown
        RETIRED = "retired", _("retired")

    name = models.CharField(_("name"), max_length=100)
    version = models.PositiveIntegerField(_("version"))
    stage = models.CharField(
        _("stage"), max_length=10, choices=Stage.choices, default=Stage.RETIRED
    )
    embedding_size = models.PositiveIntegerField(_("embedding size"))
    input_sizes = models.JSONField(_("input sizes"), help_text="[[height, width], …] in pixels")
    checksum = models.CharField(max_length=64, blank=True, help_text="of the exported folder")
    # What answered before it, and answers again after a rollback.
    replaced = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("replaced")
    )
    # Empty where no person chose it: set-up may then follow the profile of the settings.
    chosen_at = models.DateTimeField(_("chosen"), null=True, blank=True)
    created_at = models.DateTimeField(_("registered"))

    class Meta:
        verbose_name = _("served model")
        verbose_name_plural = _("served models")
        constraints = [
            models.UniqueConstraint(name="served_model_once", fields=["name", "version"]),
            models.UniqueConstraint(
                name="one_stable_model", fields=["stage"], condition=Q(stage="stable")
            ),
            models.UniqueConstraint(
                name="one_canary_model", fields=["stage"], condition=Q(stage="canary")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
