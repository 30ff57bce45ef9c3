"""A manager's pages: who works on what, single tasks, and what was skipped."""

import io
import re

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from apps.annotation.models import AnnotationTask, Assignment, Dataset
from apps.annotation.services.claiming import claim_next_task
from apps.annotation.services.holding import skip_task
from apps.operations.models import AuditEntry
from tests.factories.annotation import (
    AnnotationFactory,
    AssignmentFactory,
    DatasetFactory,
    ImageFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(name="spring")


@pytest.fixture
def mina(person, dataset):
    mina = person("annotator", username="mina")
    AssignmentFactory(dataset=dataset, annotator=mina)
    return mina


@pytest.fixture
def manager(person, signed_in):
    return signed_in(person("annotation_reviewer", username="sora"))


def people(manager, dataset, action, person, **more):
    address = f"/annotate/datasets/{dataset.pk}/people/"
    return manager.post(address, {"action": action, "person": person.pk}, **more)


def tasks(manager, action, *rows, back="skipped", **fields):
    body = {"action": action, "tasks": [row.pk for row in rows], "back": back, **fields}
    return manager.post("/annotate/tasks/", body, follow=True)


def test_the_list_shows_how_far_each_dataset_is_and_who_works_on_it(manager, dataset, mina):
    now = timezone.now()
    TaskFactory(dataset=dataset)
    TaskFactory(dataset=dataset, state="accepted", submitted_at=now, completed_at=now)

    page = manager.get("/annotate/datasets/").text

    assert "spring" in page
    assert "mina" in page
    assert "2개 중 1개 완료(50 %)" in page


def test_people_are_added_ordered_and_removed(manager, dataset, mina, person):
    other = DatasetFactory(name="autumn")

    people(manager, other, "add", mina)
    assert [a.dataset.name for a in mina.assignments.order_by("position")] == ["spring", "autumn"]
    people(manager, other, "earlier", mina)
    assert [a.dataset.name for a in mina.assignments.order_by("position")] == ["autumn", "spring"]
    people(manager, other, "later", mina)
    people(manager, other, "later", mina)
    assert [a.dataset.name for a in mina.assignments.order_by("position")] == ["spring", "autumn"]
    people(manager, other, "remove", mina)

    assert [a.dataset.name for a in mina.assignments.all()] == ["spring"]
    actions = AuditEntry.objects.filter(subject_type="annotation.assignment")
    assert set(actions.values_list("by_name", "action")) == {
        ("sora", "created"),
        ("sora", "changed"),
        ("sora", "deleted"),
    }


def test_the_order_takes_effect_with_the_next_claim(manager, dataset, mina):
    TaskFactory(dataset=dataset)
    urgent = TaskFactory(dataset=DatasetFactory())
    people(manager, urgent.dataset, "add", mina)
    people(manager, urgent.dataset, "earlier", mina)

    assert claim_next_task(by=mina, at=timezone.now()).pk == urgent.pk


def test_adding_nobody_is_explained(manager, dataset):
    response = manager.post(f"/annotate/datasets/{dataset.pk}/people/", {"action": "add"})

    assert response.status_code == 400
    assert 'class="field-error"' in response.text


def test_rules_are_saved_and_logged_and_more_people_get_more_tasks(manager, dataset):
    TaskFactory(dataset=dataset)
    rules = {"redundancy": 3, "truth_share": 10, "least_agreement": 80, "needs_review": "on"}

    response = manager.post(f"/annotate/datasets/{dataset.pk}/rules/", rules, follow=True)

    dataset.refresh_from_db()
    assert (dataset.redundancy, dataset.truth_share, dataset.least_agreement) == (3, 10, 80)
    assert dataset.tasks.count() == 3
    assert "규칙을 저장했습니다" in response.text
    assert AuditEntry.objects.about(dataset).first().after["truth_share"] == 10


def test_fewer_people_leave_what_was_begun(manager, dataset, mina):
    dataset.redundancy = 3
    dataset.save()
    image = ImageFactory(dataset=dataset)
    for slot in (1, 2):
        TaskFactory(dataset=dataset, image=image, slot=slot)
    begun = TaskFactory(dataset=dataset, image=image, slot=3, state="returned", annotator=mina)

    manager.post(
        f"/annotate/datasets/{dataset.pk}/rules/",
        {"redundancy": 1, "truth_share": 0, "least_agreement": 75},
    )

    assert set(dataset.tasks.values_list("slot", flat=True)) == {1, 3}
    assert AnnotationTask.objects.filter(pk=begun.pk).exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("redundancy", 0), ("redundancy", 10), ("truth_share", 51), ("least_agreement", "x")],
)
def test_rules_that_cannot_be_are_refused(manager, dataset, name, value):
    rules = {"redundancy": 1, "truth_share": 0, "least_agreement": 75, name: value}

    response = manager.post(f"/annotate/datasets/{dataset.pk}/rules/", rules)

    assert response.status_code == 400
    assert 'class="field-error"' in response.text
    assert Dataset.objects.get().redundancy == 1


def test_a_task_is_handed_and_taken_back_at_once(manager, dataset, mina, person):
    jun = person("annotator", username="jun")
    task = TaskFactory(dataset=dataset)
    held = claim_next_task(by=mina, at=timezone.now())

    page = tasks(manager, "hand", task, back=dataset.pk, person=jun.pk, state="leased")
    assert page.redirect_chain[0][0] == f"/annotate/datasets/{dataset.pk}/?state=leased#tasks"
    assert "작업 1개를 바꾸었습니다." in page.text
    assert claim_next_task(by=jun, at=timezone.now()).pk == held.pk
    tasks(manager, "take_back", task, back=dataset.pk)

    task.refresh_from_db()
    assert (task.state, task.holder, task.reserved_for) == ("open", None, None)


