"""What clients were told against what is stored, and which answers may have failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import psycopg

from bench.soak.clients import Log, Silence
from bench.soak.parts import MOST_HELD, WEB, WEB_PARENT, Growth, Kill, Sample

# A process that looks after others leaves its port free a moment later.
RECOVERY = 20.0


class Verdict(NamedTuple):
    """One sentence that is true or not, with its figures."""

    sentence: str
    holds: bool
    figures: str


def judge(
    log: Log, kills: Sequence[Kill], dataset: int, database: psycopg.Connection
) -> list[Verdict]:
    """Compare the log of acknowledged answers with the rows, kind by kind."""
    return [
        _annotations(log, dataset, database),
        _skips(log, dataset, database),
        _photos(log, database),
        _edits(log, database),
        _bulk_changes(log, database),
        _published(log, database),
        _only_503(log),
        _silence(log, kills),
    ]


def _annotations(log: Log, dataset: int, database: psycopg.Connection) -> Verdict:
    stored = database.execute(
        "SELECT annotation.task_id, annotation.id, annotation.x::int, annotation.y::int"
        " FROM annotation_annotation AS annotation"
        " JOIN annotation_annotationtask AS task ON task.id = annotation.task_id"
        " WHERE task.dataset_id = %s ORDER BY 1, 2",
        [dataset],
    ).fetchall()
    return told_and_stored("annotations, each with its box and person", log.annotations, stored)


def _skips(log: Log, dataset: int, database: psycopg.Connection) -> Verdict:
    stored = database.execute(
        "SELECT skip.task_id, skip.reason FROM annotation_skip AS skip"
        " JOIN annotation_annotationtask AS task ON task.id = skip.task_id"
        " WHERE task.dataset_id = %s",
        [dataset],
    ).fetchall()
    return told_and_stored("images passed on", list(log.skips), stored)


def _photos(log: Log, database: psycopg.Connection) -> Verdict:
    """Partners' photos have a key each, so none is there twice; all are answered."""
    receipts = list(log.photos)
    done = database.execute(
        "SELECT count(*), count(DISTINCT receipt) FROM recognition_recognitionrequest"
        " WHERE receipt = ANY(%s::uuid[]) AND state = 'done'",
        [receipts],
    ).fetchone()
    (by_partner,) = database.execute(
        "SELECT count(*) FROM recognition_recognitionrequest WHERE requester <> ''"
        " AND requester = ANY(SELECT requester FROM recognition_recognitionrequest"
        " WHERE receipt = ANY(%s::uuid[]))",
        [receipts],
    ).fetchone()
    of_partners = sum(who == "partner" for who in log.photos.values())
    return Verdict(
        "photos accepted are answered, those of partners once each",
        done == (len(receipts), len(receipts)) and by_partner == of_partners,
        f"{len(receipts)} accepted, {done[0]} answered; "
        f"of partners {of_partners} accepted, {by_partner} stored",
    )


def _edits(log: Log, database: psycopg.Connection) -> Verdict:
    stored = database.execute(
        "SELECT subject::bigint, after->>'address' FROM operations_auditentry"
        " WHERE subject_type = 'catalogue.landmark' AND subject = ANY(%s)"
        " AND before->>'address' IS DISTINCT FROM after->>'address'",
        [[str(key) for key, _ in log.edits]],
    ).fetchall()
    verdict = told_and_stored("changes of entries in the log of changes", log.edits, stored)
    last = dict(log.edits)
    now = dict(
        database.execute(
            "SELECT id, address FROM catalogue_landmark WHERE id = ANY(%s)", [list(last)]
        ).fetchall()
    )
    return verdict._replace(holds=verdict.holds and last == now)


