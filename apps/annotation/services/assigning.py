"""Who works on which dataset in which order, and by which rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.annotation.models import AnnotationImage, AnnotationTask, Assignment, Dataset
from apps.annotation.services.preparing import assign
from apps.annotation.workflow import TaskState
from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry

RULES = ("needs_review", "redundancy", "truth_share", "least_agreement", "open_to_all")


@transaction.atomic
def add_person(dataset: Dataset, person: User, *, by: User, at: datetime) -> Assignment:
    """Let a person work on a dataset, after what they have already."""
    known = Assignment.objects.filter(dataset=dataset, annotator=person).first()
    if known:
        return known
    assign(dataset, [person])
    made = Assignment.objects.get(dataset=dataset, annotator=person)
    change = Change(made, None, snapshot(made))
    record([change], by=by, at=at, action=AuditEntry.Action.CREATED)
    return made


@transaction.atomic
def remove_person(dataset: Dataset, person: User, *, by: User, at: datetime) -> None:
    """End a person's work on a dataset. What they hold they may finish; nothing new comes."""
    for gone in Assignment.objects.select_for_update().filter(dataset=dataset, annotator=person):
        change = Change(gone, snapshot(gone), None)
        record([change], by=by, at=at, action=AuditEntry.Action.DELETED)
        gone.delete()


@transaction.atomic
def put_earlier(dataset: Dataset, person: User, *, by: User, at: datetime) -> None:
    """Let a dataset come one place earlier in a person's order."""
    _swap(dataset, person, -1, by=by, at=at)


@transaction.atomic
def put_later(dataset: Dataset, person: User, *, by: User, at: datetime) -> None:
    """Let a dataset come one place later in a person's order."""
    _swap(dataset, person, 1, by=by, at=at)


def _swap(dataset: Dataset, person: User, step: int, *, by: User, at: datetime) -> None:
    order = list(
        Assignment.objects.select_for_update()
        .filter(annotator=person)
        .order_by("position", "dataset")
    )
    places = [assignment.dataset_id for assignment in order]
    if dataset.pk not in places:
        return
    here = places.index(dataset.pk)
    there = here + step
    if not 0 <= there < len(order):
        return
    order[here], order[there] = order[there], order[here]
    changes = []
    for position, assignment in enumerate(order, start=1):
        if assignment.position != position:
            before = snapshot(assignment)
            assignment.position = position
            assignment.save(update_fields=["position"])
            changes.append(Change(assignment, before, snapshot(assignment)))
    record(changes, by=by, at=at, action=AuditEntry.Action.CHANGED)


@transaction.atomic
def set_rules(dataset: Dataset, rules: dict[str, Any], *, by: User, at: datetime) -> Dataset:
    """Change by which rules a dataset is worked on; `rules` holds some of RULES."""
    dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
    before = snapshot(dataset)
    for name, value in rules.items():
        setattr(dataset, name, value)
    dataset.save(update_fields=list(rules))
    record(
        [Change(dataset, before, snapshot(dataset))],
        by=by,
        at=at,
        action=AuditEntry.Action.CHANGED,
    )
    fit_tasks(dataset)
    return dataset


@transaction.atomic
def fit_tasks(dataset: Dataset) -> None:
    """Give every image as many tasks as the dataset's redundancy; nothing that was begun goes."""
    if dataset.practice:
        return
    beyond = AnnotationTask.objects.of_the_dataset().filter(
        dataset=dataset,
        slot__gt=dataset.redundancy,
        state=TaskState.OPEN,
        reserved_for__isnull=True,
        annotations__isnull=True,
    )
    beyond.delete()
    for slot in range(1, dataset.redundancy + 1):
        missing = AnnotationImage.objects.filter(dataset=dataset).exclude(
            tasks__slot=slot, tasks__check_of__isnull=True
        )
        AnnotationTask.objects.bulk_create(
            (
                AnnotationTask(image_id=image, dataset=dataset, slot=slot)
                for image in missing.values_list("pk", flat=True).iterator(chunk_size=5000)
            ),
            batch_size=5000,
            ignore_conflicts=True,
        )
