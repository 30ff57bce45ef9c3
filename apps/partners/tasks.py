from celery import shared_task

from apps.operations.jobs import work_on
from apps.partners.delivering import deliver as send
from apps.partners.delivering import give_up


@shared_task
def deliver(*, job: int, **_) -> None:
    work_on(job, do=send, give_up=give_up)
