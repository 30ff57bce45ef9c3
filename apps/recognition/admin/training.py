"""Training runs: how far, how well, and beside the model that answers."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from apps.operations.admin import ReadOnlyAdmin
from apps.operations.listing import ListAdmin
from apps.recognition.models import TrainingRun
from apps.recognition.plots import plot
from apps.recognition.training_jobs import (
    NAME,
    NotStopped,
    learnable_datasets,
    let_go_on,
    start_run,
    waits_for_a_worker,
)
from apps.recognition.training_runs import STAGES, RunIsOther, folder_of

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
# Of ml/configs those whose model can answer on the pages; `train_model` takes every one.
CONFIGS = {
    "small_arcface": _("small_arcface: the served backbones, fine-tuned; trains without a GPU"),
    "smoke": _("smoke: a minute, to see that every step works"),
    "resnet101_arcface": _("resnet101_arcface: the full model, for GPUs"),
    "nia_resnet101_arcface": _("nia_resnet101_arcface: the data set's own model, for GPUs"),
}
REPORTS = {"new": _("Report of the new model"), "present": _("Report of the one that answers")}
STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)


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


class StartForm(forms.Form):
    """What to learn, from which annotations, and how."""

    name = forms.CharField(
        label=_("name"),
        max_length=80,
        help_text=_("Small letters, digits and hyphens."),
        widget=UnfoldAdminTextInputWidget,
    )
    config = forms.ChoiceField(
        label=_("configuration"), choices=list(CONFIGS.items()), widget=UnfoldAdminSelectWidget
    )
    datasets = forms.TypedMultipleChoiceField(
        label=_("datasets"),
        coerce=int,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"required": _("Please choose at least one dataset.")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["datasets"].choices = [
            (each.pk, f"{each.name} ({_annotations(each.annotations)})")
            for each in learnable_datasets()
        ]

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if not NAME.fullmatch(name):
            raise forms.ValidationError(_("Please use small letters, digits and hyphens only."))
        if TrainingRun.objects.filter(name=name).exists():
            raise forms.ValidationError(_("There is a run of this name. Please choose another."))
        return name


def _annotations(count: int) -> str:
    return ngettext("%(count)d annotation", "%(count)d annotations", count) % {"count": count}


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    """Starts runs and follows them; what `train_model` does is seen here too."""

    list_display = ["name", "config", "state", "model", "started_at", "finished_at"]
    list_filter = ["state"]
    list_select_related = ["model"]
    ordering = ["-pk"]
    empty_text = _("Nothing was trained yet. A run learns from completed annotations.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return ListAdmin.has_add_permission(self, request)

    def get_urls(self):
        view = self.admin_site.admin_view
        name = "recognition_trainingrun"
        return [
            path("<int:key>/go-on/", view(self.go_on_view), name=f"{name}_go_on"),
            path("<int:key>/report/<str:which>/", view(self.report_view), name=f"{name}_report"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context=None):
        """Ask what to learn, and have a worker begin."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = StartForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                run = start_run(**form.cleaned_data, by=request.user, at=timezone.now())
            except RunIsOther:
                form.add_error("name", _("There is a run of this name. Please choose another."))
            else:
                return redirect("admin:recognition_trainingrun_change", run.pk)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Start a training run"),
            "form": form,
        }
        return render(request, "admin/recognition/training_start.html", context)

    def go_on_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Take up a stopped run where it stopped."""
        if request.method != "POST" or not self.has_add_permission(request):
            raise PermissionDenied
        run = get_object_or_404(TrainingRun, pk=key)
        try:
            let_go_on(run, by=request.user, at=timezone.now())
        except NotStopped:
            self.message_user(request, _("This run has gone on already."), messages.WARNING)
        return redirect("admin:recognition_trainingrun_change", run.pk)

    def report_view(self, request: HttpRequest, key: int, which: str) -> HttpResponse:
        """Show what `ml.evaluate` wrote: a page of its own, that runs and loads nothing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        file = _report(get_object_or_404(TrainingRun, pk=key), which)
        if file is None:
            raise Http404
        content = file.read_bytes()
        styles = " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode()}'"
            for style in STYLE.findall(content)
        )
        answer = HttpResponse(content)
        answer["Content-Security-Policy"] = (
            f"default-src 'none'; img-src data:; style-src {styles}; "
            "frame-ancestors 'none'; sandbox"
        )
        return answer

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
            "reports": _reports(run),
            "waits": run.state == TrainingRun.State.RUNNING and waits_for_a_worker(run),
            "may_start": self.has_add_permission(request),
        }
        return render(request, "admin/recognition/training_run.html", context)


def _report(run: TrainingRun, which: str) -> Path | None:
    file = folder_of(run) / f"{which}.html"
    return file if which in REPORTS and file.is_file() else None


def _reports(run: TrainingRun) -> list[tuple[str, str]]:
    """Addresses and names of the reports that are there."""
    return [
        (reverse("admin:recognition_trainingrun_report", args=[run.pk, which]), name)
        for which, name in REPORTS.items()
        if _report(run, which)
    ]


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
