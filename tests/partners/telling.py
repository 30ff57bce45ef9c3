"""What happens to webhooks in tests: they are made, something is told, and it is worked off."""

from __future__ import annotations

from django.test import Client
from django.utils import timezone

from apps.operations.events import record_event
from apps.operations.jobs import run_here
from apps.operations.models import Job
from apps.partners.announcing import pass_on
from apps.partners.models import EventKind
from tests.factories.annotation import DatasetFactory
from tests.partners.conftest import program
from tests.partners.receiving import Receiver

ADDRESS = "/api/v1/webhooks/"
KINDS = EventKind.values


def post(client: Client, body: object, address: str = ADDRESS):
    return client.post(address, body, content_type="application/json")


def made(key, server: Receiver, kinds=KINDS) -> dict:
    reply = post(program(key), {"url": server.url, "kinds": list(kinds)})
    assert reply.status_code == 201, reply.content
    return reply.json()


def happen(kind: str = "annotation.submitted", **payload) -> None:
    record_event(kind=kind, subject=DatasetFactory(), payload=payload, at=timezone.now())


def work() -> None:
    """Do what sweeper and worker do in a moment."""
    pass_on()
    for job in list(Job.objects.due(timezone.now()).filter(task__startswith="apps.partners")):
        run_here(job)
