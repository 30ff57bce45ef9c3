import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from apps.annotation.models import AnnotationTask, Draft, Skip
from apps.annotation.services.claiming import (
    LEASE,
    NothingToDo,
    UnknownDataset,
    claim_next_task,
)
from apps.annotation.services.handing import hand_task, take_back_task
from apps.annotation.services.holding import (
    LeaseLost,
    UnknownTask,
    renew_lease,
    save_draft,
    skip_task,
)
from apps.annotation.services.submitting import submit_annotation
from apps.annotation.workflow import MoveNotAllowed
from tests.crowd import fill
from tests.factories.annotation import (
    AssignmentFactory,
    DatasetFactory,
    ImageFactory,
    TaskFactory,
    UserFactory,
)
from tests.factories.catalogue import LicenseFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOON + LEASE + timedelta(seconds=1)
GOOD = {"bbox": [10, 20, 300, 400], "none_of_these": True}


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def mina(dataset):
    return AssignmentFactory(dataset=dataset, annotator__username="mina").annotator


@pytest.fixture
def jun(dataset):
    return AssignmentFactory(dataset=dataset, annotator__username="jun").annotator


def claim(person, at=NOON, **options):
    return claim_next_task(by=person, at=at, **options)


def test_claim_next_task_gives_each_person_another_task(dataset, mina, jun):
    first, second = TaskFactory.create_batch(2, dataset=dataset)

    assert [claim(mina).pk, claim(jun).pk] == [first.pk, second.pk]
    with pytest.raises(NothingToDo):
        claim(AssignmentFactory(dataset=dataset).annotator)


def test_claim_next_task_gives_the_holder_the_same_task_and_a_longer_lease(dataset, mina):
    TaskFactory.create_batch(2, dataset=dataset)
    first = claim(mina)

    again = claim(mina, at=NOON + timedelta(minutes=10))

    assert (again.pk, again.token) == (first.pk, first.token)
    assert again.lease_until == NOON + timedelta(minutes=10) + LEASE


@pytest.mark.R2
def test_claim_next_task_takes_over_a_lease_that_ended(dataset, mina, jun):
    TaskFactory(dataset=dataset)
    held = claim(mina)

    with pytest.raises(NothingToDo):
        claim(jun, at=NOON + LEASE - timedelta(seconds=1))
    taken = claim(jun, at=LATER)

    assert taken.pk == held.pk
    assert taken.token != held.token
    assert taken.holder == jun


def test_claim_next_task_keeps_to_the_datasets_of_a_person(dataset, mina):
    TaskFactory()

    with pytest.raises(NothingToDo):
        claim(mina)


def test_claim_next_task_follows_the_order_of_the_assignments(mina):
    late = AssignmentFactory(annotator=mina, position=9).dataset
    early = AssignmentFactory(annotator=mina, position=2).dataset
    TaskFactory(dataset=late)
    first = TaskFactory(dataset=early)

    assert claim(mina).pk == first.pk


def test_claim_next_task_takes_from_the_named_dataset_only(dataset, mina):
    TaskFactory(dataset=dataset)
    other = AssignmentFactory(annotator=mina).dataset
    wanted = TaskFactory(dataset=other)

    assert claim(mina, dataset_id=other.pk).pk == wanted.pk
    with pytest.raises(UnknownDataset):
        claim(mina, dataset_id=DatasetFactory().pk)


def test_claim_next_task_gives_an_open_dataset_to_everybody():
    task = TaskFactory(dataset=DatasetFactory(open_to_all=True))

    assert claim(UserFactory()).pk == task.pk


def test_claim_next_task_gives_handed_tasks_first_and_to_nobody_else(dataset, mina, jun):
    TaskFactory(dataset=dataset)
    handed = TaskFactory(dataset=dataset)
    hand_task(handed.pk, to=mina, by=UserFactory(), at=NOON)

    assert claim(mina).pk == handed.pk
    claim(jun)
    with pytest.raises(NothingToDo):
        claim(AssignmentFactory(dataset=dataset).annotator)


def test_a_handed_task_whose_lease_ended_stays_with_its_person(mina, jun):
    handed = TaskFactory()
    hand_task(handed.pk, to=mina, by=UserFactory(), at=NOON)
    first = claim(mina)

    again = claim(mina, at=LATER)

    assert again.pk == handed.pk
    assert again.token != first.token


def test_claim_next_task_shows_each_of_n_people_an_image_once():
    dataset = DatasetFactory(redundancy=2)
    people = [AssignmentFactory(dataset=dataset).annotator for _ in range(3)]
    image = ImageFactory(dataset=dataset)
    for slot in (1, 2):
        TaskFactory(dataset=dataset, image=image, slot=slot)

    first = claim(people[0])
    submit_annotation(first.pk, token=first.token, values=GOOD, by=people[0], at=NOON)

    with pytest.raises(NothingToDo):
        claim(people[0])
    assert claim(people[1]).image == image
    with pytest.raises(NothingToDo):
        claim(people[2])


