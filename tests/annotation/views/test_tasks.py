import uuid
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.utils import timezone

from apps.annotation.models import Annotation, AnnotationTask, Dataset, Draft
from apps.annotation.services.handing import take_back_task
from apps.annotation.shapes import TAGS
from tests.factories.annotation import (
    AnnotationFactory,
    AssignmentFactory,
    DatasetFactory,
    ImageFactory,
    TaskFactory,
)
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db
GOOD = {"bbox": [1500, 900, 600, 600], "truncated": True}
VERBS = ["submit", "skip", "heartbeat", "reopen"]
ADDRESSES = [
    ("post", "/annotate/api/claim"),
    *[("post", f"/annotate/api/tasks/1/{verb}") for verb in VERBS],
    ("put", "/annotate/api/tasks/1/draft"),
    ("get", "/annotate/api/landmarks?q=x"),
]
REVIEW_ADDRESSES = [
    ("post", "/annotate/api/review/next"),
    *[("post", f"/annotate/api/review/1/{verb}") for verb in ("accept", "return", "fix")],
]


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def mina(person, dataset):
    mina = person("annotator", username="mina")
    AssignmentFactory(dataset=dataset, annotator=mina)
    return mina


@pytest.fixture
def client(mina, signed_in):
    return signed_in(mina)


def post(client, address, body=None, method="post", **headers):
    return getattr(client, method)(
        address, body if body is not None else {}, content_type="application/json", **headers
    )


def claimed(client) -> dict:
    response = post(client, "/annotate/api/claim")
    assert response.status_code == 200, response.content
    return response.json()["task"]


def verb(client, task, name, method="post", **body):
    return post(client, f"/annotate/api/tasks/{task['id']}/{name}", body, method=method)


def test_claim_gives_a_task_as_promised(client, dataset):
    landmark = LandmarkFactory(names={"ko": "첨성대", "en": "Cheomseongdae"})
    image = ImageFactory(dataset=dataset, landmark=landmark, suggestion=[1, 2, 30, 40])
    row = TaskFactory(dataset=dataset, image=image)

    task = claimed(client)

    assert task["id"] == row.pk
    assert uuid.UUID(task["token"])
    assert task["image"] == {
        "id": image.pk,
        "url": f"/annotate/images/{image.pk}.jpg",
        "width": 3000,
        "height": 2000,
    }
    assert task["landmark"] == {"id": landmark.pk, "name": "첨성대"}
    assert task["suggestion"] == [1, 2, 30, 40]
    assert task["draft"] is None
    left = AnnotationTask.objects.get().lease_until - timezone.now()
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)


def test_claim_answers_204_when_nothing_is_left(client):
    response = post(client, "/annotate/api/claim")

    assert (response.status_code, response.content) == (204, b"")


def test_claim_tells_which_pictures_may_come_next(client, dataset):
    _, second = TaskFactory.create_batch(2, dataset=dataset)

    answer = post(client, "/annotate/api/claim").json()

    assert answer["upcoming"] == [f"/annotate/images/{second.image.pk}.jpg"]


def test_the_images_to_come_are_told_in_the_order_in_which_they_are_handed_out(client, dataset):
    tasks = [TaskFactory(dataset=dataset, ease=ease) for ease in (5, 0, 9, 2)]
    hardest_first = sorted(tasks, key=lambda task: task.ease)

    held = post(client, "/annotate/api/claim").json()

    assert held["task"]["id"] == hardest_first[0].pk
    assert held["upcoming"] == [
        f"/annotate/images/{task.image.pk}.jpg" for task in hardest_first[1:]
    ]


def test_claim_in_a_foreign_dataset_finds_nothing(client):
    response = post(client, "/annotate/api/claim", {"dataset": TaskFactory().dataset.pk})

    assert response.status_code == 404


def test_submit_gives_the_annotation_and_the_next_task(client, dataset):
    first, second = TaskFactory.create_batch(2, dataset=dataset)
    task = claimed(client)

    response = verb(client, task, "submit", token=task["token"], **GOOD)

    assert response.status_code == 200
    assert response.json()["annotation"] == Annotation.objects.get(task=first).pk
    assert response.json()["next"]["task"]["id"] == second.pk


def test_submit_again_gives_the_same_answer(client, dataset):
    TaskFactory.create_batch(2, dataset=dataset)
    task = claimed(client)

    answers = [verb(client, task, "submit", token=task["token"], **GOOD).json() for _ in range(2)]

    assert answers[0]["annotation"] == answers[1]["annotation"]
    assert answers[0]["next"]["task"]["token"] == answers[1]["next"]["task"]["token"]


