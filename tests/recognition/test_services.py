import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from apps.operations.breakers import FAILURES_TO_OPEN
from apps.operations.models import Breaker, Job
from apps.recognition import index_building, reference_index, services, serving
from apps.recognition.models import RecognitionRequest, ReferenceIndex
from apps.recognition.tasks import recognize_photo
from tests.running import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def no_model_server(settings):
    settings.TF_SERVING_ADDRESS = f"127.0.0.1:{free_port()}"


def stored_files() -> list[Path]:
    root = Path(default_storage.location) / "recognition"
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", ["tower", "gate", "bridge"])
def test_answer_photos_names_the_place_of_a_view_it_never_saw(known_places, photo_of, kind):
    answered = services.answer_photos([photo_of(kind, 100)])

    first = answered.candidates.get(rank=1)
    assert answered.state == "done"
    assert first.landmark == known_places[kind]
    assert answered.certainty != "unknown"
    assert Job.objects.get().state == Job.State.DONE


def test_answer_photos_keeps_probabilities_falling_and_within_one(known_places, photo_of):
    answered = services.answer_photos([photo_of("gate", 100)])

    probabilities = list(answered.candidates.values_list("probability", flat=True))
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) + answered.unknown_probability <= 1 + 1e-6


def test_answer_photos_gives_at_most_top_k(known_places, photo_of):
    assert services.answer_photos([photo_of("gate", 9)], top_k=1).candidates.count() == 1


def test_answer_photos_joins_several_photos_of_one_place(known_places, photo_of):
    answered = services.answer_photos([photo_of("gate", 100), photo_of("gate", 101)])

    assert answered.photos.count() == 2
    assert answered.candidates.get(rank=1).landmark == known_places["gate"]


def test_answer_photos_never_offers_a_withdrawn_place(known_places, photo_of):
    gate = known_places["gate"]
    gate.state = "withdrawn"
    gate.save()

    answered = services.answer_photos([photo_of("gate", 100)])

    assert gate not in [candidate.landmark for candidate in answered.candidates.all()]


def test_answer_photos_uses_an_offered_position_and_forgets_it(known_places, photo_of):
    answered = services.answer_photos([photo_of("gate", 100)], position=(37.5759, 126.9768))

    answered.refresh_from_db()
    assert answered.position_used
    assert (answered.latitude, answered.longitude) == (None, None)


def test_answer_photos_keeps_the_photo_while_the_model_server_is_away(
    known_places, photo_of, no_model_server
):
    answered = services.answer_photos([photo_of("gate", 100)])

    answered.refresh_from_db()
    assert (answered.state, answered.waiting_reason) == ("pending", "model_server_down")
    assert len(stored_files()) == 1
    assert Job.objects.get().state == Job.State.WAITING


@pytest.mark.R7
def test_a_waiting_photo_is_answered_once_the_model_server_is_back(
    known_places, photo_of, settings, tiny_model_server
):
    settings.TF_SERVING_ADDRESS = f"127.0.0.1:{free_port()}"
    answered = services.answer_photos([photo_of("gate", 100)])
    settings.TF_SERVING_ADDRESS = tiny_model_server
    Job.objects.update(available_at=timezone.now())

    for _ in range(2):  # a second message does no harm
        recognize_photo(job=Job.objects.get().pk)

    answered.refresh_from_db()
    assert (answered.state, answered.waiting_reason) == ("done", "")
    assert answered.candidates.get(rank=1).landmark == known_places["gate"]


def test_a_request_whose_process_died_is_found_by_the_sweeper(known_places, photo_of):
    request, _ = services.submit_photos(
        [photo_of("gate", 100)],
        requester="",
        position=None,
        top_k=5,
        at=timezone.now() - timedelta(minutes=1),
    )
    from apps.operations.jobs import sweep_jobs

    sweep_jobs(at=timezone.now(), overdue=timedelta(seconds=15))

    request.refresh_from_db()
    assert request.state == "done"


def test_a_photo_that_cannot_be_opened_ends_as_failed(known_places, photo_of, no_model_server):
    answered = services.answer_photos([photo_of("gate", 100)])
    stored_files()[0].write_bytes(b"damaged")

    for _ in range(3):
        Job.objects.update(available_at=timezone.now())
        recognize_photo(job=Job.objects.get().pk)

    answered.refresh_from_db()
    assert (answered.state, answered.error_code) == ("failed", "recognition_failed")
    assert Job.objects.get().state == Job.State.PARKED


def test_a_photo_without_index_waits(db, model_settings, photo_of):
    answered = services.answer_photos([photo_of("gate", 1)])

    assert (answered.state, answered.waiting_reason) == ("pending", "no_reference_index")


