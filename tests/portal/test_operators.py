"""When operators are called, and the backup of every night."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.core.files.base import ContentFile
from django.utils import timezone

from apps.catalogue.models import License, Photo
from apps.catalogue.photos import attach_photo
from apps.catalogue.pictures import prepare, upload_bounds
from apps.operations.jobs import add_job
from apps.operations.models import Breaker, Job
from portal import tasks
from portal.backup_folder import MANIFEST
from portal.operators import look_for_trouble
from tests.factories.catalogue import LandmarkFactory
from tests.pictures import encoded, picture

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


def stored_photo(colour: str) -> Photo:
    content = encoded(picture(colour=colour))
    prepared = prepare(ContentFile(content), name="a.jpg", bounds=upload_bounds())
    return attach_photo(
        landmark=LandmarkFactory(),
        content=prepared.content,
        sha256=prepared.sha256,
        license=License.objects.get(code="OWN"),
        source="test",
        at=timezone.now(),
    )[0]


@pytest.mark.slow
def test_a_picture_that_is_gone_is_found_by_night_and_told(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.INTEGRITY_PERCENT = 100
    whole, gone = stored_photo("teal"), stored_photo("red")
    job = add_job(task="portal.tasks.check_pictures", subject="2026-11-23", at=timezone.now())

    tasks.check_by_night("2026-11-22", lambda: None)
    nothing = list(mail.outbox)
    gone.file.storage.delete(gone.file.name)
    tasks.check_pictures(job=job.pk)

    assert nothing == []
    (told,) = mail.outbox
    assert gone.file.name in told.body and whole.file.name not in told.body
    job.refresh_from_db()
    assert job.state == Job.State.DONE


def test_the_pictures_are_checked_every_night():
    assert "portal.tasks.check_pictures" in settings.NIGHTLY
