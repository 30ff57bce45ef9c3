from celery import shared_task

from apps.operations.jobs import work_on
from apps.recognition.services import answer_later, fail_request


@shared_task
def recognize_photo(*, job: int, **_) -> None:
    work_on(job, do=answer_later, give_up=fail_request)
