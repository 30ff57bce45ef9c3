"""Mixed load on one running portal while one of its processes dies every minute.

`python -m bench.soak --minutes 10 --seed 1` writes docs/soak.md and its picture and ends with 1
where a promise was broken. What clients were told is the judge of what is stored.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import psutil
import psycopg

from bench.soak.clients import Client, GaveUp, Log
from bench.soak.judging import Verdict, followed, judge, kept_small
from bench.soak.making import Stage, set_stage
from bench.soak.parts import Killer, Memory
from bench.soak.people import Annotator, Editor, Partner, Tourist
from bench.soak.report import Soak, write_report
from portal.database_cluster import OWNER, DatabaseCluster
from tests.crowd import Crowd, gather_crowd
from tests.running import ROOT, DidNotHappen, Portal, start_portal, stop_portal, wait_until

DATA_DIR = ROOT / ".gilnun" / "soak"
ANNOTATORS, TOURISTS, PARTNERS, EDITORS = 8, 4, 2, 2
PLACES = 12
TASKS = 50_000


class People(NamedTuple):
    everybody: list[Client]
    partners: list[Partner]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kill-every", type=float, default=60, metavar="SECONDS")
    parser.add_argument("--report", type=Path, default=ROOT / "docs" / "soak.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        portal, process = start_portal(DATA_DIR, log_folder=Path(folder))
        try:
            soak = run(portal, psutil.Process(process.pid), options)
        except BaseException:
            print(portal.log.read_text()[-4000:], file=sys.stderr)
            raise
        finally:
            stop_portal(process)
    write_report(soak, options.report)
    for verdict in soak.verdicts:
        print("holds " if verdict.holds else "BROKEN", verdict.sentence, "–", verdict.figures)
    for fault in soak.log.faults[:20]:
        print("  ", fault)
    return 0 if all(verdict.holds for verdict in soak.verdicts) else 1


def run(portal: Portal, root: psutil.Process, options: argparse.Namespace) -> Soak:
    """Let everybody work, kill, let them finish, judge."""
    crowd = gather_crowd(portal, people=ANNOTATORS, tasks=TASKS)
    stage = set_stage(portal, editors=EDITORS, places=PLACES)
    log, stop = Log(), threading.Event()
    people = _people(portal, log, crowd, stage, options.seed)
    killer = Killer(root, random.Random(options.seed))
    threads = [threading.Thread(target=each.work, args=(stop,)) for each in people.everybody]
    began, at = time.monotonic(), datetime.now(UTC)
    with Memory(root) as memory:
        for thread in threads:
            thread.start()
        while time.monotonic() + options.kill_every < began + 60 * options.minutes:
            time.sleep(options.kill_every)
            killer.kill_one()
        time.sleep(max(0.0, began + 60 * options.minutes - time.monotonic()))
        stop.set()
        for thread in threads:
            thread.join()
        ended = time.monotonic()
    verdicts = _verdicts(portal, log, killer, crowd, people, stage, at)
    growths = memory.growths()
    verdicts += kept_small(growths, memory.samples)
    return Soak(options, began, ended, log, killer.kills, memory.samples, growths, verdicts)


def _people(portal: Portal, log: Log, crowd: Crowd, stage: Stage, seed: int) -> People:
    def chance(kind: str, number: int) -> random.Random:
        return random.Random(f"{seed} {kind} {number}")

    slugs = [place.slug for desk in stage.desks for place in desk.places]
    annotators = [
        Annotator(
            portal,
            log,
            chance("annotator", number),
            session=session,
            dataset=crowd.dataset,
            place=number,
        )
        for number, session in enumerate(crowd.sessions)
    ]
    tourists = [
        Tourist(portal, log, chance("tourist", number), slugs=slugs) for number in range(TOURISTS)
    ]
    partners = [
        Partner(portal, log, chance("partner", number), key=stage.key, name=f"photo-{number}")
        for number in range(PARTNERS)
    ]
    editors = [
        Editor(
            portal,
            log,
            chance("editor", number),
            name=desk.name,
            session=desk.session,
            places=desk.places,
        )
        for number, desk in enumerate(stage.desks)
    ]
    return People([*annotators, *tourists, *partners, *editors], partners)


def _verdicts(
    portal: Portal, log: Log, killer: Killer, crowd: Crowd, people: People, stage: Stage, at
) -> list[Verdict]:
    dsn = DatabaseCluster(portal.data_dir).dsn(OWNER)
    with psycopg.connect(dsn, autocommit=True) as database:
        with suppress(DidNotHappen):
            wait_until(lambda: _jobs(database, at).left == 0, seconds=120, what="the last jobs")
        jobs = _jobs(database, at)
        verdicts = judge(log, killer.kills, crowd.dataset, database)
    figures = f"{jobs.done} done, {jobs.parked} gave up, {jobs.left} left"
    verdicts.append(Verdict("every job was done", not jobs.parked + jobs.left, figures))
    fresh = Partner(portal, log, random.Random(0), key=stage.key, name="fresh")
    readers = [*people.partners, fresh]

    def all_know_the_same() -> bool:
        with suppress(GaveUp):  # the log knows
            for reader in readers:
                reader.follow()
            return all(reader.copy == fresh.copy for reader in readers)
        return False

    # Changes enter the feed a moment later.
    with suppress(DidNotHappen):
        wait_until(all_know_the_same, seconds=30, what="the feed to settle")
    verdicts += [followed(partner.copy, fresh.copy) for partner in people.partners]
    for client in (*people.everybody, fresh):
        client.http.close()
    return verdicts


class Jobs(NamedTuple):
    done: int
    parked: int
    left: int


def _jobs(database: psycopg.Connection, at: datetime) -> Jobs:
    """Count the jobs since a time; those of a later hour are not due yet."""
    row = database.execute(
        "SELECT count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state = 'parked'),"
        " count(*) FILTER (WHERE state IN ('waiting', 'running') AND available_at <= now())"
        " FROM operations_job WHERE created_at >= %s",
        [at],
    ).fetchone()
    return Jobs(*row)


if __name__ == "__main__":
    sys.exit(main())