@pytest.mark.R8
def test_submit_photos_leaves_no_file_when_the_row_cannot_be_stored(
    known_places, photo_of, monkeypatch
):
    def broken(*arguments, **options):
        raise RuntimeError("no database")

    monkeypatch.setattr(services, "add_job", broken)

    with pytest.raises(RuntimeError):
        services.answer_photos([photo_of("gate", 1)])

    assert stored_files() == []
    assert not RecognitionRequest.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.S16
def test_delete_request_removes_photo_answer_and_files(
    known_places, photo_of, django_capture_on_commit_callbacks
):
    answered = services.answer_photos([photo_of("gate", 1)])

    with django_capture_on_commit_callbacks(execute=True):
        services.delete_request(answered, at=timezone.now())

    answered.refresh_from_db()
    assert answered.deleted_at is not None
    assert not answered.candidates.exists()
    assert not answered.photos.exists()
    assert stored_files() == []


def test_a_deleted_pending_request_is_never_answered(
    known_places, photo_of, settings, tiny_model_server
):
    settings.TF_SERVING_ADDRESS = f"127.0.0.1:{free_port()}"
    answered = services.answer_photos([photo_of("gate", 1)])
    services.delete_request(answered, at=timezone.now())
    settings.TF_SERVING_ADDRESS = tiny_model_server
    Job.objects.update(available_at=timezone.now())

    recognize_photo(job=Job.objects.get().pk)

    answered.refresh_from_db()
    assert not answered.candidates.exists()
    assert Job.objects.get().state == Job.State.DONE


@pytest.mark.R7
def test_breaker_stops_asking_after_failures_and_recovers(
    known_places, photo_of, settings, tiny_model_server
):
    settings.TF_SERVING_ADDRESS = f"127.0.0.1:{free_port()}"
    for seed in range(FAILURES_TO_OPEN):
        services.answer_photos([photo_of("gate", seed)])
    assert serving.breaker_is_open()
    settings.TF_SERVING_ADDRESS = tiny_model_server

    assert services.answer_photos([photo_of("gate", 50)]).state == "pending"

    Breaker.objects.update(open_until=timezone.now())  # its time is over
    assert services.answer_photos([photo_of("gate", 51)]).state == "done"
    assert not serving.breaker_is_open()


def test_building_again_switches_to_a_new_index_and_keeps_one_old(known_places):
    model = reference_index.active_index().model

    for _ in range(3):
        index_building.build(model, at=timezone.now())

    versions = list(ReferenceIndex.objects.order_by("version").values_list("version", "active"))
    assert versions == [(3, False), (4, True)]


def test_the_database_finds_what_an_exact_search_finds(known_places, photo_of):
    import numpy as np

    from ml.inference.ranking import NEAREST_REFERENCES

    index = reference_index.active_index()
    image = photo_of("tower", 77).image
    query = reference_index.project(
        index, serving.describe(image, model=index.model, seconds=5)[None]
    )

    evidence = reference_index.gather_evidence(index, query)

    rows = index.embeddings.order_by("photo_id")
    vectors = np.array([row.embedding for row in rows], dtype=np.float32)
    exact = np.sort(vectors @ query)[::-1][:NEAREST_REFERENCES]
    assert evidence.reference_similarities == pytest.approx(exact, abs=2e-3)


@pytest.mark.S17
def test_so_many_photos_may_wait_and_no_more(known_places, photo_of, settings, no_model_server):
    settings.PENDING_UPLOADS = 3
    for seed in range(3):
        assert services.answer_photos([photo_of("gate", seed)]).state == "pending"
    files = stored_files()

    with pytest.raises(services.TooManyWaiting):
        services.answer_photos([photo_of("gate", 9)])

    assert RecognitionRequest.objects.count() == 3
    assert stored_files() == files


@pytest.mark.S17
@pytest.mark.django_db(transaction=True)
def test_of_many_senders_at_once_no_more_wait_than_the_limit(photo_of, settings, seen):
    settings.PENDING_UPLOADS = 5
    photo = photo_of("gate", 1)
    stored, refused = [], []

    def send() -> None:
        try:
            stored.append(
                services.submit_photos(
                    [photo], requester="", position=None, top_k=5, at=timezone.now()
                )
            )
        except services.TooManyWaiting:
            refused.append(True)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    seen("S17", waiting_at_most=len(stored), of_a_limit_of=5)
    assert (len(stored), len(refused)) == (5, 7)
    assert len(stored_files()) == 5
