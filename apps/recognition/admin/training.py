"""Training runs: how far, how well, and beside the model that answers."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from apps.operations.admin import ReadOnlyAdmin
from apps.recognition.models import TrainingRun
from apps.recognition.plots import plot
from apps.recognition.training_runs import STAGES

STAGE_NAMES = {
    "annotations": _("Completed annotations"),
    "shards": _("Pictures for training"),
    "train": _("Training"),
    "export": _("Export"),
    "evaluate": _("Measuring"),
    "canary": _("Canary"),
}
# What `ml.evaluate` measures, and whether it is a share.
MEASURES = {
    "top1": (_("first place right"), True),
    "top5": (_("among the first five"), True),
    "gap": ("GAP", False),
    "ece": (_("calibration error"), False),
    "auroc_nonlandmark": (_("AUROC against pictures of no landmark"), False),
    "auroc_unknown": (_("AUROC against unknown landmarks"), False),
    "new_top1": (_("new landmarks, first place"), True),
    "new_top5": (_("new landmarks, first five"), True),
}
DONE, PRESENT, AHEAD = "done", "present", "ahead"


class StageRow(NamedTuple):
    name: str
    state: str
    seconds: float | None


class Measured(NamedTuple):
    """One figure of both models, each with its 95 %; empty where it was not measured."""

    name: str
    new: str
    new_interval: str
    present: str
    present_interval: str


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    """What `train_model` did; the page of a run follows it while it works."""

    list_display = ["name", "config", "state", "model", "started_at", "finished_at"]
    list_filter = ["state"]
    list_select_related = ["model"]
    ordering = ["-pk"]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context=None
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        if run is None:
            raise Http404
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        measured = run.stages.get("evaluate", {})
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": run.name,
            "run": run,
            "stages": _stages(run),
            "finished": len(run.stages),
            "step": run.log[-1] if run.log else None,
            "loss": plot(run.log, ["training_loss", "held_out_loss"]),
            "right": plot(run.log, ["held_out_top1"], top=1.0),
            "figures": _figures(measured),
            "queries": measured.get("new", {}).get("n"),
            "compared": measured.get("compared"),
        }
        return render(request, "admin/recognition/training_run.html", context)


def _stages(run: TrainingRun) -> list[StageRow]:
    rows, first_open = [], True
    for name in STAGES:
        if name in run.stages:
            rows.append(StageRow(STAGE_NAMES[name], DONE, run.stages[name].get("seconds")))
        else:
            rows.append(StageRow(STAGE_NAMES[name], PRESENT if first_open else AHEAD, None))
            first_open = False
    return rows


def _figures(measured: dict) -> list[Measured]:
    new, present = measured.get("new"), measured.get("present", {})
    if not new:
        return []
    return [
        Measured(label, *_shown(new, key, share), *_shown(present, key, share))
        for key, (label, share) in MEASURES.items()
        if key in new
    ]


def _shown(report: dict, key: str, share: bool) -> tuple[str, str]:
    value = report.get(key)
    if value is None:
        return "", ""
    low, high = report["intervals"][key]
    if share:
        return f"{value:.1%}", f"{low:.1%} – {high:.1%}"
    return f"{value:.3f}", f"{low:.3f} – {high:.3f}"