def test_skip_task_passes_it_to_others_and_never_back(dataset, mina, jun):
    task = TaskFactory(dataset=dataset)
    held = claim(mina)

    skip_task(task.pk, token=held.token, reason="blurred", by=mina, at=NOON)

    with pytest.raises(NothingToDo):
        claim(mina)
    assert claim(jun).pk == task.pk
    assert Skip.objects.get().reason == "blurred"


def test_skipped_tasks_come_after_untouched_ones(dataset, mina, jun):
    first, second = TaskFactory.create_batch(2, dataset=dataset)
    skip_task(first.pk, token=claim(mina).token, reason="dark", by=mina, at=NOON)

    assert claim(jun).pk == second.pk


def test_renew_lease_extends_it(dataset, mina):
    task = TaskFactory(dataset=dataset)
    token = claim(mina).token
    at = NOON + timedelta(minutes=14)

    assert renew_lease(task.pk, token=token, by=mina, at=at) == at + LEASE


@pytest.mark.R2
@pytest.mark.parametrize("verb", [renew_lease, skip_task, save_draft])
@pytest.mark.parametrize("fault", ["wrong token", "no token", "ended", "other holder"])
def test_every_verb_refuses_a_lost_lease(dataset, mina, jun, verb, fault):
    task = TaskFactory(dataset=dataset)
    token = claim(mina).token
    at = LATER if fault in ("ended", "other holder") else NOON
    if fault == "other holder":
        claim(jun, at=LATER)
    token = {"wrong token": uuid.uuid4(), "no token": None}.get(fault, token)
    more = {skip_task: {"reason": "x"}, save_draft: {"content": {}}}.get(verb, {})

    with pytest.raises(LeaseLost):
        verb(task.pk, token=token, by=mina, at=at, **more)


def test_verbs_do_not_know_a_task_of_other_people(mina):
    task = TaskFactory()

    with pytest.raises(UnknownTask):
        renew_lease(task.pk, token=uuid.uuid4(), by=mina, at=NOON)
    with pytest.raises(UnknownTask):
        renew_lease(10**9, token=uuid.uuid4(), by=mina, at=NOON)


def test_save_draft_keeps_the_last_one_per_person(dataset, mina, jun):
    task = TaskFactory(dataset=dataset)
    token = claim(mina).token
    save_draft(task.pk, token=token, content={"bbox": [1, 2, 30, 40]}, by=mina, at=NOON)
    save_draft(task.pk, token=token, content={"bbox": [5, 6, 30, 40]}, by=mina, at=NOON)
    other = claim(jun, at=LATER)
    save_draft(task.pk, token=other.token, content={"bbox": [7, 8, 9, 9]}, by=jun, at=LATER)

    assert Draft.objects.get(annotator=mina).content == {"bbox": [5, 6, 30, 40]}
    assert Draft.objects.count() == 2


def test_take_back_task_opens_it_at_once_and_the_holder_loses_it(dataset, mina, jun):
    task = TaskFactory(dataset=dataset)
    token = claim(mina).token

    take_back_task(task.pk, by=UserFactory(), at=NOON)

    with pytest.raises(LeaseLost):
        renew_lease(task.pk, token=token, by=mina, at=NOON)
    assert claim(jun).pk == task.pk


def test_hand_task_refuses_finished_work(dataset, mina, jun):
    task = TaskFactory(dataset=dataset)
    submit_annotation(task.pk, token=claim(mina).token, values=GOOD, by=mina, at=NOON)

    with pytest.raises(MoveNotAllowed):
        hand_task(task.pk, to=jun, by=UserFactory(), at=NOON)


@pytest.mark.R1
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_sixteen_people_never_get_the_same_task():
    dataset = DatasetFactory()
    people = [AssignmentFactory(dataset=dataset).annotator for _ in range(16)]
    TaskFactory.create_batch(200, dataset=dataset)
    got: list[int] = []
    faults: list[Exception] = []

    def work(person) -> None:
        try:
            while True:
                task = claim(person)
                got.append(task.pk)
                submit_annotation(task.pk, token=task.token, values=GOOD, by=person, at=NOON)
        except NothingToDo:
            pass
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not faults
    assert len(got) == len(set(got)) == 200
    assert AnnotationTask.objects.filter(state="submitted").count() == 200


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_tabs_of_one_person_get_one_task():
    person = AssignmentFactory().annotator
    TaskFactory.create_batch(8, dataset=person.assignments.get().dataset)
    got: list[int] = []

    def work() -> None:
        try:
            got.append(claim(person).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(got) == 8
    assert len(set(got)) == 1


def rows_read() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables"
            " WHERE relname = %s",
            [AnnotationTask._meta.db_table],
        )
        return cursor.fetchone()[0]


def test_a_claim_reads_few_tasks_of_a_dataset_that_just_came(dataset, mina):
    LicenseFactory(code="OWN")
    fill(DatasetFactory(), 1000)
    with connection.cursor() as cursor:
        # What the database knows of the table now says nothing of the dataset that comes next.
        cursor.execute(f"ANALYZE {AnnotationTask._meta.db_table}")
    fill(dataset, 3000)
    before = rows_read()

    claim(mina)

    assert rows_read() - before < 20
