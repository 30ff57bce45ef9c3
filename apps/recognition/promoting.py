"""Which model answers: a canary is registered, promoted, and taken back if need be.

Everything a switch needs is made before it; the switch itself is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from apps.catalogue.models import Landmark, LandmarkRedirect
from apps.operations import audit
from apps.operations.models import AuditEntry
from apps.recognition import index_building, serving
from apps.recognition.indexing import build_beside, see_photos
from apps.recognition.model_server import (
    labels_of,
    let_serve,
    register_export,
    running_model_server,
)
from apps.recognition.models import PhotoEmbedding, ReferenceIndex, ServedModel
from ml.contract import ModelClass

COMMAND = "serve_model"
Stage = ServedModel.Stage
Progress = Callable[[str], None]


class NotServed(Exception):
    """What was asked for cannot be done; nothing was changed. The message says why."""


class UnknownClasses(NotServed):
    """The model's head knows classes that are no landmarks here."""

    def __init__(self, slugs: list[str]):
        super().__init__(
            f"{len(slugs)} classes of labels.json are no landmarks here. Import them, or correct "
            "their slugs or external ids."
        )
        self.slugs = slugs


class Switched(NamedTuple):
    """The model and index that answer now, and the model that answered before, if any."""

    index: ReferenceIndex
    before: ServedModel | None


def register_canary(
    name: str, version: int | None, *, at: datetime, progress: Progress
) -> ReferenceIndex:
    """Register an export and build its index beside the one that answers.

    From then on some of the visitors' photos are asked of it as well. Raises NotServed,
    IndexNotBuilt, or what `register_export` raises.
    """
    model = register_export(name, version)
    if model.stage == Stage.STABLE:
        raise NotServed(f"{model} is the model that answers.")
    check_classes(labels_of(model).classes)
    with running_model_server(model):
        _ask_whether_served(model)
        index = build_beside(model, at=at, progress=progress)
    with transaction.atomic(), _recorded(at, model, *_of_stage(Stage.CANARY)):
        ServedModel.objects.filter(stage=Stage.CANARY).update(stage=Stage.RETIRED)
        ServedModel.objects.filter(pk=model.pk).update(stage=Stage.CANARY)
    let_serve()
    return index


def promote(name: str | None, version: int | None, *, at: datetime, progress: Progress) -> Switched:
    """Let a model answer: the canary, or an export by name (its newest version without one).

    Its index is brought up to date first. Raises NotServed, IndexNotBuilt, or what
    `register_export` raises.
    """
    model = register_export(name, version) if name else _canary()
    if model.stage == Stage.STABLE:
        raise NotServed(f"{model} answers already.")
    check_classes(labels_of(model).classes)
    with running_model_server(model):
        _ask_whether_served(model)
        index = _newest_index(model)
        if index is None:
            index = build_beside(model, at=at, progress=progress)
        else:
            see_photos(model, progress)
            index_building.follow_catalogue(index, at=at)
    before = _of_stage(Stage.STABLE)
    with transaction.atomic(), _recorded(at, model, *before):
        index_building.switch_to(index)
        ServedModel.objects.filter(pk=index.model_id).update(chosen_at=at)
        _forget_others(index.model)
    let_serve()
    return Switched(index, before[0] if before else None)


def roll_back(*, at: datetime) -> Switched:
    """Let the model that answered before answer again, with its own index. Raises NotServed.

    References added since then join that index in the background.
    """
    stable = ServedModel.objects.filter(stage=Stage.STABLE).select_related("replaced").first()
    target = stable.replaced if stable else None
    index = _newest_index(target) if target else None
    if index is None:
        raise NotServed("There is no model to go back to.")
    with transaction.atomic(), _recorded(at, stable, target):
        index_building.switch_back_to(index)
        ServedModel.objects.filter(pk=index.model_id).update(chosen_at=at)
    let_serve()
    return Switched(index, stable)


def check_classes(classes: tuple[ModelClass, ...]) -> None:
    """Raise UnknownClasses unless each class is a landmark by slug, former slug or other number."""
    slugs = set(Landmark.objects.values_list("slug", flat=True))
    slugs |= set(LandmarkRedirect.objects.values_list("old_slug", flat=True))
    left = [each for each in classes if each.slug not in slugs]
    if any(each.external_ids for each in left):
        numbers = Landmark.objects.exclude(external_ids={}).values_list("external_ids", flat=True)
        known = {(kind, str(number)) for ids in numbers for kind, number in ids.items()}
        left = [
            each
            for each in left
            if not any((kind, str(number)) in known for kind, number in each.external_ids.items())
        ]
    if left:
        raise UnknownClasses([each.slug for each in left])


def _canary() -> ServedModel:
    canaries = _of_stage(Stage.CANARY)
    if not canaries:
        raise NotServed("There is no canary. Name a model: serve_model promote NAME [VERSION].")
    return canaries[0]


def _of_stage(stage: str) -> list[ServedModel]:
    return list(ServedModel.objects.filter(stage=stage))


def _newest_index(model: ServedModel) -> ReferenceIndex | None:
    return (
        ReferenceIndex.objects.filter(model=model)
        .select_related("model")
        .defer(*ReferenceIndex.LARGE)
        .order_by("-version")
        .first()
    )


def _ask_whether_served(model: ServedModel) -> None:
    if not serving.answers(name=model.name, version=model.version, seconds=5):
        raise NotServed(
            f"The model server does not serve {model}. Give it the models folder and its "
            "models.config, and look into its log."
        )


def _forget_others(stable: ServedModel) -> None:
    """Drop the indexes of models that nobody goes back to, and what those models saw."""
    kept = [stable.pk, stable.replaced_id, *(model.pk for model in _of_stage(Stage.CANARY))]
    ReferenceIndex.objects.exclude(model__in=[key for key in kept if key]).delete()
    PhotoEmbedding.objects.exclude(model__in=[key for key in kept if key]).delete()


class _recorded:
    """Write down what became of models within the block."""

    def __init__(self, at: datetime, *models: ServedModel) -> None:
        self._at = at
        self._before = {model.pk: audit.snapshot(model) for model in models}

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind, *_: object) -> None:
        if kind is not None:
            return
        audit.record(
            [
                audit.Change(model, self._before[model.pk], audit.snapshot(model))
                for model in ServedModel.objects.filter(pk__in=self._before)
            ],
            by=None,
            by_name=COMMAND,
            at=self._at,
            action=AuditEntry.Action.CHANGED,
        )
