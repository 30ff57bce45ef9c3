import errno
import sys
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.operations import jobs
from apps.operations.management.commands import work_off_jobs
from apps.operations.models import Job
from apps.operations.outages import StorageAway
from portal.celery import application

pytestmark = pytest.mark.django_db
TASK = "apps.recognition.tasks.recognize_photo"


@pytest.fixture
def wake_ups(monkeypatch) -> list[int]:
    """Job ids whose wake-up call was sent; the broker is not asked."""
    sent = []

    def wake(job) -> bool:
        sent.append(job.pk)
        return True

    monkeypatch.setattr(jobs, "wake_worker", wake)
    monkeypatch.setattr(jobs, "wake_worker_soon", wake)
    return sent


def give_up_never(subject: str, reason: str) -> None:
    pytest.fail(f"gave up {subject}: {reason}")


def fail(subject: str) -> None:
    raise ValueError("broken picture")


def test_add_job_wakes_a_worker_on_commit(wake_ups, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = jobs.add_job(task=TASK, subject=1, at=timezone.now())

    assert wake_ups == [job.pk]


def test_work_on_does_a_job_once(wake_ups):
    job = jobs.add_job(task=TASK, subject=7, at=timezone.now())
    done = []

    jobs.work_on(job.pk, do=done.append, give_up=give_up_never)
    jobs.work_on(job.pk, do=done.append, give_up=give_up_never)

    assert done == ["7"]
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert job.finished_at is not None


def test_work_on_leaves_a_job_that_someone_holds(wake_ups):
    job = jobs.add_job(task=TASK, subject=7, at=timezone.now(), held_for=timedelta(seconds=10))

    jobs.work_on(job.pk, do=fail, give_up=give_up_never)

    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.RUNNING, 1)


@pytest.mark.R4
def test_work_on_takes_over_a_job_whose_holder_died(wake_ups):
    long_ago = timezone.now() - timedelta(minutes=5)
    job = jobs.add_job(task=TASK, subject=7, at=long_ago, held_for=timedelta(seconds=10))
    done = []

    jobs.work_on(job.pk, do=done.append, give_up=give_up_never)

    assert done == ["7"]


@pytest.mark.R4
def test_the_effect_of_a_job_that_was_taken_over_is_not_written(wake_ups):
    long_ago = timezone.now() - timedelta(minutes=5)
    late = jobs.add_job(task=TASK, subject=7, at=long_ago, held_for=timedelta(seconds=10))
    jobs.work_on(late.pk, do=lambda subject: None, give_up=give_up_never)
    written = []

    jobs.run_held(late, do=lambda subject: lambda: written.append(subject), give_up=give_up_never)

    assert written == []


def test_finish_job_refuses_to_finish_a_job_that_someone_else_took_over(wake_ups):
    long_ago = timezone.now() - timedelta(minutes=5)
    late = jobs.add_job(task=TASK, subject=7, at=long_ago, held_for=timedelta(seconds=10))
    jobs.work_on(late.pk, do=lambda subject: None, give_up=give_up_never)

    with pytest.raises(jobs.JobNotHeld):
        jobs.finish_job(late, at=timezone.now())


def test_work_on_parks_a_job_after_three_failures_and_says_why(wake_ups, settings):
    job = jobs.add_job(task=TASK, subject=7, at=timezone.now())
    given_up = []

    for _ in range(5):
        Job.objects.filter(pk=job.pk).update(available_at=timezone.now())
        jobs.work_on(job.pk, do=fail, give_up=lambda *why: given_up.append(why))

    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.PARKED, settings.JOB_ATTEMPTS)
    assert given_up == [("7", "ValueError: broken picture")]


@pytest.mark.R9
@pytest.mark.parametrize("error", [StorageAway("no answer"), OSError(errno.EIO, "broken disk")])
def test_a_job_whose_files_the_storage_does_not_give_waits_and_uses_no_attempt_up(
    wake_ups, settings, error
):
    job = jobs.add_job(task=TASK, subject=7, at=timezone.now())

    def read(subject: str) -> None:
        raise error

    for _ in range(settings.JOB_ATTEMPTS + 1):
        Job.objects.update(available_at=timezone.now())
        jobs.work_on(job.pk, do=read, give_up=give_up_never)

    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.WAITING, 0)
    assert str(error) in job.error and job.available_at > timezone.now()