def _bulk_changes(log: Log, database: psycopg.Connection) -> Verdict:
    told = [(key, source) for keys, source in log.bulk_changes for key in keys]
    stored = database.execute(
        "SELECT subject::bigint, after->>'source' FROM operations_auditentry"
        " WHERE subject_type = 'catalogue.landmark' AND after->>'source' = ANY(%s)"
        " AND before->>'source' IS DISTINCT FROM after->>'source'",
        [list({source for _, source in told})],
    ).fetchall()
    return told_and_stored("entries changed many at once", told, stored)


def _published(log: Log, database: psycopg.Connection) -> Verdict:
    last = dict(log.published)
    now = dict(
        database.execute(
            "SELECT id, body FROM guide_article WHERE id = ANY(%s) AND state = 'published'",
            [list(last)],
        ).fetchall()
    )
    (steps,) = database.execute(
        "SELECT count(*) FROM operations_auditentry WHERE subject_type = 'guide.article'"
        " AND subject = ANY(%s) AND after->>'state' = 'published'"
        " AND before->>'state' IS DISTINCT FROM 'published'",
        [[str(key) for key in last]],
    ).fetchone()
    return Verdict(
        "texts published once each and shown",
        last == now and steps == len(log.published),
        f"{len(log.published)} told, {steps} stored",
    )


def _only_503(log: Log) -> Verdict:
    refused = sum(answer.status == 503 for answer in log.answers)
    return Verdict(
        "no 5xx but 503 with Retry-After, and nobody gave up",
        not log.faults,
        f"{refused} of {len(log.answers):,} answers were 503; {len(log.faults)} faults",
    )


def _silence(log: Log, kills: Sequence[Kill]) -> Verdict:
    """Requests end without an answer only where the process that held them was killed."""
    left = unexplained(log.silences, kills)
    log.faults += [f"no answer without a kill: {silence}" for silence in left[:10]]
    return Verdict(
        "requests without an answer were in a killed web process",
        not left,
        f"{len(log.silences)} without an answer, {len(left)} of them unexplained",
    )


def unexplained(silences: Sequence[Silence], kills: Sequence[Kill]) -> list[Silence]:
    """Return requests without an answer that no kill of a web process explains."""
    of_web = [kill.at for kill in kills if kill.part in (WEB, WEB_PARENT)]
    return [
        silence
        for silence in silences
        if not any(silence.began - RECOVERY <= at <= silence.ended for at in of_web)
    ]


def followed(copy: dict[int, str], fresh: dict[int, str]) -> Verdict:
    """A partner who followed the feed of changes knows what a new reader of it knows."""
    missed = {key for key in fresh if copy.get(key) != fresh[key]}
    return Verdict(
        "a follower of the changes missed none",
        bool(fresh) and not missed,
        f"{len(fresh)} landmarks in the feed, {len(missed)} missed",
    )


def kept_small(growths: Sequence[Growth], samples: Sequence[Sample]) -> list[Verdict]:
    """Memory: no kind of process grows, none ever holds too much."""
    grown = [growth.part for growth in growths if growth.grown]
    untold = [growth.part for growth in growths if not growth.grown and not growth.flat]
    figures = f"grown: {', '.join(grown) or 'none'}"
    if untold:
        figures += f"; too short to tell of: {', '.join(untold)}"
    largest = max(samples, key=lambda sample: sample.megabytes)
    return [
        Verdict("memory is flat", bool(growths) and not grown, figures),
        Verdict(
            f"no process ever holds more than {MOST_HELD:.0f} MB",
            largest.megabytes <= MOST_HELD,
            f"at most {largest.megabytes:.0f} MB: {largest.part}",
        ),
    ]


def told_and_stored(what: str, told: Sequence, stored: Sequence) -> Verdict:
    """Compare rows that were acknowledged with rows that are there."""
    lost = set(told) - set(stored)
    double = len(stored) - len(set(stored))
    untold = set(stored) - set(told)
    return Verdict(
        f"{what}: none lost, none twice",
        not lost and not double and not untold and len(set(told)) == len(told),
        f"{len(told)} told, {len(stored)} stored, {len(lost)} lost, {double} twice, "
        f"{len(untold)} never told",
    )
