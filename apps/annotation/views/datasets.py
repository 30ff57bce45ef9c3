"""A manager's pages: datasets, the people on them, single tasks, and what was skipped."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.permissions import Permission, require_permission
from apps.annotation import progress
from apps.annotation.forms import PersonForm, RulesForm, TasksForm
from apps.annotation.models import AnnotationTask, Dataset
from apps.annotation.services import assigning, checking, handing
from apps.annotation.views.json_addresses import asked_dataset
from apps.annotation.workflow import TaskState

TASKS_SHOWN = 40
STATES = [*TaskState.values, "handed"]


@require_safe
@require_permission(Permission.ASSIGN_ANNOTATIONS)
def dataset_list(request: HttpRequest) -> HttpResponse:
    datasets = list(Dataset.objects.prefetch_related("assignments__annotator").order_by("name"))
    far = progress.progress_of(datasets)
    rows = [
        {
            "dataset": dataset,
            "progress": far[dataset.pk],
            "people": [assignment.annotator for assignment in dataset.assignments.all()],
        }
        for dataset in datasets
    ]
    return render(request, "annotation/dataset_list.html", {"rows": rows})


@require_safe
@require_permission(Permission.ASSIGN_ANNOTATIONS)
def dataset_detail(request: HttpRequest, dataset: int) -> HttpResponse:
    row = get_object_or_404(Dataset, pk=dataset)
    return _detail(request, row)


def _detail(
    request: HttpRequest,
    dataset: Dataset,
    *,
    rules: RulesForm | None = None,
    person: PersonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    after = request.GET.get("after", "")
    after = int(after) if after.isdecimal() and len(after) < 19 else 0
    tasks = progress.tasks_to_show(dataset, state=state, after=after, limit=TASKS_SHOWN + 1)
    far = progress.progress_of([dataset])[dataset.pk]
    context = {
        "dataset": dataset,
        "progress": far,
        "states": [
            {"name": name, "count": far.counts.get(name), "current": name == state}
            for name in STATES
            if name == "handed" or far.counts.get(name) or name == state
        ],
        "workers": progress.workers_on(dataset, at=timezone.now()),
        "person_form": person or PersonForm(dataset=dataset),
        "rules_form": rules or RulesForm(instance=dataset),
        "tasks_form": TasksForm(),
        "tasks": tasks[:TASKS_SHOWN],
        "state": state,
        "next_after": tasks[TASKS_SHOWN - 1].pk if len(tasks) > TASKS_SHOWN else None,
        "known": dataset.images.filter(truth__isnull=False).count(),
        "back": str(dataset.pk),
    }
    return render(request, "annotation/dataset_detail.html", context, status=status)


@require_POST
@require_permission(Permission.ASSIGN_ANNOTATIONS)
def dataset_people(request: HttpRequest, dataset: int) -> HttpResponse:
    row = get_object_or_404(Dataset, pk=dataset)
    form = PersonForm(request.POST, dataset=row)
    acts = {
        "add": assigning.add_person,
        "remove": assigning.remove_person,
        "earlier": assigning.put_earlier,
        "later": assigning.put_later,
    }
    act = acts.get(request.POST.get("action", ""))
    if act is None or not form.is_valid():
        return _detail(request, row, person=form, status=400)
    act(row, form.cleaned_data["person"], by=request.user, at=timezone.now())
    return redirect("annotation:dataset", row.pk)


@require_POST
@require_permission(Permission.ASSIGN_ANNOTATIONS)
def dataset_rules(request: HttpRequest, dataset: int) -> HttpResponse:
    row = get_object_or_404(Dataset, pk=dataset)
    form = RulesForm(request.POST, instance=get_object_or_404(Dataset, pk=dataset))
    if not form.is_valid():
        return _detail(request, row, rules=form, status=400)
    assigning.set_rules(row, form.cleaned_data, by=request.user, at=timezone.now())
    messages.success(request, _("The rules were saved and hold from the next image on."))
    return redirect("annotation:dataset", row.pk)


@require_safe
@require_permission(Permission.ASSIGN_ANNOTATIONS)
def skipped(request: HttpRequest) -> HttpResponse:
    context = {
        "left_over": progress.skipped_tasks(dataset=asked_dataset(request), limit=TASKS_SHOWN),
        "tasks_form": TasksForm(),
        "back": "skipped",
    }
    return render(request, "annotation/skipped.html", context)


@require_POST
@require_permission(Permission.ASSIGN_ANNOTATIONS)
def change_tasks(request: HttpRequest) -> HttpResponse:
    """Hand out, take back, close or check by the tasks that were ticked on one of the pages."""
    form = TasksForm(request.POST)
    if form.is_valid():
        _change(request, form.cleaned_data)
    else:
        for faults in form.errors.values():
            messages.error(request, " ".join(faults))
    back = request.POST.get("back", "")
    if back == "skipped":
        return redirect("annotation:skipped")
    if not (back.isdecimal() and len(back) < 19):
        raise Http404
    response = redirect("annotation:dataset", int(back))
    state = request.POST.get("state", "")
    if state in STATES:
        response["Location"] += f"?state={state}#tasks"
    return response


def _change(request: HttpRequest, values: dict) -> None:
    tasks, by, at = values["tasks"], request.user, timezone.now()
    match values["action"]:
        case "hand":
            moved = handing.hand_tasks(tasks, to=values["person"], by=by, at=at)
        case "take_back":
            moved = handing.take_back_tasks(tasks, by=by, at=at)
        case "close":
            moved = handing.close_tasks(tasks, reason=values["reason"], by=by, at=at)
        case "check" | "uncheck" as action:
            moved = _check_by(tasks, on=action == "check", by=by, at=at)
    for task in moved.stayed:
        text = _("%(task)s stays as it is: this cannot be done with it.") % {"task": task}
        messages.warning(request, text)
    if moved.tasks:
        text = ngettext("%(count)d task was changed.", "%(count)d tasks were changed.", moved.tasks)
        messages.success(request, text % {"count": moved.tasks})


def _check_by(tasks: list[int], *, on: bool, by, at) -> handing.Moved:
    changed, stayed = 0, []
    for task in AnnotationTask.objects.filter(pk__in=tasks).select_related("image"):
        try:
            act = checking.make_known_answer if on else checking.forget_known_answer
            act(task, by=by, at=at)
            changed += 1
        except checking.NoAnswerToKeep:
            stayed.append(task)
    return handing.Moved(changed, stayed)
