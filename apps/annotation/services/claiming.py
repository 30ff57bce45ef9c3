"""Who works on what: the claim of a task.

A claim is one statement, so that two people can never get the same task, and an ended
lease is taken over by the claim itself: there is no clean-up that could be late.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from apps.accounts.models import User
from apps.annotation.models import AnnotationTask, Assignment, Dataset, Skip
from apps.annotation.services.checking import CHECK_NOW, PRACTISE_NOW
from apps.operations.statements import columns, fetch_all, fetch_one, instance

LEASE = timedelta(minutes=15)

_TASK = AnnotationTask._meta.db_table
_SKIP = Skip._meta.db_table
# Two tabs of one person must not get two tasks: the second waits and gets the first's. Who locks
# a task and claims the next in one transaction asks for this before the task: both in another
# order would wait for each other.
ONE_AT_A_TIME = """
    one_at_a_time AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(hashtextextended(concat('claim ', %(user)s::bigint), 0))
    )
"""
_DATASETS = f"""
    WITH {ONE_AT_A_TIME}
    SELECT {columns(Dataset, "dataset")}
    FROM one_at_a_time
    LEFT JOIN ({Dataset._meta.db_table} AS dataset
        LEFT JOIN {Assignment._meta.db_table} AS mine
            ON mine.dataset_id = dataset.id AND mine.annotator_id = %(user)s
    ) ON mine.id IS NOT NULL OR dataset.open_to_all AND (
        NOT dataset.practice OR dataset.id = %(dataset)s::bigint OR NOT EXISTS (
            SELECT 1 FROM {Assignment._meta.db_table} AS any_work
            WHERE any_work.annotator_id = %(user)s
        )
    )
    ORDER BY mine.position NULLS LAST, dataset.id
"""  # nosec B608
# The holder keeps token and start; everybody else gets new ones.
_TAKE = f"""
    UPDATE {_TASK} AS held SET state = 'leased', holder_id = %(user)s, lease_until = %(until)s,
        token = CASE WHEN {{mine}} THEN token ELSE %(token)s::uuid END,
        leased_at = CASE WHEN {{mine}} THEN leased_at ELSE %(at)s END
    WHERE id = COALESCE({{choices}})
    RETURNING {columns(AnnotationTask, "held")}