@pytest.mark.parametrize(
    ("action", "fields", "says"),
    [
        ("hand", {}, "먼저 사람을 고르세요."),
        ("close", {"reason": " "}, "이유를 써 주세요."),
        ("close", {"tasks": []}, "먼저 작업을 고르세요."),
        ("hand", {"tasks": ["x", "9" * 30]}, "먼저 작업을 고르세요."),
    ],
)
def test_what_is_missing_is_said(manager, dataset, action, fields, says):
    task = TaskFactory(dataset=dataset)
    body = {"action": action, "tasks": [task.pk], "back": dataset.pk} | fields

    page = manager.post("/annotate/tasks/", body, follow=True)

    assert says in page.text
    assert AnnotationTask.objects.get().state == "open"


def test_finished_tasks_are_named_and_stay(manager, dataset):
    now = timezone.now()
    done = TaskFactory(dataset=dataset, state="accepted", submitted_at=now, completed_at=now)

    page = tasks(manager, "take_back", done, back=dataset.pk)

    assert "그대로 둡니다" in page.text


def test_an_accepted_task_is_hidden_as_a_known_answer(manager, dataset):
    now = timezone.now()
    done = TaskFactory(dataset=dataset, state="accepted", submitted_at=now, completed_at=now)
    AnnotationFactory(task=done)

    tasks(manager, "check", done, back=dataset.pk)
    done.image.refresh_from_db()
    assert done.image.truth["bbox"] == [10, 20, 300, 400]
    assert AuditEntry.objects.about(done.image).get().by_name == "sora"
    tasks(manager, "uncheck", done, back=dataset.pk)

    done.image.refresh_from_db()
    assert done.image.truth is None


def test_skipped_images_wait_for_the_supervisor_when_nobody_is_left(manager, dataset, mina, person):
    TaskFactory(dataset=dataset)
    task = claim_next_task(by=mina, at=timezone.now())
    skip_task(task.pk, token=task.token, reason="too dark", by=mina, at=timezone.now())

    alone = manager.get("/annotate/skipped/").text
    AssignmentFactory(dataset=dataset, annotator=person("annotator"))
    with_colleague = manager.get("/annotate/skipped/").text

    assert "too dark" in alone
    assert "더 맡을 사람이 없음" in alone
    assert "동료에게 갑니다" in with_colleague


def test_a_skipped_image_is_handed_out_again_or_closed(manager, dataset, mina):
    rows = []
    for _ in range(2):
        TaskFactory(dataset=dataset)
        task = claim_next_task(by=mina, at=timezone.now())
        skip_task(task.pk, token=task.token, reason="dark", by=mina, at=timezone.now())
        rows.append(task)

    tasks(manager, "take_back", rows[0])
    page = tasks(manager, "close", rows[1], reason="the file is broken")

    assert claim_next_task(by=mina, at=timezone.now()).pk == rows[0].pk
    closed = AnnotationTask.objects.get(pk=rows[1].pk)
    assert (closed.state, closed.closed_reason) == ("unusable", "the file is broken")
    assert "기다리는 건너뛴 이미지가 없습니다." in page.text


def test_tasks_are_shown_by_state_and_page_by_page(manager, dataset):
    TaskFactory.create_batch(45, dataset=dataset)

    page = manager.get(f"/annotate/datasets/{dataset.pk}/?state=open").text
    after = re.search(r"after=(\d+)", page)[1]
    rest = manager.get(f"/annotate/datasets/{dataset.pk}/?state=open&after={after}").text

    assert page.count('name="tasks"') == 40
    assert rest.count('name="tasks"') == 5
    nonsense = manager.get(f"/annotate/datasets/{dataset.pk}/?state=x&after=-1")
    assert nonsense.status_code == 200


def test_hidden_checks_are_no_tasks_of_the_dataset(manager, dataset, mina):
    TaskFactory(dataset=dataset)
    TaskFactory(
        dataset=dataset,
        slot=0,
        check_of=mina,
        annotator=mina,
        state="submitted",
        submitted_at=timezone.now(),
    )

    page = manager.get(f"/annotate/datasets/{dataset.pk}/").text

    assert page.count('name="tasks"') == 1
    assert "1개 중 0개 완료" in page


def test_unknown_datasets_and_ways_back_are_not_found(manager, dataset):
    task = TaskFactory(dataset=dataset)

    assert manager.get("/annotate/datasets/99999/").status_code == 404
    for back in ("", "//evil.example/", "https://evil.example"):
        body = {"action": "take_back", "tasks": [task.pk], "back": back}
        assert manager.post("/annotate/tasks/", body).status_code == 404


def test_a_small_picture_is_small(manager, dataset):
    content = io.BytesIO()
    Image.new("RGB", (1600, 1200), "teal").save(content, "JPEG")
    image = ImageFactory(dataset=dataset, file=ContentFile(content.getvalue(), name="a.jpg"))

    small = manager.get(f"/annotate/images/{image.pk}/small.jpg")

    assert Image.open(io.BytesIO(small.content)).size == (320, 240)


@pytest.mark.parametrize("path", ["/annotate/datasets/", "/annotate/skipped/"])
def test_annotators_assign_nothing(person, signed_in, path):
    annotator = signed_in(person("annotator"))

    assert annotator.get(path).status_code == 403
    assert annotator.post("/annotate/tasks/", {}).status_code == 403
    assert not Assignment.objects.exists()


def test_a_dataset_page_asks_as_often_for_many_tasks(
    manager, dataset, mina, django_assert_max_num_queries
):
    TaskFactory.create_batch(30, dataset=dataset, reserved_for=mina)

    with django_assert_max_num_queries(25):
        manager.get(f"/annotate/datasets/{dataset.pk}/")
