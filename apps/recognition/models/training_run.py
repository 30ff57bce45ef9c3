from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.recognition.models.served_model import ServedModel


class TrainingRun(models.Model):
    """One way from completed annotations to a canary, as far as it has come."""

    class State(models.TextChoices):
        RUNNING = "running", _("under way")
        FAILED = "failed", _("stopped")
        DONE = "done", _("canary registered")

    name = models.CharField(_("name"), max_length=80, unique=True)
    config = models.CharField(_("configuration"), max_length=80)
    changes = models.JSONField(default=list, help_text="fields of it given otherwise: field=value")
    datasets = models.JSONField(help_text="numbers of the datasets whose annotations it learns")
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.RUNNING
    )
    stages = models.JSONField(default=dict, help_text="what each finished stage said")
    log = models.JSONField(default=list, help_text="a line for each evaluation in training")
    error = models.TextField(_("what stopped it"), blank=True)
    model = models.ForeignKey(
        ServedModel,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("served model"),
    )
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("training run")
        verbose_name_plural = _("training runs")

    def __str__(self) -> str:
        return self.name