@pytest.mark.R10
def test_work_on_parks_a_job_that_kills_its_worker_each_time(wake_ups, settings):
    job = jobs.add_job(task=TASK, subject=7, at=timezone.now() - timedelta(hours=1))
    given_up = []
    for minutes in reversed(range(1, settings.JOB_ATTEMPTS + 1)):
        # A killed worker claims and never comes back; its lease of one minute runs out.
        assert jobs._claim(job.pk, at=timezone.now() - timedelta(minutes=10 * minutes))

    jobs.work_on(job.pk, do=fail, give_up=lambda *why: given_up.append(why))

    job.refresh_from_db()
    assert job.state == Job.State.PARKED
    assert len(given_up) == 1


def test_try_later_waits_without_counting_an_attempt(wake_ups):
    job = jobs.add_job(task=TASK, subject=7, at=timezone.now())

    def away(subject: str) -> None:
        raise jobs.TryLater("model server away", timedelta(seconds=30))

    for _ in range(10):
        Job.objects.filter(pk=job.pk).update(available_at=timezone.now())
        jobs.work_on(job.pk, do=away, give_up=give_up_never)

    job.refresh_from_db()
    assert (job.state, job.attempts, job.error) == (Job.State.WAITING, 0, "model server away")
    assert job.available_at > timezone.now() + timedelta(seconds=25)


@pytest.mark.R10
def test_retry_job_gives_a_parked_job_fresh_attempts(wake_ups, django_capture_on_commit_callbacks):
    job = jobs.add_job(task=TASK, subject=7, at=timezone.now())
    Job.objects.update(state=Job.State.PARKED, attempts=3, finished_at=timezone.now())

    with django_capture_on_commit_callbacks(execute=True):
        jobs.retry_job(job, at=timezone.now())

    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.WAITING, 0)
    assert wake_ups[-1] == job.pk


def test_who_only_looks_at_jobs_starts_none_again(client, wake_ups):
    job = jobs.add_job(task=TASK, subject=7, at=timezone.now())
    Job.objects.update(state=Job.State.PARKED, attempts=3, finished_at=timezone.now())
    retry = {"action": "retry", "_selected_action": [job.pk]}
    address = "/admin/operations/job/"

    client.force_login(create_user(name="eng", roles=[Role.ML_ENGINEER]).user)
    assert client.get(address).status_code == 200
    client.post(address, retry)
    job.refresh_from_db()
    assert job.state == Job.State.PARKED

    client.force_login(create_user(name="root", roles=[Role.ADMINISTRATOR]).user)
    client.post(address, retry)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.WAITING, 0)


def test_sweep_sends_the_wake_up_again_and_does_overdue_jobs_itself(wake_ups, monkeypatch):
    now = timezone.now()
    fresh = jobs.add_job(task=TASK, subject=1, at=now - timedelta(seconds=2))
    overdue = jobs.add_job(task=TASK, subject=2, at=now - timedelta(minutes=1))
    jobs.add_job(task=TASK, subject=3, at=now + timedelta(minutes=1))
    here = []
    monkeypatch.setattr(jobs, "run_here", lambda job: here.append(job.pk))

    found = jobs.sweep_jobs(at=now, overdue=timedelta(seconds=15))

    assert found == 2
    assert sorted(wake_ups) == [fresh.pk, overdue.pk]
    assert here == [overdue.pk]


def test_sweep_wakes_for_a_job_that_waits_ever_more_seldom(wake_ups, monkeypatch):
    monkeypatch.setattr(jobs, "run_here", lambda job: None)
    start = timezone.now()
    waiting = jobs.add_job(task=TASK, subject=1, at=start)
    looks = range(0, 3600, 5)

    woken = []
    for second in looks:
        jobs.sweep_jobs(at=start + timedelta(seconds=second), overdue=timedelta(seconds=15))
        if wake_ups:
            woken.append(second)
            wake_ups.clear()

    assert woken == [0, 15, 30, 60, 120, 240, 480, 960, 1560, 2160, 2760, 3360]
    waiting.refresh_from_db()
    assert waiting.attempts == 0


