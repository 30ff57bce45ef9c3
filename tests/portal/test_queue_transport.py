"""The way to the queue, where the database has none."""

import threading

import pytest
from celery import current_app
from django.utils import timezone

from apps.operations.jobs import wake_worker
from apps.operations.models import Job

pytestmark = pytest.mark.django_db


def pool_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("pool-")}


def test_a_wake_up_that_cannot_be_sent_leaves_nothing_open(caplog):
    assert current_app.connection_for_write().transport.driver_type == "pgmq"
    job = Job.objects.create(
        task="apps.api.tasks.make_full_files",
        available_at=timezone.now(),
        created_at=timezone.now(),
    )
    before = pool_threads()

    taken = [wake_worker(job) for _ in range(3)]

    # The log keeps each error and with it whatever was still open.
    assert [record.args[0] for record in caplog.records] == [job.pk] * 3
    assert taken == [False] * 3
    assert pool_threads() <= before
