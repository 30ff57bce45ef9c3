from celery import shared_task

from apps.annotation.services.exports import build_export as build
from apps.annotation.services.exports import fail_export
from apps.annotation.services.import_jobs import fail_import, import_in_background
from apps.annotation.services.suggesting import leave_without, suggest_in_background
from apps.annotation.services.visitors import add_visitor_photo as add_photo
from apps.annotation.services.visitors import give_up_photo
from apps.operations.jobs import work_on, work_on_long


@shared_task
def add_visitor_photo(*, job: int, **_) -> None:
    work_on(job, do=add_photo, give_up=give_up_photo)


@shared_task
def import_pictures(*, job: int, **_) -> None:
    work_on(job, do=import_in_background, give_up=fail_import)


# Pictures of a large dataset take hours to pack; the job's lease tells that it is alive.
@shared_task(soft_time_limit=24 * 3600 - 60, time_limit=24 * 3600)
def build_export(*, job: int, **_) -> None:
    work_on_long(job, do=build, give_up=fail_export)


@shared_task(soft_time_limit=24 * 3600 - 60, time_limit=24 * 3600)
def suggest_boxes(*, job: int, **_) -> None:
    work_on_long(job, do=suggest_in_background, give_up=leave_without)
