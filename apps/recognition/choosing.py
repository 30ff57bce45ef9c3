"""A landmark becomes known by a few photos that a curator picks: checked first, then at once.

The check leaves poor photos out, looks for the same picture under another landmark, and asks
photos of other landmarks whether they would still be named right. Where something speaks against
the choice, a person decides; otherwise it is live as soon as it is checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from pgvector import HalfVector
from pgvector.django import CosineDistance

from apps.catalogue.models import Landmark, Photo
from apps.catalogue.pictures import open_stored
from apps.operations import audit
from apps.operations.jobs import Effect, TryLater, add_job
from apps.operations.models import AuditEntry
from apps.recognition import describing, index_building, joining, reference_index, serving
from apps.recognition.models import (
    ChosenPhoto,
    PhotoEmbedding,
    ReferenceChoice,
    ReferenceEmbedding,
    ReferenceIndex,
)
from apps.recognition.picture_quality import is_blurred, is_small
from apps.recognition.reference_index import NoReferenceIndex
from apps.recognition.validation import Validation, validate

TASK = "apps.recognition.tasks.check_choice"
FEWEST = 5
MOST = 20
# Two pictures above this cosine show the same thing, as the model sees it.
CONFLICT_FROM = 0.95
# Of at most 200 photos of other landmarks a new one may cost these; one or two are chance.
MOST_LOST = 2
# Reasons for a person to decide.
FEW, CONFLICT, COST, SCATTERED = "few", "conflict", "cost", "scattered"
State = ReferenceChoice.State
Fault = ChosenPhoto.Fault


class NothingChosen(Exception):
    """There is no photo among those named that may become a reference of the landmark."""


class AlreadyDecided(Exception):
    """The choice waits for nobody any more."""


def photos_to_choose(landmark: Landmark):
    """Photos of a landmark that may become its references."""
    return landmark.photos.filter(reference=False, license__may_train=True)


@transaction.atomic
def choose_references(
    landmark: Landmark, photos: Sequence[object], *, by: AbstractBaseUser, at: datetime
) -> ReferenceChoice:
    """Store which photos (keys) shall be references; they are checked in the background.

    Raises NothingChosen.
    """
    held = list(photos_to_choose(landmark).filter(pk__in=photos).order_by("created_at", "pk"))
    if not held:
        raise NothingChosen(str(landmark))
    choice = ReferenceChoice.objects.create(landmark=landmark, chosen_by=by, chosen_at=at)
    ChosenPhoto.objects.bulk_create(
        ChosenPhoto(choice=choice, photo=photo) for photo in held[:MOST]
    )
    add_job(task=TASK, subject=choice.pk, at=at)
    return choice


class Checked(NamedTuple):
    """What a check found."""

    photos: list[ChosenPhoto]
    validation: Validation
    reasons: list[str]


def check_choice(subject: str) -> Effect | None:
    """Check a choice; return what stores it and, where nothing speaks against it, makes it live.

    Raises TryLater while there is no model server or no index.
    """
    choice = ReferenceChoice.objects.select_related("landmark").get(pk=subject)
    if choice.state != State.CHECKING:
        return None
    try:
        index = reference_index.active_index()
        checked = _check(choice, index)
    except (NoReferenceIndex, serving.ServingError) as error:
        raise TryLater(str(error), joining.SERVER_AWAY) from error
    return lambda: _store(choice, checked)


def _check(choice: ReferenceChoice, index: ReferenceIndex) -> Checked:
    photos = list(
        choice.photos.filter(photo__landmark=choice.landmark)
        .select_related("photo")
        .order_by("photo__created_at", "photo_id")
    )
    _note_faults(photos, choice.landmark)
    good = [each for each in photos if not each.fault]
    vectors = _projected(index, [each.photo for each in good])
    for each, vector in zip(good, vectors, strict=True):
        _note_nearest(each, vector, index, choice.landmark)
    validation = validate(index, choice.landmark.pk, vectors)
    return Checked(photos, validation, _reasons(choice.landmark, good, validation))


def _note_faults(photos: list[ChosenPhoto], landmark: Landmark) -> None:
    seen = [
        photo.perceptual_hash
        for photo in landmark.photos.filter(reference=True).exclude(perceptual_hash=None)
    ]
    for each in photos:
        each.fault = _fault(each.photo, seen)
        if not each.fault and each.photo.perceptual_hash is not None:
            seen.append(each.photo.perceptual_hash)


def _fault(photo: Photo, seen: list) -> str:
    if is_small(photo.width, photo.height):
        return Fault.SMALL
    try:
        with photo.file.open("rb") as content:
            blurred = is_blurred(open_stored(content))
    except OSError:
        return Fault.UNREADABLE
    if blurred:
        return Fault.BLURRED
    alike = Photo.objects.filter(pk=photo.pk)
    if any(alike.alike(other).exists() for other in seen):
        return Fault.TWICE
    return ""


def _projected(index: ReferenceIndex, photos: list[Photo]) -> np.ndarray:
    """Return what the model sees in photos, kept for later, in the space of an index: [n, 512]."""
    new = [
        photo
        for photo in photos
        if not PhotoEmbedding.objects.filter(photo=photo, model=index.model).exists()
    ]
    describing.describe_photos(new, index.model)
    projection = reference_index.search_space(index.pk).projection
    seen = [raw_embedding(photo, index) for photo in photos]
    if not seen:
        return np.zeros((0, projection.matrix.shape[1]), dtype=np.float32)
    return projection.apply(np.stack(seen))


def raw_embedding(photo: Photo, index: ReferenceIndex) -> np.ndarray:
    """Return the kept embedding of a photo: float32 [D]."""
    kept = PhotoEmbedding.objects.get(photo=photo, model=index.model)
    return np.frombuffer(bytes(kept.embedding), dtype=np.float16).astype(np.float32)


def _note_nearest(
    each: ChosenPhoto, vector: np.ndarray, index: ReferenceIndex, landmark: Landmark
) -> None:
    """Note the reference of another landmark that is most like a photo."""
    rows = ReferenceEmbedding.objects.filter(index=index, photo__reference=True)
    nearest = (
        rows.exclude(photo__landmark=landmark)
        .annotate(distance=CosineDistance("embedding", HalfVector(vector)))
        .order_by("distance")
        .defer("embedding")
        .select_related("photo")
        .first()
    )
    if nearest is not None:
        each.nearest = nearest.photo
        one, other = raw_embedding(each.photo, index), raw_embedding(nearest.photo, index)
        each.nearest_similarity = float(one @ other)


def _reasons(landmark: Landmark, good: list[ChosenPhoto], validation: Validation) -> list[str]:
    reasons = []
    if landmark.photos.filter(reference=True).count() + len(good) < FEWEST:
        reasons.append(FEW)
    if any((each.nearest_similarity or 0) > CONFLICT_FROM for each in good):
        reasons.append(CONFLICT)
    if validation.right_before - validation.right_after > MOST_LOST:
        reasons.append(COST)
    if 2 * validation.found_again < len(good):
        reasons.append(SCATTERED)
    return reasons


def _store(choice: ReferenceChoice, checked: Checked) -> None:
    ChosenPhoto.objects.bulk_update(checked.photos, ["fault", "nearest", "nearest_similarity"])
    choice.reasons = checked.reasons
    choice.validated = checked.validation.asked
    choice.right_before = checked.validation.right_before
    choice.right_after = checked.validation.right_after
    choice.found_again = checked.validation.found_again
    choice.state = State.HELD if checked.reasons else State.LIVE
    choice.save()
    if not checked.reasons:
        _make_live(choice, by=choice.chosen_by, at=timezone.now())


def take_all_the_same(choice: ReferenceChoice, *, by: AbstractBaseUser, at: datetime) -> None:
    """Make a choice live that was held back. Raises AlreadyDecided."""
    with transaction.atomic():
        _decide(choice, State.LIVE, at)
        _make_live(choice, by=by, at=at)


def drop(choice: ReferenceChoice, *, at: datetime) -> None:
    """Leave a choice that was held back. Raises AlreadyDecided."""
    with transaction.atomic():
        _decide(choice, State.DROPPED, at)


def _decide(choice: ReferenceChoice, state: str, at: datetime) -> None:
    moved = ReferenceChoice.objects.filter(pk=choice.pk, state=State.HELD).update(
        state=state, decided_at=at
    )
    if not moved:
        raise AlreadyDecided(str(choice))


def _make_live(choice: ReferenceChoice, *, by: AbstractBaseUser | None, at: datetime) -> None:
    """Mark the good photos as references and let them join the index that answers."""
    photos = list(
        Photo.objects.filter(
            pk__in=choice.photos.filter(fault="").values("photo"), landmark=choice.landmark_id
        )
    )
    changes = []
    for photo in photos:
        before = audit.snapshot(photo)
        photo.reference = True
        photo.save(update_fields=["reference"])
        changes.append(audit.Change(photo, before, audit.snapshot(photo)))
    audit.record(changes, by=by, at=at, action=AuditEntry.Action.CHANGED)
    index_building.follow_catalogue(reference_index.active_index(), at=at)
    ReferenceChoice.objects.filter(pk=choice.pk).update(live_at=at)


def give_up(subject: str, reason: str) -> None:
    """End a check that cannot be made; the photos stay as they were."""
    ReferenceChoice.objects.filter(pk=subject, state=State.CHECKING).update(state=State.FAILED)
