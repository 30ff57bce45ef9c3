from celery import shared_task

from apps.operations.jobs import work_on_long
from apps.operations.stored_files import give_up_sweeping, sweep_by_night


# Millions of files take hours to look at; the job's lease tells that it is alive.
@shared_task(soft_time_limit=24 * 3600 - 60, time_limit=24 * 3600)
def sweep_files(*, job: int, **_) -> None:
    work_on_long(job, do=sweep_by_night, give_up=give_up_sweeping)
