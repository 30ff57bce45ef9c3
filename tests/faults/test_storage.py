"""The storage of the pictures is full, away, slow or breaks off: nothing is kept by halves."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.config import Config
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.operations.models import Job
from apps.partners.models import Scope
from apps.partners.services import create_api_key
from apps.recognition.models import RecognitionRequest
from portal.s3_storage import PATIENCE, PatientS3Storage
from tests.catalogue.test_renditions import completed, photo_of
from tests.factories.recognition import RecognitionPhotoFactory, RecognitionRequestFactory
from tests.pictures import encoded, picture

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
IMPATIENT = Config(read_timeout=1)
# What one who sends a photo waits at most for the storage.
LONGEST_SECONDS = 7
# How long boto waits to hear that the service wants the file.
BEFORE_FILE = 1
REFUSED = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: 66\r\n"
    b"Connection: close\r\n\r\n<Error><Code>SlowDown</Code><Message>Later.</Message></Error>      "
)


def upload() -> SimpleUploadedFile:
    return SimpleUploadedFile("photo.jpg", encoded(picture()), "image/jpeg")


def send_everywhere() -> dict[str, object]:
    """Send a photo on the page, as a program there, and through the API."""
    key = create_api_key(name="partner", scopes=[Scope.RECOGNIZE], at=timezone.now()).text
    client = Client(raise_request_exception=False)
    accept = {"Accept": "application/json"}
    with_key = {"Authorization": f"Api-Key {key}"}
    return {
        "page": client.post("/en/recognize/", {"photo": upload()}),
        "program": client.post("/recognize/", {"photo": upload()}, headers=accept),
        "api": client.post("/api/v1/recognitions/", {"photo": upload()}, headers=with_key),
    }


@pytest.mark.R8
def test_a_full_disk_refuses_photos_with_a_plain_message_and_reads_go_on(monkeypatch, seen):
    held = RecognitionPhotoFactory(request=RecognitionRequestFactory())
    address = f"/recognize/{held.request.receipt}/"
    before = set(Path(default_storage.location).rglob("*.*"))

    def full(self, name, content):
        written = Path(self.path(name))
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "_save", full)
    answers = send_everywhere()
    shown = Client().get(address)
    with default_storage.open(held.file.name) as kept:
        read = kept.read()

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        answers, 507
    )
    assert "no room for pictures" in answers["page"].content.decode()
    assert answers["program"].json()["code"] == answers["api"].json()["code"] == "storage_full"
    assert all(answer["Retry-After"] for answer in answers.values())
    assert RecognitionRequest.objects.count() == 1
    assert not Job.objects.exists()
    left = set(Path(default_storage.location).rglob("*.*")) - before
    assert left == set()
    assert (shown.status_code, read) == (200, b"the photo")
    seen("R8", rows_without_file=0, part_files=len(left))


@contextmanager
def s3_that(fault: str) -> Iterator[str]:
    """Stand where an S3 service should be, and be at fault; yield its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    stop = threading.Event()

    def serve() -> None:
        held = []
        while not stop.is_set():
            try:
                caller, _ = listening.accept()
            except TimeoutError:
                continue
            caller.settimeout(1)
            if fault == "says nothing":
                held.append(caller)
                continue
            with caller:
                try:
                    caller.recv(65536)
                    if fault == "answers 503":
                        caller.sendall(REFUSED)
                except OSError:
                    continue
        for caller in held:
            caller.close()

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        stop.set()
        serving.join()
        listening.close()


@pytest.mark.R9
def test_a_storage_that_says_nothing_is_given_up_soon():
    tries = PATIENCE.retries["total_max_attempts"]
    longest = PATIENCE.connect_timeout + BEFORE_FILE + PATIENCE.read_timeout

    assert tries * longest <= LONGEST_SECONDS


@pytest.mark.R9
@pytest.mark.parametrize("fault", ["answers 503", "breaks off", "is not there", "says nothing"])
def test_a_storage_service_at_fault_refuses_photos_and_keeps_nothing(
    settings, fault, seen, is_long
):
    shown = completed(photo_of(picture())).landmark.get_absolute_url()
    with s3_that(fault) as address:
        if fault == "is not there":
            address = "http://127.0.0.1:9"
        settings.STORAGES = settings.STORAGES | {
            "default": {
                "BACKEND": "portal.s3_storage.PatientS3Storage",
                "OPTIONS": {
                    "bucket_name": "pictures",
                    "access_key": "test",
                    "secret_key": "test",
                    "region_name": "us-east-1",
                    "endpoint_url": address,
                    "file_overwrite": False,
                },
            }
        }
        if fault == "says nothing" and not is_long:
            default_storage.client_config = default_storage.client_config.merge(IMPATIENT)
        started = time.monotonic()
        answer = Client(raise_request_exception=False).post(
            "/recognize/", {"photo": upload()}, headers={"Accept": "application/json"}
        )
        seconds = time.monotonic() - started
        page = Client().get(shown)

    assert isinstance(default_storage._wrapped, PatientS3Storage)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert int(answer["Retry-After"]) > 0
    assert not RecognitionRequest.objects.exists()
    # What is there already is shown meanwhile: a page asks the storage for nothing.
    assert page.status_code == 200
    assert seconds <= LONGEST_SECONDS or not is_long
    seen("R9", **{f"{fault.replace(' ', '_')}_s": round(seconds, 1)})
