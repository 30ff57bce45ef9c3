"""Many people at once, and web processes that die under them. The client's log is the judge."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from typing import NamedTuple

import psutil
import psycopg
import pytest

from tests.crowd import Annotator, Answer, Crowd, gather_crowd
from tests.running import Portal, wait_until

pytestmark = pytest.mark.slow
PATIENCE = 200  # times to send again
PAUSE = 0.05


class Acknowledged(NamedTuple):
    """What the portal said that it keeps."""

    person: int
    task: int
    annotation: int


class Log:
    """What the people saw: tasks they were given, answers they got."""

    def __init__(self) -> None:
        self.given: dict[int, set[int]] = {}
        self.acknowledged: list[Acknowledged] = []
        self.statuses: Counter[int] = Counter()
        self.unanswered = 0
        self.answer_seconds: list[float] = []


class Person:
    """An annotator who sends again what got no answer, as the editor does."""

    def __init__(self, number: int, portal: Portal, crowd: Crowd, log: Log):
        self.number = number
        self.browser = Annotator(portal, crowd.sessions[number])
        self.crowd = crowd
        self.log = log

    async def work(self, stop: asyncio.Event | None = None) -> None:
        """Finish tasks until none is left, or until told to stop."""
        try:
            await self._work(stop)
        finally:
            self.log.unanswered += self.browser.unanswered
            self.browser.hang_up()

    async def _work(self, stop: asyncio.Event | None) -> None:
        claim = await self._send("claim", {"dataset": self.crowd.dataset})
        while claim is not None and not (stop and stop.is_set()):
            task = claim["task"]
            self.log.given.setdefault(task["id"], set()).add(self.number)
            box = [task["id"] % 1000, self.number, 640, 480]
            body = {"token": task["token"], "bbox": box, "occluded": True}
            answer = await self._send(
                f"tasks/{task['id']}/submit", body | {"dataset": self.crowd.dataset}
            )
            done = Acknowledged(self.number, task["id"], answer["annotation"])
            self.log.acknowledged.append(done)
            claim = answer["next"]

    async def _send(self, path: str, body: dict) -> dict | None:
        for _ in range(PATIENCE):
            with suppress(ConnectionError):
                started = time.monotonic()
                answer = await self.browser.post(path, body)
                self.log.answer_seconds.append(time.monotonic() - started)
                self.log.statuses[answer.status] += 1
                if answer.status < 500:
                    assert answer.status in (200, 204), answer
                    return answer.body
            await asyncio.sleep(PAUSE)
        raise AssertionError(f"no answer from {path}")


def judge(log: Log, crowd: Crowd, database: psycopg.Connection) -> None:
    """Compare what the people were told with what is stored."""
    shared = {task: people for task, people in log.given.items() if len(people) > 1}
    assert not shared
    stored = database.execute(
        "SELECT annotation.task_id, annotation.id, annotation.x::int, annotation.y::int"
        " FROM annotation_annotation AS annotation"
        " JOIN annotation_annotationtask AS task ON task.id = annotation.task_id"
        " WHERE task.dataset_id = %s ORDER BY annotation.task_id",
        [crowd.dataset],
    ).fetchall()
    told = [
        (done.task, done.annotation, done.task % 1000, done.person) for done in log.acknowledged
    ]
    # Nothing lost, nothing twice, each box with the person who drew it.
    assert sorted(told) == stored
    assert len({task for task, *_ in stored}) == len(stored)
    submitted = database.execute(
        "SELECT id FROM annotation_annotationtask WHERE dataset_id = %s"
        " AND (state IN ('submitted', 'accepted') OR completed_at IS NOT NULL) ORDER BY id",
        [crowd.dataset],
    ).fetchall()
    assert [task for (task,) in submitted] == [task for task, *_ in stored]


@pytest.mark.R1
def test_64_annotators_never_share_a_task_and_lose_nothing(busy_portal, database, is_long, seen):
    tasks = 10_000 if is_long else 2_000
    crowd = gather_crowd(busy_portal, people=64, tasks=tasks)
    log = Log()

    async def day() -> None:
        people = [Person(number, busy_portal, crowd, log) for number in range(64)]
        await asyncio.gather(*(person.work() for person in people))

    asyncio.run(day())

    judge(log, crowd, database)
    p95 = sorted(log.answer_seconds)[len(log.answer_seconds) * 95 // 100]
    seen("R1", tasks=tasks, given_twice=0, lost=tasks - len(log.acknowledged), p95_s=round(p95, 3))
    assert len(log.acknowledged) == tasks
    assert set(log.statuses) <= {200, 204}
    assert p95 <= 1 or not is_long


@pytest.mark.R3
def test_web_processes_die_and_every_acknowledged_annotation_is_there_once(
    busy_portal, database, is_long, seen
):
    kills = 200 if is_long else 20
    crowd = gather_crowd(busy_portal, people=16, tasks=200_000 if is_long else 20_000)
    log = Log()
    chance = random.Random(4)

    async def kill_all_day(stop: asyncio.Event) -> None:
        try:
            for _ in range(kills):
                before = len(log.acknowledged)
                # Everybody is between two answers: whoever dies now dies in a submit.
                while len(log.acknowledged) < before + 40:
                    await asyncio.sleep(chance.uniform(0.001, 0.01))
                os.kill(chance.choice(web_workers(busy_portal)), signal.SIGKILL)
        finally:
            stop.set()

    async def day() -> None:
        stop = asyncio.Event()
        people = [Person(number, busy_portal, crowd, log) for number in range(16)]
        await asyncio.gather(kill_all_day(stop), *(person.work(stop) for person in people))

    asyncio.run(day())

    judge(log, crowd, database)
    seen("R3", kills=kills, acknowledged=len(log.acknowledged), lost=0, twice=0)
    assert log.unanswered > kills / 4, "the kills hit nobody"
    wait_until(lambda: web_workers(busy_portal), seconds=30, what="web processes")


def web_workers(portal: Portal) -> list[int]:
    """Return the web processes that answer, without the one that looks after them."""
    found = portal.processes("gunicorn")
    return [process for process in found if psutil.Process(process).ppid() in found]


@pytest.mark.R2
def test_a_lease_that_ends_passes_on_and_what_arrives_late_is_kept(busy_portal, database):
    crowd = gather_crowd(busy_portal, people=2, tasks=1)

    async def day() -> tuple[dict, dict, Answer, Answer]:
        slow, quick = (Annotator(busy_portal, session) for session in crowd.sessions)
        held = await slow.claim(crowd)
        database.execute(
            "UPDATE annotation_annotationtask SET lease_until = now() WHERE id = %s",
            [held["task"]["id"]],
        )
        taken = await quick.claim(crowd)
        late = await slow.submit(crowd, held)
        done = await quick.submit(crowd, taken)
        slow.hang_up()
        quick.hang_up()
        return held, taken, late, done

    held, taken, late, done = asyncio.run(day())

    assert taken["task"]["id"] == held["task"]["id"]
    assert (late.status, late.body["code"]) == (409, "lease_lost")
    assert done.status == 200
    drafts = database.execute(
        "SELECT content->'bbox' FROM annotation_draft WHERE task_id = %s", [held["task"]["id"]]
    ).fetchall()
    assert drafts == [([100, 80, 640, 480],)]