def test_sweep_wakes_at_once_when_the_lease_of_a_killed_worker_ends(wake_ups, settings):
    start = timezone.now()
    job = jobs.add_job(task=TASK, subject=1, at=start)
    jobs.sweep_jobs(at=start, overdue=timedelta(hours=1))
    with pytest.raises(SystemExit):
        jobs.work_on(job.pk, do=lambda subject: sys.exit(), give_up=give_up_never)
    wake_ups.clear()

    lease_ended = timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
    jobs.sweep_jobs(at=lease_ended, overdue=timedelta(hours=1))

    assert wake_ups == [job.pk]


@pytest.mark.R5
def test_sweep_finishes_every_job_with_the_broker_off(monkeypatch):
    asked = []
    monkeypatch.setattr(jobs, "wake_worker", lambda job: asked.append(job.pk))
    now = timezone.now()
    added = [jobs.add_job(task=TASK, subject=number, at=now) for number in range(5)]
    here = []
    monkeypatch.setattr(jobs, "run_here", lambda job: here.append(job.pk))

    jobs.sweep_jobs(at=now, overdue=timedelta(seconds=15))

    assert here == [job.pk for job in added]
    assert len(asked) == 1


@pytest.mark.parametrize("broker_takes", [True, False])
def test_sweep_does_what_may_take_hours_only_where_no_worker_can_be_woken_and_last(
    monkeypatch, broker_takes
):
    monkeypatch.setattr(jobs, "wake_worker", lambda job: broker_takes)
    now = timezone.now()
    old = now - timedelta(minutes=1)
    hours = jobs.add_job(task="apps.recognition.tasks.train", subject=1, at=old)
    short = jobs.add_job(task=TASK, subject=2, at=old)
    here = []
    monkeypatch.setattr(jobs, "run_here", lambda job: here.append(job.pk))

    jobs.sweep_jobs(at=now, overdue=timedelta(seconds=15))

    assert here == ([short.pk] if broker_takes else [short.pk, hours.pk])


def test_sweep_leaves_the_rest_to_the_next_look_when_it_takes_long(monkeypatch):
    monkeypatch.setattr(jobs, "AT_ONCE_SECONDS", 0.0)
    monkeypatch.setattr(jobs, "wake_worker", lambda job: False)
    now = timezone.now()
    first, *_others = [jobs.add_job(task=TASK, subject=number, at=now) for number in range(3)]
    here = []
    monkeypatch.setattr(jobs, "run_here", lambda job: here.append(job.pk))

    found = jobs.sweep_jobs(at=now, overdue=timedelta(seconds=15))

    assert (found, here) == (3, [first.pk])


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_work_on_gives_each_job_to_one_of_many_workers(wake_ups):
    added = [jobs.add_job(task=TASK, subject=number, at=timezone.now()) for number in range(20)]
    done = []

    def work() -> None:
        try:
            for job in added:
                jobs.work_on(job.pk, do=done.append, give_up=give_up_never)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done, key=int) == [str(number) for number in range(20)]


def test_a_routine_that_fails_does_not_keep_the_next_one_from_its_work(settings, monkeypatch):
    settings.ROUTINES = ["broken", "next"]
    done = []

    def broken() -> None:
        raise ValueError("one bad row")

    routines = {"broken": broken, "next": lambda: done.append("next")}
    monkeypatch.setattr(work_off_jobs, "import_string", routines.__getitem__)

    work_off_jobs.Command()._sweep()

    assert done == ["next"]


def test_long_work_is_not_stopped_at_the_limit_of_all_tasks():
    """Celery takes a limit of None for "as in the settings"."""
    application.loader.import_default_modules()
    limits = {
        name: (task.soft_time_limit, task.time_limit)
        for name, task in application.tasks.items()
        if not name.startswith("celery.")
    }

    assert limits[TASK] == (270, 300)
    assert limits["apps.annotation.tasks.suggest_boxes"][1] == 24 * 3600
    assert {name for name, (soft, hard) in limits.items() if not hard - 60 <= soft < hard} == set()
