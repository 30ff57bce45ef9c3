from celery import shared_task

from apps.annotation.services.import_jobs import fail_import, import_in_background
from apps.annotation.services.visitors import add_visitor_photo as add_photo
from apps.annotation.services.visitors import give_up_photo
from apps.operations.jobs import work_on


@shared_task
def add_visitor_photo(*, job: int, **_) -> None:
    work_on(job, do=add_photo, give_up=give_up_photo)


@shared_task
def import_pictures(*, job: int, **_) -> None:
    work_on(job, do=import_in_background, give_up=fail_import)