def test_submit_counts_when_the_dataset_is_no_longer_theirs(client, mina, dataset):
    TaskFactory.create_batch(2, dataset=dataset)
    task = claimed(client)
    mina.assignments.all().delete()

    response = verb(client, task, "submit", token=task["token"], dataset=dataset.pk, **GOOD)

    assert (response.status_code, response.json()["next"]) == (200, None)
    assert Annotation.objects.exists()


def test_submit_of_the_last_task_has_no_next(client, dataset):
    TaskFactory(dataset=dataset)
    task = claimed(client)

    assert verb(client, task, "submit", token=task["token"], **GOOD).json()["next"] is None


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"truncated": True}, {"bbox": ["바운딩 작업을 해주세요."]}),
        ({"bbox": [1, 2, 30, 40]}, {"tags": ["태그 중 최소 하나는 선택되어야 합니다."]}),
        (
            {"bbox": [1, 2, 30, 40], "occluded": True, "none_of_these": True},
            {"tags": ["태그 선택이 잘 못되었습니다."]},
        ),
    ],
    ids=["no box", "no tag", "tags in conflict"],
)
def test_submit_says_what_is_wrong_in_the_words_of_the_reference_tool(
    client, dataset, body, errors
):
    TaskFactory(dataset=dataset)
    task = claimed(client)

    response = verb(client, task, "submit", token=task["token"], **body)

    assert response.status_code == 422
    assert response.json()["errors"] == errors


def test_messages_are_english_for_those_who_ask(client, dataset):
    TaskFactory(dataset=dataset)
    task = claimed(client)

    response = client.post(
        f"/annotate/api/tasks/{task['id']}/submit",
        {"token": task["token"], "truncated": True},
        content_type="application/json",
        headers={"accept-language": "en"},
    )

    assert response.json()["errors"] == {"bbox": ["Please draw a box."]}


@pytest.mark.parametrize("name", ["submit", "skip", "heartbeat", "draft"])
@pytest.mark.parametrize("token", [None, "", 5, "not a token", str(uuid.uuid4())], ids=str)
def test_every_verb_refuses_a_wrong_token(client, dataset, name, token):
    TaskFactory(dataset=dataset)
    task = claimed(client)

    method = "put" if name == "draft" else "post"
    response = verb(client, task, name, method=method, token=token, reason="x", **GOOD)

    assert response.status_code == 409
    assert response.json()["code"] == "lease_lost"


@pytest.mark.S4
@pytest.mark.parametrize("name", VERBS)
def test_a_foreign_or_unknown_task_is_not_found(client, name):
    for task_id in (TaskFactory().pk, 10**12, 10**30):
        body = {"token": str(uuid.uuid4()), "reason": "x", **GOOD}
        assert post(client, f"/annotate/api/tasks/{task_id}/{name}", body).status_code == 404


def test_draft_comes_back_with_the_task(client, dataset):
    TaskFactory(dataset=dataset)
    task = claimed(client)

    response = verb(
        client, task, "draft", method="put", token=task["token"], bbox=[1, 2, 30, 40], occluded=True
    )

    assert (response.status_code, response.content) == (204, b"")
    assert claimed(client)["draft"] == {"bbox": [1, 2, 30, 40], "occluded": True}


def test_heartbeat_moves_the_end_of_the_lease(client, dataset):
    row = TaskFactory(dataset=dataset)
    task = claimed(client)
    AnnotationTask.objects.update(lease_until=timezone.now() + timedelta(minutes=1))

    answer = verb(client, task, "heartbeat", token=task["token"]).json()

    row.refresh_from_db()
    assert answer["lease_until"] == row.lease_until.isoformat()
    assert row.lease_until > timezone.now() + timedelta(minutes=14)


def test_skip_needs_a_reason_and_gives_the_next(client, dataset):
    _, second = TaskFactory.create_batch(2, dataset=dataset)
    task = claimed(client)

    refused = verb(client, task, "skip", token=task["token"])
    answer = verb(client, task, "skip", token=task["token"], reason="too dark")

    assert refused.status_code == 422
    assert answer.json()["next"]["task"]["id"] == second.pk


def test_reopen_gives_the_task_with_what_was_drawn(client, dataset):
    TaskFactory(dataset=dataset)
    task = claimed(client)
    verb(client, task, "submit", token=task["token"], **GOOD)

    again = verb(client, task, "reopen").json()["task"]

    assert again["id"] == task["id"]
    assert again["earlier"]["bbox"] == [1500, 900, 600, 600]
    assert again["token"] != task["token"]


def test_reopen_of_an_untouched_task_is_refused(client, dataset):
    row = TaskFactory(dataset=dataset)

    response = post(client, f"/annotate/api/tasks/{row.pk}/reopen")

    assert (response.status_code, response.json()["code"]) == (409, "already_decided")


