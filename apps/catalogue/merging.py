"""Two entries of one place become one, and its former address leads on."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import models, transaction
from django.db.models import Exists, OuterRef, QuerySet, UniqueConstraint
from django.utils.translation import gettext as _

from apps.catalogue.history import LANDMARK_RELATIONS
from apps.catalogue.models import Landmark, LandmarkName, LandmarkRedirect
from apps.catalogue.models.tree import NameKind
from apps.catalogue.scope import require_edit
from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry


class NotMergeable(Exception):
    """The two cannot become one; the message says why."""


class Moved(NamedTuple):
    """Rows of one kind: how many go to the other landmark, how many stay since it has its own."""

    kind: str
    moved: int
    kept: int


class Merge(NamedTuple):
    """What merging does. Names become other names of the landmark that remains."""

    names: list[str]
    rows: list[Moved]


def preview_merge(landmark: Landmark, *, into: Landmark) -> Merge:
    """Return what `merge_landmarks` would do. Raises NotMergeable.

    Rows that only programs read (hidden relations) move too and are not counted.
    """
    _check(landmark, into)
    rows = []
    for relation in relations():
        if relation.hidden:
            continue
        moving, staying = _split(relation, landmark, into)
        counts = moving.count(), staying.count()
        if any(counts):
            rows.append(Moved(str(relation.related_model._meta.verbose_name_plural), *counts))
    return Merge([name.text for name in _new_names(landmark, into)], rows)


@transaction.atomic
def merge_landmarks(
    landmark: Landmark, *, into: Landmark, by: AbstractBaseUser, at: datetime
) -> Merge:
    """Move all of a landmark to another one, withdraw it, and lead its address there.

    What the other one has already stays with the withdrawn entry, so that nothing is lost.
    Raises NotMergeable, and OutsideRegions unless the person may edit both.
    """
    landmark, into = lock_both(landmark.pk, into.pk)
    require_edit(by, landmark, into)
    _check(landmark, into)
    before = {row.pk: snapshot(row, related=LANDMARK_RELATIONS) for row in (landmark, into)}
    done = preview_merge(landmark, into=into)
    names = LandmarkName.objects.bulk_create(_new_names(landmark, into))
    moved = {
        "into": into.pk,
        "state": landmark.state,
        "names": [name.pk for name in names],
        "placed": into.latitude is None and landmark.latitude is not None,
        "numbers": sorted({*landmark.external_ids} - {*into.external_ids}),
        "redirects": list(landmark.redirects.values_list("pk", flat=True)),
        "rows": {},
    }
    batch = uuid.uuid4()
    moves: list[Change] = []
    for relation in relations():
        moving, _staying = _split(relation, landmark, into)
        keys = [str(key) for key in moving.values_list("pk", flat=True)]
        if keys:
            moved["rows"][str(relation.field)] = keys
            moves += _move(relation, moving, into)
    into.external_ids = landmark.external_ids | into.external_ids
    if into.latitude is None:
        into.latitude, into.longitude = landmark.latitude, landmark.longitude
    landmark.state = Landmark.State.WITHDRAWN
    for row in (landmark, into):
        row.version += 1
        row.updated_at = at
        row.save()
    LandmarkRedirect.objects.filter(landmark=landmark).update(landmark=into)
    LandmarkRedirect.objects.create(
        old_slug=landmark.slug, landmark=into, moved=moved, created_at=at
    )
    changes = [
        Change(row, before[row.pk], snapshot(row, related=LANDMARK_RELATIONS))
        for row in (landmark, into)
    ]
    note = f"{landmark.slug} → {into.slug}"
    record(
        [*changes, *moves], by=by, at=at, action=AuditEntry.Action.MERGED, batch=batch, note=note
    )
    return done


def lock_both(first: int, second: int) -> tuple[Landmark, Landmark]:
    """Lock two landmarks until the transaction ends. Raises NotMergeable when one is gone."""
    # In the order of their keys: two merges the other way round must not block each other.
    rows = Landmark.objects.select_for_update().filter(pk__in=(first, second)).order_by("pk")
    held = {row.pk: row for row in rows}
    if not held.keys() >= {first, second}:
        raise NotMergeable(_("One of the two landmarks was deleted meanwhile."))
    return held[first], held[second]


def _check(landmark: Landmark, into: Landmark) -> None:
    if landmark.pk == into.pk:
        raise NotMergeable(_("A landmark cannot be merged into itself."))
    if LandmarkRedirect.objects.filter(old_slug=landmark.slug).exists():
        raise NotMergeable(_("This landmark was merged before."))
    if LandmarkRedirect.objects.filter(old_slug=into.slug).exists():
        raise NotMergeable(_("The other landmark was itself merged into a third one."))
    above = into.parent
    while above is not None:
        if above.pk == landmark.pk:
            raise NotMergeable(_("The other landmark is a part of this one."))
        above = above.parent


def relations() -> list[models.ForeignObjectRel]:
    """Everything that points at landmarks, of whatever app; names and redirects go by rules of
    their own."""
    own = (LandmarkName, LandmarkRedirect)
    return [
        relation
        for relation in Landmark._meta.get_fields(include_hidden=True)
        if relation.one_to_many and relation.auto_created and relation.related_model not in own
    ]


def _split(relation, landmark: Landmark, into: Landmark) -> tuple[QuerySet, QuerySet]:
    """Return the rows that may move, and those of which the other landmark has its own."""
    link = relation.field.name
    rows = relation.related_model._base_manager
    of_this = rows.filter(**{link: landmark})
    taken = models.Q()
    for fields in _unique_together(relation.related_model, link):
        same = {name: OuterRef(name) for name in fields if name != link}
        taken |= models.Q(Exists(rows.filter(**{link: into}, **same)))
    if not taken:
        return of_this, of_this.none()
    return of_this.exclude(taken), of_this.filter(taken)


def _unique_together(model: type[models.Model], link: str) -> list[tuple[str, ...]]:
    found = [tuple(fields) for fields in model._meta.unique_together]
    found += [
        tuple(each.fields) for each in model._meta.constraints if isinstance(each, UniqueConstraint)
    ]
    return [fields for fields in found if link in fields]


def _move(relation, moving: QuerySet, into: Landmark) -> list[Change]:
    """Move rows in one statement; return what the log says of the catalogue's and guide's."""
    link = relation.field
    logged = []
    if relation.get_accessor_name() in ("photos", "parts", "articles", "route_stops"):
        rows = list(moving)
        logged = [
            Change(row, before := snapshot(row), before | {link.attname: into.pk}) for row in rows
        ]
    moving.update(**{link.name: into})
    return logged


def _new_names(landmark: Landmark, into: Landmark) -> list[LandmarkName]:
    """Return the names that the remaining landmark does not have, as other names of it."""
    known = {(name.language, name.text) for name in into.names.all()}
    official = {name.language for name in into.names.all() if name.kind == NameKind.OFFICIAL}
    new = []
    for name in landmark.names.order_by("pk"):
        if (name.language, name.text) in known:
            continue
        known.add((name.language, name.text))
        kind = name.kind
        if kind == NameKind.OFFICIAL and name.language in official:
            kind = NameKind.ALIAS
        new.append(LandmarkName(landmark=into, language=name.language, kind=kind, text=name.text))
    return new