""".format(  # nosec B608
    mine="state = 'leased' AND holder_id = %(user)s AND lease_until > %(at)s", choices="{choices}"
)
# Each choice locks what it finds; the next one is asked only when it finds nothing.
_CHOICE = f"""(
    SELECT task.id FROM {_TASK} AS task WHERE {{which}}
    ORDER BY {{order}} FOR UPDATE OF task {{wait}} LIMIT 1
)"""  # nosec B608
_NOT_SKIPPED_BY_ME = (
    f"NOT EXISTS (SELECT 1 FROM {_SKIP} AS skip"
    " WHERE skip.task_id = task.id AND skip.annotator_id = %(user)s)"  # nosec B608
)
# With redundancy an image has several tasks, each for another person; a check is one more.
_NO_OTHER_SLOT_IS_MINE = (
    f"NOT EXISTS (SELECT 1 FROM {_TASK} AS other WHERE other.image_id = task.image_id"
    " AND other.id <> task.id AND %(user)s IN"
    " (other.annotator_id, other.holder_id, other.reserved_for_id, other.check_of_id))"  # nosec B608
)
# No SKIP LOCKED: a heartbeat on the same row at this moment must not cost the person their task.
_HELD = _CHOICE.format(
    which="task.holder_id = %(user)s AND task.state = 'leased' AND task.lease_until > %(at)s"
    "{narrowed}",
    order="task.leased_at DESC, task.id",
    wait="",
)
_RESERVED = _CHOICE.format(
    which="task.reserved_for_id = %(user)s AND (task.state IN ('open', 'returned', 'skipped')"
    " OR (task.state = 'leased' AND task.lease_until <= %(at)s)){narrowed}",
    order="task.state = 'returned' DESC, task.id",
    wait="SKIP LOCKED",
)
_NARROWED = " AND task.dataset_id = %(dataset)s"
_ENDED = _CHOICE.format(
    which="task.dataset_id = %({dataset})s AND task.state = 'leased'"
    " AND task.lease_until <= %(at)s"
    " AND (task.reserved_for_id IS NULL OR task.reserved_for_id = %(user)s)"
    " AND (task.check_of_id IS NULL OR task.check_of_id = %(user)s)"
    f" AND {_NOT_SKIPPED_BY_ME} AND {_NO_OTHER_SLOT_IS_MINE}",
    order="task.lease_until, task.id",
    wait="SKIP LOCKED",
)
_OPEN = _CHOICE.format(
    which="task.dataset_id = %({dataset})s AND task.state = 'open'"
    " AND task.reserved_for_id IS NULL{once}",
    order="task.slot, task.ease, task.id",
    wait="SKIP LOCKED",
)
_SKIPPED = _CHOICE.format(
    which="task.dataset_id = %({dataset})s AND task.state = 'skipped'"
    " AND task.reserved_for_id IS NULL AND task.check_of_id IS NULL"
    f" AND {_NOT_SKIPPED_BY_ME} AND {_NO_OTHER_SLOT_IS_MINE}",
    order="task.id",
    wait="SKIP LOCKED",
)


class NothingToDo(Exception):
    """There is no task left for this person."""


class UnknownDataset(Exception):
    """There is no such dataset, or this person does not work on it."""


def claim_next_task(*, by: User, at: datetime, dataset_id: int | None = None) -> AnnotationTask:
    """Give a person the task they hold, else the next one, under a lease.

    Returned and handed tasks come first, then the person's datasets in their order.
    Raises NothingToDo, and UnknownDataset for one that the person does not work on.
    """
    # Within a submit, its transaction is ours: one commit for both. So nothing may be raised
    # inside: it would undo the submit.
    with transaction.atomic(savepoint=False):
        datasets = _datasets_of(by, dataset_id)
        if dataset_id is not None:
            datasets = [dataset for dataset in datasets if dataset.pk == dataset_id]
        known = dataset_id is None or bool(datasets)
        task = _take(by, at, datasets, dataset_id) if known else None
    if not known:
        raise UnknownDataset(str(dataset_id))
    if task is None:
        raise NothingToDo
    return task


def _datasets_of(user: User, asked: int | None) -> list[Dataset]:
    """Return the datasets that a person works on, in the order that was set for them.

    Practice comes by itself to somebody without assigned work; others ask for it.
    """
    rows = fetch_all(_DATASETS, {"user": user.pk, "dataset": asked})
    # Without any dataset there is one empty row: the lock was taken all the same.
    return [instance(Dataset, row) for row in rows if row[0] is not None]


def _take(
    by: User, at: datetime, datasets: Sequence[Dataset], dataset_id: int | None
) -> AnnotationTask | None:
    values = {
        "user": by.pk,
        "token": uuid.uuid4(),
        "at": at,
        "until": at + LEASE,
        "dataset": dataset_id,
        **{f"dataset_{number}": dataset.pk for number, dataset in enumerate(datasets)},
    }
    for statement in _statements(datasets, narrowed=dataset_id is not None):
        if row := fetch_one(statement, values):
            return instance(AnnotationTask, row)
    return None


def _statements(datasets: Sequence[Dataset], *, narrowed: bool) -> Iterator[str]:
    """Yield the claim; for most people it is one statement. Checks are rows of their own, made
    when they are due, and so are steps between."""
    narrow = _NARROWED if narrowed else ""
    choices = [_HELD.format(narrowed=narrow), _RESERVED.format(narrowed=narrow)]
    for number, dataset in enumerate(datasets):
        name = f"dataset_{number}"
        if dataset.practice or dataset.truth_share:
            yield _TAKE.format(choices=", ".join([*choices, _ENDED.format(dataset=name)]))
            yield (PRACTISE_NOW if dataset.practice else CHECK_NOW).format(dataset=name)
            choices = []
        else:
            choices.append(_ENDED.format(dataset=name))
        if not dataset.practice:
            once = dataset.redundancy > 1 or dataset.truth_share
            which = f" AND {_NO_OTHER_SLOT_IS_MINE}" if once else ""
            choices.append(_OPEN.format(dataset=name, once=which))
    # What somebody else could not do waits until nothing untouched is left.
    choices += [
        _SKIPPED.format(dataset=f"dataset_{number}")
        for number, dataset in enumerate(datasets)
        if not dataset.practice
    ]
    if choices:
        # COALESCE of one thing is that thing.
        yield _TAKE.format(choices=", ".join(choices))
