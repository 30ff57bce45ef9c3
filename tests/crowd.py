"""Many annotators on one dataset of a running portal: made by SQL, working over HTTP.

The client is cheap: it shares the machine with what it measures. Run as a module beside a
portal it makes the people and tasks and prints how to act as them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from tests.running import ROOT, Portal

if TYPE_CHECKING:
    from django.db.models import Model

    from apps.annotation.models import Dataset

CSRF = "c" * 32
BOX = {"bbox": [100, 80, 640, 480], "truncated": True}


class Crowd(NamedTuple):
    """A dataset, and the sessions of people who work on it."""

    dataset: int
    sessions: list[str]


class Answer(NamedTuple):
    status: int
    body: dict | None


class Annotator:
    """One person's browser: one connection, one request at a time."""

    def __init__(self, portal: Portal, session: str):
        self._port = portal.port
        self._head = (
            f"Host: 127.0.0.1:{portal.port}\r\n"
            f"Cookie: sessionid={session}; csrftoken={CSRF}\r\nX-CSRFToken: {CSRF}\r\n"
            "Content-Type: application/json\r\nAccept-Language: ko\r\n"
        )
        self.unanswered = 0
        # For whoever lets people do things by the clock: nobody does two at a time.
        self.turn = asyncio.Lock()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, body: dict) -> Answer:
        """Send to an address of the workbench. Raises ConnectionError without an answer."""
        if self._writer is not None:
            try:
                return await self._send(path, body)
            except ConnectionError:
                # The server ends idle connections; like a browser, try once with a new one.
                pass
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return await self._send(path, body)

    async def _send(self, path: str, body: dict) -> Answer:
        content = json.dumps(body).encode()
        head = f"POST /annotate/api/{path} HTTP/1.1\r\n{self._head}Content-Length: {len(content)}"
        try:
            self._writer.write(head.encode() + b"\r\n\r\n" + content)
            return await self._answer()
        except (OSError, asyncio.IncompleteReadError) as error:
            self.unanswered += 1
            self.hang_up()
            raise ConnectionError("no answer") from error

    async def _answer(self) -> Answer:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0] or 0)
        content = await self._reader.readexactly(length)
        if "connection: close" in head:
            self.hang_up()
        return Answer(int(head[9:12]), json.loads(content) if content else None)

    def hang_up(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None

    async def claim(self, crowd: Crowd) -> dict | None:
        answer = await self.post("claim", {"dataset": crowd.dataset})
        assert answer.status in (HTTPStatus.OK, HTTPStatus.NO_CONTENT), answer
        return answer.body

    async def submit(self, crowd: Crowd, claim: dict, **values) -> Answer:
        """Submit the task of a claim; the answer holds the next."""
        task = claim["task"]
        body = {"dataset": crowd.dataset, "token": task["token"], **BOX, **values}
        return await self.post(f"tasks/{task['id']}/submit", body)


def gather_crowd(portal: Portal, *, people: int, tasks: int, leases: int = 0) -> Crowd:
    """Make a new dataset of this many tasks beside a running portal, and people who work on it."""
    counts = ("--people", str(people), "--tasks", str(tasks), "--leases", str(leases))
    result = subprocess.run(
        [sys.executable, "-m", "tests.crowd", *counts],
        cwd=ROOT,
        env=portal.environment | {"DJANGO_SETTINGS_MODULE": "portal.settings"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Crowd(**json.loads(result.stdout))


_LEASES = """
    UPDATE annotation_annotationtask AS task SET state = 'leased', holder_id = held.holder,
        token = gen_random_uuid(), leased_at = now(), lease_until = now() + interval '1 hour'
    FROM (
        SELECT chosen.id, people.id AS holder FROM (
            SELECT id, row_number() OVER (ORDER BY id) AS number FROM annotation_annotationtask
            WHERE dataset_id = %(dataset)s ORDER BY id LIMIT %(leases)s
        ) AS chosen JOIN (
            SELECT id, row_number() OVER (ORDER BY id) AS number FROM accounts_user
            WHERE id = ANY(%(people)s)
        ) AS people USING (number)
    ) AS held WHERE task.id = held.id
"""


def fill(dataset: Dataset, tasks: int) -> None:
    """Give a dataset open tasks, each with an image of its own; all are copies of the first."""
    from django.db import connection

    from apps.annotation.models import AnnotationImage, AnnotationTask
    from apps.catalogue.models import Landmark, License

    image = AnnotationImage.objects.create(
        dataset=dataset,
        name="picture-0.jpg",
        width=3000,
        height=2000,
        license=License.objects.get(code="OWN"),
        landmark=Landmark.objects.order_by("pk").first(),
        created_at=dataset.created_at,
    )
    task = AnnotationTask.objects.create(dataset=dataset, image=image)
    copy_image = copy(AnnotationImage, name="'picture-' || number || '.jpg'")
    copy_task = copy(AnnotationTask, image_id="image.id")
    values = {"dataset": dataset.pk, "first": image.pk, "task": task.pk, "copies": tasks - 1}
    with connection.cursor() as cursor:
        cursor.execute(
            f"{copy_image}, generate_series(1, %(copies)s) AS number WHERE row.id = %(first)s",
            values,
        )
        cursor.execute(
            f"{copy_task}, annotation_annotationimage AS image WHERE row.id = %(task)s"
            " AND image.dataset_id = %(dataset)s AND image.id <> %(first)s ORDER BY image.id",
            values,
        )


def copy(model: type[Model], **changed: str) -> str:
    """Return the beginning of a statement that copies a row, with other values in some columns."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    names = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(changed.get(field.column, f'row."{field.column}"') for field in fields)
    table = model._meta.db_table
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} AS row"


def make(*, people: int, tasks: int, leases: int) -> Crowd:
    """Make the rows. The first `leases` tasks are held by people who are not in the crowd."""
    from django.db import connection, transaction
    from django.test import Client
    from django.utils import timezone

    from apps.accounts.models import User
    from apps.accounts.permissions import Role, ensure_roles
    from apps.annotation.models import Assignment, Dataset

    at = timezone.now()
    with transaction.atomic():
        dataset = Dataset.objects.create(
            name=f"crowd {at:%Y-%m-%d %H:%M:%S.%f}", year=2026, source="test", created_at=at
        )
        users = User.objects.bulk_create(
            User(username=f"crowd-{dataset.pk}-{place}", password="!")
            for place in range(people + leases)
        )
        group = ensure_roles()[Role.ANNOTATOR]
        group.user_set.add(*users)
        Assignment.objects.bulk_create(
            Assignment(dataset=dataset, annotator=user) for user in users
        )
        values = {
            "dataset": dataset.pk,
            "leases": leases,
            "people": [user.pk for user in users[people:]],
        }
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            fill(dataset, tasks)
            cursor.execute(_LEASES, values)
    sessions = []
    for user in users[:people]:
        client = Client()
        client.force_login(user)
        sessions.append(client.cookies["sessionid"].value)
    return Crowd(dataset.pk, sessions)


if __name__ == "__main__":
    import django

    django.setup()
    parser = argparse.ArgumentParser()
    for name in ("people", "tasks", "leases"):
        parser.add_argument(f"--{name}", type=int, required=True)
    print(json.dumps(make(**vars(parser.parse_args()))._asdict()))
