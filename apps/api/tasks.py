from celery import shared_task

from apps.api.full_files import give_up
from apps.api.full_files import make_full_files as make
from apps.operations.jobs import work_on_long


@shared_task(soft_time_limit=3600 - 60, time_limit=3600)
def make_full_files(*, job: int, **_) -> None:
    work_on_long(job, do=make, give_up=give_up)
