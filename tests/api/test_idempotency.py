"""A photo that is sent again, because its answer got lost, is recognized once."""

from __future__ import annotations

import base64
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.api.v1 import recognitions
from apps.operations.idempotency import HELD_FOR, KEPT_FOR, forget_expired
from apps.operations.models import IdempotencyKey
from apps.partners.models import Scope
from apps.recognition.models import RecognitionPhoto, RecognitionRequest
from tests.api.test_recognitions import ADDRESS, client_with, problem_of, upload
from tests.pictures import encoded, scene

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def partner() -> Client:
    return client_with(Scope.RECOGNIZE)


def send(client: Client, key: str = "once", seed: int = 100, **fields):
    return client.post(
        ADDRESS, {"photo": upload(seed=seed)} | fields, headers={"Idempotency-Key": key}
    )


@pytest.mark.S12
def test_the_same_request_again_gets_the_same_answer(known_places, partner):
    first, again = send(partner), send(partner)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Location"] == first["Location"]
    assert (again["Idempotency-Replayed"], "Idempotency-Replayed" in first) == ("true", False)
    assert RecognitionRequest.objects.count() == 1


@pytest.mark.S12
def test_a_photo_sent_many_times_over_is_one_stored_object(known_places, partner, is_long, seen):
    times = 100 if is_long else 10

    replies = [send(partner) for _ in range(times)]

    seen("S12", same_request=times, stored=RecognitionPhoto.objects.count())
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["id"] for reply in replies}) == 1
    files = [path for path in Path(settings.MEDIA_ROOT).rglob("*.*") if "recognition" in str(path)]
    assert (RecognitionPhoto.objects.count(), len(files)) == (1, 1)


def test_the_same_photo_as_base64_is_the_same_request(known_places, partner):
    first = send(partner)
    photo = base64.b64encode(encoded(scene("gate", 100))).decode()

    again = partner.post(
        ADDRESS,
        {"photo": photo},
        content_type="application/json",
        headers={"Idempotency-Key": "once"},
    )

    assert again.json() == first.json()


@pytest.mark.S12
@pytest.mark.parametrize("other", [{"seed": 7}, {"top_k": 1}], ids=str)
def test_another_request_with_the_key_is_refused(known_places, partner, other):
    send(partner)

    assert problem_of(send(partner, **other)) == (422, "idempotency_key_reused")
    assert RecognitionRequest.objects.count() == 1


def test_keys_of_two_partners_and_two_keys_are_apart(known_places, partner):
    send(partner)

    assert "Idempotency-Replayed" not in send(partner, key="second")
    assert "Idempotency-Replayed" not in send(client_with(Scope.RECOGNIZE), seed=7)


def test_a_refused_request_leaves_its_key_free(known_places, partner):
    refused = partner.post(
        ADDRESS,
        {"photo": upload(), "top_k": "6"},
        headers={"Idempotency-Key": "once"},
    )
    broken = partner.post(
        ADDRESS,
        "photo=",
        content_type="application/x-www-form-urlencoded",
        headers={"Idempotency-Key": "once"},
    )

    assert (refused.status_code, broken.status_code) == (422, 415)
    assert send(partner).status_code == 201


def test_what_fails_inside_leaves_its_key_free(known_places, partner, monkeypatch):
    partner.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(recognitions, "prepared", lambda photos: 1 / 0)
        assert send(partner).status_code == 500

    assert send(partner).status_code == 201


@pytest.mark.parametrize("key", ["x" * 256, "a\tb"], ids=["long", "tab"])
def test_a_key_that_cannot_be_is_refused(known_places, partner, key):
    assert problem_of(send(partner, key=key)) == (422, "invalid")


def test_whoever_takes_over_after_a_crash_finds_what_was_stored(known_places, partner):
    first = send(partner)
    held = IdempotencyKey.objects.get()
    held.answer, held.held_until = None, timezone.now()
    held.save()

    again = send(partner)

    assert again.json() == first.json()
    assert RecognitionRequest.objects.count() == 1


@pytest.mark.S12
@pytest.mark.django_db(transaction=True)
def test_the_same_request_at_the_same_time_hears_that_it_is_at_work(
    province, known_places, partner, monkeypatch
):
    arrived, go_on, replies = threading.Event(), threading.Event(), []
    prepared = recognitions.prepared

    def slowly(photos):
        arrived.set()
        assert go_on.wait(30)
        return prepared(photos)

    monkeypatch.setattr(recognitions, "prepared", slowly)

    def first() -> None:
        try:
            replies.append(send(partner))
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert arrived.wait(30)
    second = send(partner)
    go_on.set()
    thread.join()

    assert problem_of(second) == (409, "request_in_progress")
    assert second["Retry-After"] == "1"
    assert replies[0].status_code == 201
    assert send(partner).json() == replies[0].json()


def test_after_its_deletion_an_answer_is_not_repeated(known_places, partner):
    first = send(partner)
    assert partner.delete(f"{ADDRESS}{first.json()['id']}/").status_code == 204

    assert problem_of(send(partner)) == (410, "gone")
    assert IdempotencyKey.objects.get().answer == {}


def test_keys_are_forgotten_after_a_day(known_places, partner, monkeypatch):
    send(partner)
    later = timezone.now() + KEPT_FOR - HELD_FOR
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert forget_expired() == 0
    monkeypatch.setattr(timezone, "now", lambda: later + timedelta(minutes=3))

    assert forget_expired() == 1
    assert "Idempotency-Replayed" not in send(partner, seed=7)
