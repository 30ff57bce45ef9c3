"""Claiming and submitting over HTTP, with many annotators and a long queue.

Beside the targets stand Label Studio's figures (1.23, PostgreSQL, a machine of this class,
10,000 tasks, 16 annotators): claim p95 1,143 ms, submit p95 1,196 ms, 12.6 images a second.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import numpy as np
import psutil
import psycopg

from bench.rows import Row
from portal.database_cluster import OWNER, SUPERUSER, DatabaseCluster
from tests.crowd import Annotator, Crowd, gather_crowd
from tests.running import ROOT, Portal, start_portal, stop_portal

DATA_DIR = ROOT / ".gilnun" / "bench-annotation"
ANNOTATORS = 16
LEASES = 500
VISITORS = 400
CALM_IMAGES = 300
CALM_RATE = 20.0  # images a second
SECONDS = 15.0
WARM_UP = 3.0


def run() -> list[Row]:
    return run_with(100_000)


def run_large() -> list[Row]:
    return run_with(1_000_000)


def run_with(tasks: int) -> list[Row]:
    """Measure a portal of four web processes with this many open tasks."""
    with tempfile.TemporaryDirectory() as folder:
        portal, process = start_portal(
            DATA_DIR, log_folder=Path(folder), GILNUN_WEB_PROCESSES="4", GILNUN_SEED="catalogue"
        )
        try:
            forget_earlier_runs()
            crowd = gather_crowd(
                portal, people=ANNOTATORS + 2 * VISITORS, tasks=tasks, leases=LEASES
            )
            settle()
            return asyncio.run(measure(portal, psutil.Process(process.pid), crowd, tasks))
        finally:
            stop_portal(process)


def forget_earlier_runs() -> None:
    with psycopg.connect(DatabaseCluster(DATA_DIR).dsn(OWNER)) as database:
        database.execute("TRUNCATE annotation_dataset CASCADE")


def settle() -> None:
    """Let the database finish with the rows of the crowd, as it has long done on a working day."""
    with psycopg.connect(DatabaseCluster(DATA_DIR).dsn(SUPERUSER), autocommit=True) as database:
        database.execute("VACUUM ANALYZE")
        database.execute("CHECKPOINT")


async def measure(portal: Portal, root: psutil.Process, crowd: Crowd, tasks: int) -> list[Row]:
    people = [Annotator(portal, session) for session in crowd.sessions]
    crowded, calm, annotators = (
        people[:VISITORS],
        people[VISITORS:-ANNOTATORS],
        people[-ANNOTATORS:],
    )
    claims = [await person.claim(crowd) for person in annotators]
    await work(annotators, claims, crowd, seconds=WARM_UP)

    before = processor_seconds(root)
    submits, seconds = await work(annotators, claims, crowd, seconds=SECONDS)
    after = processor_seconds(root)
    cost = {
        part: 1000 * (after[part] - before.get(part, 0)) / len(submits) for part in sorted(after)
    }
    claim_times = await at_once(crowded, crowd)
    calm_claims = await paced(calm[:CALM_IMAGES], lambda person: person.claim(crowd))
    calm_submits = await paced(
        list(itertools.islice(itertools.cycle(range(ANNOTATORS)), CALM_IMAGES)),
        lambda place: submit_next(annotators, claims, crowd, place),
    )
    rate = len(submits) / seconds
    total = sum(cost.values())
    note = f"{tasks:,} tasks, {LEASES} leases"
    return [
        row("claim p95, 16 annotators", claim_times, 150, f"{note}; Label Studio 1,143 ms"),
        row("submit and next p95, 16 annotators", submits, 150, f"{note}; Label Studio 1,196 ms"),
        row("claim p95, 20 a second", calm_claims, 40, note),
        row("submit and next p95, 20 a second", calm_submits, 40, note),
        Row(
            "finished images a second",
            rate,
            "",
            "≥ 126",
            rate >= 126,
            f"{note}; Label Studio 12.6",
        ),
        Row(
            "processor time of a finished image",
            total,
            "ms",
            "",
            None,
            ", ".join(f"{part} {value:.1f}" for part, value in cost.items()),
        ),
    ]


def row(name: str, seconds: list[float], target: float, note: str) -> Row:
    p95 = 1000 * float(np.quantile(seconds, 0.95))
    p50 = 1000 * float(np.median(seconds))
    return Row(name, p95, "ms", f"≤ {target:g}", p95 <= target, f"p50 {p50:.0f} ms; {note}")


async def work(
    annotators: list[Annotator], claims: list[dict], crowd: Crowd, *, seconds: float
) -> tuple[list[float], float]:
    """Let everybody submit without thinking; return how long each submit took, and all of it."""
    started = time.perf_counter()
    times: list[float] = []

    async def one(place: int) -> None:
        while time.perf_counter() < started + seconds:
            began = time.perf_counter()
            await submit_next(annotators, claims, crowd, place)
            times.append(time.perf_counter() - began)

    await asyncio.gather(*(one(place) for place in range(len(annotators))))
    return times, time.perf_counter() - started


async def submit_next(
    annotators: list[Annotator], claims: list[dict], crowd: Crowd, place: int
) -> None:
    async with annotators[place].turn:
        answer = await annotators[place].submit(crowd, claims[place])
        assert answer.status == 200, answer
        claims[place] = answer.body["next"]


async def at_once(people: list[Annotator], crowd: Crowd) -> list[float]:
    """Let 16 people claim at a time until everybody has a task; return how long each took."""
    waiting = iter(people)
    times: list[float] = []

    async def one() -> None:
        for person in waiting:
            began = time.perf_counter()
            await person.claim(crowd)
            times.append(time.perf_counter() - began)
            person.hang_up()

    await asyncio.gather(*(one() for _ in range(ANNOTATORS)))
    return times


async def paced(people: Iterable, act: Callable[..., Awaitable[object]]) -> list[float]:
    """Begin one act every 50 ms, whether or not the last has ended; return how long each took."""
    times: list[float] = []

    async def one(person) -> None:
        began = time.perf_counter()
        await act(person)
        times.append(time.perf_counter() - began)

    started = time.perf_counter()
    acts = []
    for number, person in enumerate(people):
        await asyncio.sleep(max(0.0, started + number / CALM_RATE - time.perf_counter()))
        acts.append(asyncio.create_task(one(person)))
    await asyncio.gather(*acts)
    return times


def processor_seconds(root: psutil.Process) -> dict[str, float]:
    """Return what each part of a portal has used so far, and this process."""
    used = {"client": time.process_time()}
    for process in root.children(recursive=True):
        times = process.cpu_times()
        part = part_of(" ".join(process.cmdline()))
        used[part] = used.get(part, 0.0) + times.user + times.system
    return used


def part_of(command: str) -> str:
    if "gunicorn" in command:
        return "web"
    if "ml.serving" in command:
        return "model server"
    return "database" if "postgres" in command and "manage.py" not in command else "other"
