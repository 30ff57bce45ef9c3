from celery import shared_task

from apps.annotation.services.visitors import add_visitor_photo as add_photo
from apps.annotation.services.visitors import give_up_photo
from apps.operations.jobs import work_on


@shared_task
def add_visitor_photo(*, job: int, **_) -> None:
    work_on(job, do=add_photo, give_up=give_up_photo)
