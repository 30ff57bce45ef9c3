from celery import shared_task

from apps.operations.jobs import work_on, work_on_long
from apps.recognition import choosing, joining, matching, shadow, training_jobs, verifying
from apps.recognition.services import answer_later, fail_request

# Instead of the limit of all tasks; the job's lease tells that it is alive.
TRAINING_SECONDS = 30 * 24 * 3600


@shared_task
def recognize_photo(*, job: int, **_) -> None:
    work_on(job, do=answer_later, give_up=fail_request)


@shared_task
def ask_canary(*, job: int, **_) -> None:
    work_on(job, do=shadow.ask_canary, give_up=shadow.leave_unasked)


@shared_task
def verify_candidates(*, job: int, **_) -> None:
    work_on_long(job, do=verifying.verify_candidates, give_up=verifying.leave_unverified)


@shared_task
def match_photos(*, job: int, **_) -> None:
    work_on_long(job, do=matching.match_photos, give_up=matching.leave_unmatched)


@shared_task
def follow_catalogue(*, job: int, **_) -> None:
    work_on(job, do=joining.follow_for_a_moment, give_up=joining.wait_for_help)


@shared_task
def check_choice(*, job: int, **_) -> None:
    work_on(job, do=choosing.check_choice, give_up=choosing.give_up)


@shared_task(soft_time_limit=TRAINING_SECONDS - 60, time_limit=TRAINING_SECONDS)
def train(*, job: int, **_) -> None:
    work_on_long(job, do=training_jobs.work_on_run, give_up=training_jobs.leave_unfinished)
