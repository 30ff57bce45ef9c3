import pytest
from django.urls import reverse
from django.utils import timezone

from apps.annotation.models import AnnotationTask
from apps.annotation.services.claiming import claim_next_task
from apps.operations.models import AuditEntry
from tests.factories.annotation import (
    AnnotationFactory,
    AssignmentFactory,
    ImageFactory,
    TaskFactory,
    UserFactory,
)
from tests.operations.forms import fields_of

pytestmark = pytest.mark.django_db
TASKS = reverse("admin:annotation_annotationtask_changelist")


@pytest.fixture
def manager(signed_in):
    return signed_in(UserFactory(is_staff=True, is_superuser=True))


def act(client, action, *tasks, **fields):
    ids = [task.pk for task in tasks]
    return client.post(TASKS, {"action": action, "_selected_action": ids, **fields})


def test_every_list_and_form_opens(manager):
    annotation = AnnotationFactory()
    for name, row in (
        ("dataset", annotation.task.dataset),
        ("annotationimage", annotation.task.image),
        ("annotationtask", annotation.task),
        ("annotation", annotation),
    ):
        assert manager.get(reverse(f"admin:annotation_{name}_changelist")).status_code == 200
        form = reverse(f"admin:annotation_{name}_change", args=[row.pk])
        assert manager.get(form).status_code == 200
    assert manager.get(reverse("admin:annotation_review_changelist")).status_code == 200


def test_a_list_asks_as_often_for_many_rows(manager, django_assert_max_num_queries):
    dataset = ImageFactory().dataset
    for _ in range(10):
        TaskFactory(dataset=dataset)

    with django_assert_max_num_queries(15):
        manager.get(TASKS)


def test_a_manager_hands_a_task_to_a_person_at_once(manager):
    person = UserFactory()
    task = TaskFactory()

    act(manager, "hand", task, person=person.pk)

    assert claim_next_task(by=person, at=timezone.now()).pk == task.pk
    entry = AuditEntry.objects.get()
    assert entry.subject == str(task.pk)
    assert entry.after["reserved_for_id"] == person.pk


def test_handing_needs_a_person(manager):
    task = TaskFactory()

    act(manager, "hand", task, person="")

    assert AnnotationTask.objects.get().reserved_for is None


def test_a_manager_takes_a_held_task_back(manager):
    assignment = AssignmentFactory()
    task = TaskFactory(dataset=assignment.dataset)
    claim_next_task(by=assignment.annotator, at=timezone.now())

    act(manager, "take_back", task)

    task.refresh_from_db()
    assert (task.state, task.holder) == ("open", None)


def test_finished_tasks_stay_as_they_are(manager):
    now = timezone.now()
    task = TaskFactory(state="accepted", submitted_at=now, completed_at=now)

    act(manager, "take_back", task)

    task.refresh_from_db()
    assert task.state == "accepted"


def test_the_second_of_two_people_sees_what_the_first_saved_of_a_dataset(manager):
    dataset = AssignmentFactory().dataset
    address = reverse("admin:annotation_dataset_change", args=[dataset.pk])
    mine = fields_of(manager.get(address), "dataset_form") | {"year": ["2031"]}
    manager.post(address, fields_of(manager.get(address), "dataset_form") | {"year": ["2030"]})

    answer = manager.post(address, mine)

    assert answer.status_code == 409 and "2030" in answer.content.decode()
    dataset.refresh_from_db()
    assert dataset.year == 2030