@pytest.mark.parametrize("body", ["", "[]", "nonsense", '{"a": NaN}', "[" * 5000, '"x"'])
def test_a_body_that_is_no_object_is_refused(client, body):
    response = client.post("/annotate/api/claim", body, content_type="application/json")

    assert response.status_code == (204 if body == "" else 400)


def test_landmarks_are_found_by_name(client):
    landmark = LandmarkFactory(names={"ko": "첨성대"})
    LandmarkFactory(names={"ko": "불국사"})

    answer = client.get("/annotate/api/landmarks?q=ㅊㅅㄷ").json()

    assert answer["results"] == [{"id": landmark.pk, "name": "첨성대", "region": "서울특별시"}]


@pytest.mark.parametrize(("method", "address"), [*ADDRESSES, *REVIEW_ADDRESSES])
def test_json_addresses_never_redirect(person, signed_in, method, address):
    stranger, visitor = Client(enforce_csrf_checks=True), signed_in(person("publisher"))
    careless = signed_in(person("administrator"), enforce_csrf_checks=True)

    assert post(stranger, address, method=method).json()["code"] == "not_authenticated"
    assert post(stranger, address, method=method).status_code == 401
    assert post(visitor, address, method=method).json()["code"] == "forbidden"
    assert post(visitor, address, method=method).status_code == 403
    if method != "get":
        assert post(careless, address, method=method).json()["code"] == "csrf_failed"
    wrong = "delete"
    assert post(signed_in(person("administrator")), address, method=wrong).status_code == 405


def test_an_annotator_does_not_review(client):
    for method, address in REVIEW_ADDRESSES:
        assert post(client, address, method=method).status_code == 403
    assert client.get("/annotate/review/").status_code == 403


def test_pages_ask_strangers_to_sign_in(client):
    for address in ("/annotate/", "/annotate/review/"):
        response = Client().get(address)
        assert (response.status_code, response.url) == (302, f"/accounts/login/?next={address}")
    assert client.get("/annotate/").status_code == 200


def test_a_picture_is_for_those_who_work_on_it(client, person, signed_in, dataset):
    image = ImageFactory(dataset=dataset, file=ContentFile(b"jpeg", name="a.jpg"))
    address = f"/annotate/images/{image.pk}.jpg"

    mine = client.get(address)

    assert b"".join(mine.streaming_content) == b"jpeg"
    assert "private" in mine["Cache-Control"]
    reviewers = signed_in(person("annotation_reviewer")).get(address)
    assert b"".join(reviewers.streaming_content) == b"jpeg"
    assert signed_in(person("annotator")).get(address).status_code == 404
    assert signed_in(person("publisher")).get(address).status_code == 404
    assert Client().get(address).status_code == 404
    assert client.get(f"/annotate/images/{ImageFactory(dataset=dataset).pk}.jpg").status_code == 404


@pytest.mark.R2
def test_late_work_is_refused_and_kept_as_the_draft(client, dataset):
    TaskFactory(dataset=dataset)
    task = claimed(client)
    AnnotationTask.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    response = verb(client, task, "submit", token=task["token"], **GOOD)

    assert (response.status_code, response.json()["code"]) == (409, "lease_lost")
    again = claimed(client)
    assert again["id"] == task["id"]
    assert again["draft"] == GOOD


def test_what_a_manager_takes_back_is_lost_at_once_and_its_drawing_kept(
    client, mina, person, signed_in, dataset
):
    row = TaskFactory(dataset=dataset)
    task = claimed(client)
    take_back_task(row.pk, by=person("administrator"), at=timezone.now())
    jun = signed_in(AssignmentFactory(dataset=dataset, annotator=person("annotator")).annotator)
    taken = claimed(jun)

    heartbeat = verb(client, task, "heartbeat", token=task["token"])
    submit = verb(client, task, "submit", token=task["token"], **GOOD)

    assert (heartbeat.status_code, heartbeat.json()["code"]) == (409, "lease_lost")
    assert (submit.status_code, submit.json()["code"]) == (409, "lease_lost")
    assert taken["id"] == task["id"]
    assert taken["draft"] is None
    assert Draft.objects.get(annotator=mina).content == GOOD


def test_a_submit_twice_leaves_no_draft_behind(client, dataset):
    TaskFactory(dataset=dataset)
    task = claimed(client)
    verb(client, task, "submit", token=task["token"], **GOOD)

    late = verb(client, task, "draft", method="put", token=task["token"], **GOOD)

    assert late.status_code == 409
    assert not Draft.objects.exists()


