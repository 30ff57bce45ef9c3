"""When operators are called, and the backup of every night."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from apps.operations.jobs import add_job
from apps.operations.models import Breaker, Job
from portal import tasks
from portal.backup_folder import MANIFEST
from portal.operators import look_for_trouble

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def operators(settings):
    settings.ADMINS = [("Operators", "operators@example.com")]


def test_nobody_is_called_while_jobs_flow():
    add_job(task="tests.nothing", subject=1, at=timezone.now() - timedelta(minutes=5))

    look_for_trouble()

    assert mail.outbox == []


def test_jobs_that_stand_still_are_told_once_an_hour():
    add_job(task="tests.nothing", subject=1, at=timezone.now() - timedelta(minutes=20))

    look_for_trouble()
    look_for_trouble()

    (told,) = mail.outbox
    assert told.to == ["operators@example.com"]
    assert "tests.nothing" in told.body


def test_a_model_server_that_stays_away_is_told():
    now = timezone.now()
    held = Breaker.objects.create(name="model_server", open_until=now, opened_at=now)

    look_for_trouble()
    soon = len(mail.outbox)
    held.opened_at = now - timedelta(minutes=3)
    held.save()
    look_for_trouble()
    look_for_trouble()

    assert soon == 0
    (told,) = mail.outbox
    assert "모델 서버" in told.subject


def test_a_job_that_gave_up_is_told_with_its_reason():
    Job.objects.create(
        task="tests.broken",
        subject="1",
        state=Job.State.PARKED,
        error="the disk is full",
        available_at=timezone.now(),
        created_at=timezone.now(),
        finished_at=timezone.now(),
    )

    look_for_trouble()

    assert "the disk is full" in mail.outbox[0].body


@pytest.fixture
def backups(settings, tmp_path, monkeypatch):
    """Let backups be folders with a manifest: what is in them is tested elsewhere."""
    settings.BACKUP_DIR = str(tmp_path / "backups")
    settings.BACKUPS_KEPT = 2
    made = []

    def make(folder, *, at):
        folder.mkdir()
        (folder / MANIFEST).write_text('{"format": 1}')
        made.append(folder.name)

    monkeypatch.setattr(tasks, "make_backup", make)
    return made


def test_the_newest_backups_are_kept(settings, backups, tmp_path):
    for night in ("2026-05-01", "2026-05-02", "2026-05-03"):
        tasks.back_up_by_night(night, lambda: None)
    (tmp_path / "backups" / "notes of an operator").mkdir()
    tasks.back_up_by_night("2026-05-04", lambda: None)

    held = sorted(path.name for path in (tmp_path / "backups").iterdir())
    assert held == ["2026-05-03", "2026-05-04", "notes of an operator"]


def test_a_night_is_backed_up_once(backups):
    tasks.back_up_by_night("2026-05-01", lambda: None)
    tasks.back_up_by_night("2026-05-01", lambda: None)

    assert backups == ["2026-05-01"]


def test_a_backup_that_failed_is_told():
    tasks.tell_of_failure("2026-05-01", "the disk is full")

    assert "2026-05-01" in mail.outbox[0].body
    assert "the disk is full" in mail.outbox[0].body
