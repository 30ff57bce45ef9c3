"""What is done once a night, and not again after a restart."""

import os
from datetime import datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from apps.operations import nightly, stored_files
from apps.operations.models import Job
from tests.factories.catalogue import PhotoFactory

pytestmark = pytest.mark.django_db
TASK = "apps.operations.tasks.sweep_files"


@pytest.fixture(autouse=True)
def restart(monkeypatch):
    """Let the sweeper forget what it knew, as after a restart; call it to do so again."""

    def forget() -> None:
        monkeypatch.setattr(nightly, "_begun", set())

    forget()
    return forget


def clock(day: int, hour: int) -> datetime:
    return timezone.make_aware(datetime(2026, 5, day, hour, 30))


def nights() -> list[str]:
    return list(Job.objects.filter(task=TASK).order_by("pk").values_list("subject", flat=True))


def test_each_night_is_begun_once_also_after_restarts_and_late(restart):
    nightly.begin_nightly(clock(1, 2))
    assert nights() == []

    nightly.begin_nightly(clock(1, 3))
    nightly.begin_nightly(clock(1, 4))
    Job.objects.update(state=Job.State.DONE, finished_at=timezone.now())
    restart()
    nightly.begin_nightly(clock(1, 23))
    assert nights() == ["2026-05-01"]

    nightly.begin_nightly(clock(2, 15))
    assert nights() == ["2026-05-01", "2026-05-02"]


def test_one_look_in_a_night_asks_the_database_no_more(django_assert_num_queries):
    nightly.begin_nightly(clock(1, 3))

    with django_assert_num_queries(0):
        nightly.begin_nightly(clock(1, 4))


def test_the_nights_job_removes_lost_files_and_logs_missing_ones(monkeypatch):
    said = []
    tell = lambda text, *values: said.append(text % values)  # noqa: E731
    monkeypatch.setattr(stored_files.logger, "error", tell)
    lost, young = (
        default_storage.save(f"photos/aa/{name}.jpg", ContentFile(b"x"))
        for name in ("lost", "young")
    )
    before = (timezone.now() - timedelta(days=2)).timestamp()
    os.utime(default_storage.path(lost), (before, before))
    gone = PhotoFactory(file="photos/aa/gone.jpg")
    yesterday = timezone.localtime() - timedelta(days=1)
    nightly.begin_nightly(yesterday.replace(hour=12))

    call_command("work_off_jobs")

    assert Job.objects.get(task=TASK).state == Job.State.DONE
    assert not default_storage.exists(lost) and default_storage.exists(young)
    assert str(gone.pk) in said[0]