def test_a_hidden_check_looks_like_any_other_task(client, mina, dataset):
    TaskFactory(dataset=dataset)
    plain = claimed(client)
    verb(client, plain, "submit", token=plain["token"], **GOOD)
    truth = {**dict.fromkeys(TAGS, False), "none_of_these": True, "bbox": [1, 2, 30, 40]}
    ImageFactory(dataset=dataset, truth=truth)
    Dataset.objects.update(truth_share=50)
    for _ in range(40):
        # A new lot after each annotation.
        AnnotationFactory(task=TaskFactory(), by=mina)
        response = post(client, "/annotate/api/claim")
        if response.status_code == 200:
            break

    check = response.json()["task"]
    assert AnnotationTask.objects.get(pk=check["id"]).check_of == mina
    assert check.keys() == plain.keys()
    assert check["image"].keys() == plain["image"].keys()
    answer = verb(client, check, "submit", token=check["token"], **GOOD).json()
    assert answer.keys() == {"annotation", "next"}


def test_practice_tells_how_far_one_is(client):
    truth = {**dict.fromkeys(TAGS, False), "none_of_these": True, "bbox": [1500, 900, 600, 600]}
    practice = DatasetFactory(practice=True, open_to_all=True)
    for _ in range(2):
        ImageFactory(dataset=practice, truth=truth)

    asked = {"dataset": practice.pk}
    task = post(client, "/annotate/api/claim", asked).json()["task"]
    answer = verb(client, task, "submit", token=task["token"], **asked, **GOOD).json()

    assert task["practice"] == {"done": 0, "of": 2}
    assert answer["feedback"]["overlap"] == 1
    assert answer["feedback"]["tags_right"] is False
    assert answer["next"]["task"]["practice"] == {"done": 1, "of": 2}


def test_a_picture_whose_file_is_gone_is_set_aside_with_its_task(client, dataset):
    image = ImageFactory(dataset=dataset, file=ContentFile(b"jpeg", name="gone.jpg"))
    TaskFactory(dataset=dataset, image=image)
    image.file.storage.delete(image.file.name)
    task = claimed(client)

    assert client.get(task["image"]["url"]).status_code == 410
    answer = verb(client, task, "skip", token=task["token"], reason="the picture is broken")
    assert (answer.status_code, answer.json()["code"]) == (409, "lease_lost")


@pytest.mark.parametrize(
    "bbox",
    [
        [-1, 0, 100, 100],
        [2950, 1950, 100, 100],
        [0, 0, 3001, 10],
        [10, 10, 7, 100],
        [10.5, 10, 100, 100],
        ["10", 10, 100, 100],
        [True, True, 100, 100],
        [10, 10, 100],
        {"x": 10},
        [1, 1, 10**30, 10**30],
    ],
    ids=str,
)
def test_a_box_that_cannot_be_is_refused_and_the_task_stays_held(client, dataset, bbox):
    TaskFactory(dataset=dataset)
    task = claimed(client)

    response = verb(client, task, "submit", token=task["token"], bbox=bbox, truncated=True)

    assert response.status_code == 422
    assert set(response.json()["errors"]) == {"bbox"}
    assert claimed(client)["token"] == task["token"]
    assert not Annotation.objects.exists()


@pytest.mark.R2
@pytest.mark.slow
def test_of_many_who_come_back_late_none_overwrites_what_a_colleague_drew(
    client, dataset, person, signed_in, is_long, seen
):
    rounds, each = (20, 50) if is_long else (1, 20)
    colleague = person("annotator", username="jun")
    AssignmentFactory(dataset=dataset, annotator=colleague)
    quick = signed_in(colleague)
    overwritten = kept = 0
    for _ in range(rounds):
        # Rolled back each: rows that are over, within one transaction, make every claim slower.
        with transaction.atomic():
            for _ in range(each):
                TaskFactory(dataset=dataset)
                held = claimed(client)
                AnnotationTask.objects.filter(pk=held["id"]).update(lease_until=timezone.now())
                taken = claimed(quick)
                assert taken["id"] == held["id"]
                theirs = GOOD | {"bbox": [10, 20, 300, 400]}
                before = verb(client, held, "submit", token=held["token"], **GOOD)
                done = verb(quick, taken, "submit", token=taken["token"], **theirs)
                after = verb(client, held, "submit", token=held["token"], **GOOD)
                assert (before.status_code, done.status_code, after.status_code) == (409, 200, 409)
                stored = Annotation.objects.get(task_id=held["id"])
                overwritten += (stored.by_id, int(stored.x)) != (colleague.pk, 10)
            drafts = Draft.objects.filter(task__dataset=dataset)
            assert {tuple(draft.content["bbox"]) for draft in drafts} == {tuple(GOOD["bbox"])}
            kept += drafts.count()
            transaction.set_rollback(True)

    times = rounds * each
    assert (overwritten, kept) == (0, times)
    seen("R2", late_submits=2 * times, overwritten=overwritten, drafts_kept=kept)
