from celery import shared_task

from apps.catalogue.imports.flow import check_in_background, fail_import, import_in_background
from apps.catalogue.open_photo_imports import give_up_import, import_in_turn
from apps.catalogue.renditions import give_up, make_due_renditions
from apps.operations.jobs import work_on


@shared_task
def check_import(*, job: int, **_) -> None:
    work_on(job, do=check_in_background, give_up=fail_import)


@shared_task
def run_import(*, job: int, **_) -> None:
    work_on(job, do=import_in_background, give_up=fail_import)


@shared_task
def make_renditions(*, job: int, **_) -> None:
    work_on(job, do=make_due_renditions, give_up=give_up)


@shared_task
def import_open_photo(*, job: int, **_) -> None:
    work_on(job, do=import_in_turn, give_up=give_up_import)
