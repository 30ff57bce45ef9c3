"""What lies in the storage and what the rows say lies there, both ways.

A file field names its files. A model whose rows name files in another way has `other_files`,
the folder they lie in, and `known_files`, which says which of some names belong to a row.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic
from typing import NamedTuple

from django.apps import apps
from django.conf import settings
from django.core.files.storage import Storage, default_storage
from django.db import models
from django.utils import timezone

from apps.operations.models import DiscardedFile

logger = logging.getLogger(__name__)

AT_ONCE = 500
# Missing files that the log names.
SHOWN = 20


class Owner(NamedTuple):
    """Which files of a top folder belong to rows, said for some names at once."""

    folder: str
    known: Callable[[Iterable[str]], set[str]]


class MissingFile(NamedTuple):
    """A row whose file is not there."""

    model: type[models.Model]
    key: object
    name: str


def discard_files(names: Iterable[str], *, after: datetime) -> None:
    """Note in the caller's transaction that files are to be removed, after a time."""
    DiscardedFile.objects.bulk_create(
        [DiscardedFile(name=name, remove_after=after) for name in names if name],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["remove_after"],
    )


def keep_files(names: Iterable[str]) -> None:
    """Take files back that were to be removed."""
    DiscardedFile.objects.filter(name__in=list(names)).delete()


def remove_discarded(*, at: datetime | None = None, storage: Storage = default_storage) -> int:
    """Remove files whose time has come; those that a row names again stay. Return how many went.

    A file that cannot be removed now is tried again the next time.
    """
    due = DiscardedFile.objects.filter(remove_after__lte=at or timezone.now())
    held = list(due.order_by("remove_after", "pk")[:AT_ONCE])
    known = named_files([each.name for each in held]) if held else set()
    gone = []
    for each in held:
        try:
            if each.name not in known:
                storage.delete(each.name)
            gone.append(each.pk)
        except Exception:
            logger.warning("%s could not be removed", each.name, exc_info=True)
    DiscardedFile.objects.filter(pk__in=gone).delete()
    return len(gone)


def named_files(names: Sequence[str]) -> set[str]:
    """Return those of some names that belong to rows."""
    known: set[str] = set()
    for folder, owners in _owners().items():
        of_folder = [name for name in names if name.split("/")[0] == folder]
        for owner in owners if of_folder else ():
            known |= owner.known(of_folder)
    return known


def orphaned_files(
    *,
    before: datetime,
    storage: Storage = default_storage,
    looked: Callable[[], None] = lambda: None,
) -> Iterator[str]:
    """Yield files that no row names and that are older than `before`, so not just on their way.

    `looked` is called for every file.
    """
    for folder, owners in _owners().items():
        for names in _batches(_names_below(storage, folder)):
            known = set().union(*(owner.known(names) for owner in owners))
            discarded = DiscardedFile.objects.filter(name__in=names)
            known |= set(discarded.values_list("name", flat=True))
            for name in names:
                looked()
                if name not in known and _is_older(storage, name, before):
                    yield name


def _is_older(storage: Storage, name: str, moment: datetime) -> bool:
    """Whether a file is older; one that went since it was listed (moved into place) is not."""
    try:
        return storage.get_modified_time(name) < moment
    except Exception:
        if storage.exists(name):
            raise
        return False


def stored_names(*, storage: Storage = default_storage) -> Iterator[str]:
    """Yield the name of every file in the folders that rows speak of."""
    for folder in _owners():
        yield from _names_below(storage, folder)


def missing_files(
    *model_types: type[models.Model],
    storage: Storage = default_storage,
    looked: Callable[[], None] = lambda: None,
) -> Iterator[MissingFile]:
    """Yield rows whose file is not in the storage; of all models where none is named.

    `looked` is called for every row.
    """
    for model, field in _file_fields():
        if model_types and model not in model_types:
            continue
        rows = model._base_manager.exclude(**{field.name: ""}).order_by("pk")
        for key, name in rows.values_list("pk", field.name).iterator():
            looked()
            if not storage.exists(name):
                yield MissingFile(model, key, name)


def sweep_by_night(_night: str, keep: Callable[[], None]) -> None:
    """Remove files that no row names for a day, and log rows whose file is missing.

    `keep` is called now and then: it says that the work goes on.
    """
    keep = _now_and_then(keep)
    removed = 0
    for name in orphaned_files(before=timezone.now() - timedelta(days=1), looked=keep):
        default_storage.delete(name)
        removed += 1
    missing = []
    for each in missing_files(looked=keep):
        missing.append(f"{each.model._meta.label_lower} {each.key}: {each.name}")
    if removed:
        logger.info("%s files that no row names were removed", removed)
    if missing:
        logger.error("%s files are missing, such as %s", len(missing), ", ".join(missing[:SHOWN]))


def give_up_sweeping(_night: str, _reason: str) -> None:
    """The next night tries again; the parked job says why this one did not."""


def _now_and_then(keep: Callable[[], None]) -> Callable[[], None]:
    """Return what may be called for every file, and keeps the job some times in its lease."""
    due = monotonic()

    def looked() -> None:
        nonlocal due
        if monotonic() >= due:
            keep()
            due = monotonic() + settings.JOB_LEASE_SECONDS / 4

    return looked


def _owners() -> dict[str, list[Owner]]:
    """Return who answers for each top folder of the storage."""
    found: dict[str, list[Owner]] = {}
    for model, field in _file_fields():
        folder = _top_folder(model, field)
        found.setdefault(folder, []).append(Owner(folder, _named_by(model, field)))
    for model in apps.get_models():
        if folder := getattr(model, "other_files", ""):
            folder = folder.strip("/")
            found.setdefault(folder, []).append(Owner(folder, model.known_files))
    return found


def _file_fields() -> Iterator[tuple[type[models.Model], models.FileField]]:
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, models.FileField) and field.storage == default_storage:
                yield model, field


def _top_folder(model: type[models.Model], field: models.FileField) -> str:
    name = field.upload_to(model(), "name") if callable(field.upload_to) else field.upload_to
    folder = str(name).split("/")[0]
    if not folder:
        raise ValueError(f"{field} has no folder of its own")
    return folder


def _named_by(
    model: type[models.Model], field: models.FileField
) -> Callable[[Iterable[str]], set[str]]:
    def known(names: Iterable[str]) -> set[str]:
        rows = model._base_manager.filter(**{f"{field.name}__in": list(names)})
        return set(rows.values_list(field.name, flat=True))

    return known


def _names_below(storage: Storage, folder: str) -> Iterator[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in sorted(files) if name)
    for below in sorted(folders):
        yield from _names_below(storage, f"{folder}/{below}")


def _batches(names: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(names, AT_ONCE)):
        yield batch
