import pytest

from apps.annotation.models import Annotation, AnnotationTask
from tests.annotation.views.test_tasks import GOOD, claimed, post, verb
from tests.factories.annotation import AssignmentFactory, DatasetFactory, ImageFactory, TaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def annotator(person, signed_in, dataset):
    mina = person("annotator", username="mina")
    AssignmentFactory(dataset=dataset, annotator=mina)
    return signed_in(mina)


@pytest.fixture
def reviewer(person, signed_in):
    return signed_in(person("annotation_reviewer", username="sora"))


@pytest.fixture
def submitted(annotator, dataset):
    TaskFactory(dataset=dataset)
    task = claimed(annotator)
    verb(annotator, task, "submit", token=task["token"], **GOOD)
    return task


def decide(client, task, name, **body):
    return post(client, f"/annotate/api/review/{task['id']}/{name}", body)


def test_next_shows_what_was_submitted_and_by_whom(reviewer, submitted):
    answer = post(reviewer, "/annotate/api/review/next").json()

    assert answer["task"]["id"] == submitted["id"]
    assert answer["annotation"]["bbox"] == [1500, 900, 600, 600]
    assert answer["annotation"]["truncated"] is True
    assert answer["annotation"]["by"] == "mina"
    assert [event["kind"] for event in answer["history"]] == ["submitted"]


def test_next_answers_204_when_nothing_waits(reviewer):
    assert post(reviewer, "/annotate/api/review/next").status_code == 204


def test_accept_completes_it(reviewer, submitted):
    answer = decide(reviewer, submitted, "accept")

    assert answer.status_code == 200
    assert answer.json()["next"] is None
    assert AnnotationTask.objects.completed().exists()
    again = decide(reviewer, submitted, "accept")
    assert (again.status_code, again.json()["code"]) == (409, "already_decided")


def test_return_reaches_the_annotator_with_reason_box_and_history(reviewer, annotator, submitted):
    missing = decide(reviewer, submitted, "return")
    decide(reviewer, submitted, "return", reason="지붕이 빠졌습니다")
    task = claimed(annotator)

    assert missing.status_code == 422
    assert task["id"] == submitted["id"]
    assert task["earlier"]["reason"] == "지붕이 빠졌습니다"
    assert task["earlier"]["bbox"] == [1500, 900, 600, 600]

    verb(annotator, task, "submit", token=task["token"], **(GOOD | {"bbox": [1, 2, 30, 40]}))
    history = post(reviewer, "/annotate/api/review/next").json()["history"]
    assert [event["kind"] for event in history] == ["submitted", "returned", "submitted"]
    assert [event["by"] for event in history] == ["mina", "sora", "mina"]


def test_fix_stores_the_reviewers_box(reviewer, submitted):
    bad = decide(reviewer, submitted, "fix", bbox=[0, 0, 2, 2], truncated=True)
    good = decide(reviewer, submitted, "fix", bbox=[1400, 800, 700, 700], none_of_these=True)

    assert set(bad.json()["errors"]) == {"bbox"}
    fixed = Annotation.objects.get(pk=good.json()["annotation"])
    assert (fixed.origin, fixed.by.username) == ("fixed", "sora")
    assert fixed.current


def test_an_unknown_task_is_not_found(reviewer):
    assert decide(reviewer, {"id": 10**9}, "accept").status_code == 404


def test_what_is_reviewed_stays_closed_to_the_annotator(annotator, reviewer, submitted):
    decide(reviewer, submitted, "accept")

    assert verb(annotator, submitted, "reopen").status_code == 409


def test_next_keeps_to_the_named_dataset(reviewer, submitted, dataset):
    other = {"dataset": DatasetFactory().pk}

    assert post(reviewer, "/annotate/api/review/next", other).status_code == 204
    answer = post(reviewer, "/annotate/api/review/next", {"dataset": dataset.pk})
    assert answer.json()["task"]["id"] == submitted["id"]


def test_a_second_reviewer_hears_who_looks_at_it_and_who_decided(
    reviewer, person, signed_in, submitted
):
    second = signed_in(person("annotation_reviewer", username="jun"))
    post(reviewer, "/annotate/api/review/next")

    busy = decide(second, submitted, "accept")
    decide(reviewer, submitted, "return", reason="지붕이 빠졌습니다")
    late = decide(second, submitted, "accept")

    assert (busy.status_code, busy.json()["code"]) == (409, "in_review")
    assert busy.json()["detail"] == "지금 sora 님이 이 이미지를 보고 있습니다."
    assert (late.status_code, late.json()["code"]) == (409, "already_decided")
    assert late.json()["detail"].startswith("sora 님이 이 이미지를 돌려보냈습니다")


def test_a_reviewer_hears_that_the_annotator_took_it_back(reviewer, annotator, submitted):
    verb(annotator, submitted, "reopen")

    late = decide(reviewer, submitted, "accept")

    assert (late.status_code, late.json()["code"]) == (409, "already_decided")
    assert late.json()["detail"] == "작업자가 고치려고 이 이미지를 다시 가져갔습니다."


def test_next_shows_what_others_say_of_the_image(reviewer, person, signed_in):
    dataset = DatasetFactory(redundancy=2)
    image = ImageFactory(dataset=dataset)
    for slot in (1, 2):
        TaskFactory(dataset=dataset, image=image, slot=slot)
    for name, box in (("mina", [0, 0, 100, 100]), ("jun", [50, 0, 100, 100])):
        one = person("annotator", username=name)
        AssignmentFactory(dataset=dataset, annotator=one)
        task = claimed(signed_in(one))
        verb(signed_in(one), task, "submit", token=task["token"], bbox=box, truncated=True)

    answer = post(reviewer, "/annotate/api/review/next").json()

    (other,) = answer["others"]
    assert (answer["annotation"]["by"], other["by"]) == ("mina", "jun")
    assert other["overlap"] == pytest.approx(5000 / 15000, abs=0.001)
    assert other["same_tags"] is True
    assert answer["upcoming"] == [f"/annotate/images/{image.pk}.jpg"]
