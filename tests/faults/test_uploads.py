"""Uploads that mean harm, and too many of them: over HTTP, as senders meet the portal."""

from __future__ import annotations

import csv
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from apps.operations.models import Limit
from apps.recognition.models import RecognitionPhoto, RecognitionRequest
from tests.environment import CLUSTER, OWNER
from tests.pictures import encoded, picture
from tests.running import free_port, web_processes

pytestmark = pytest.mark.slow
SECONDS, MEGABYTES = 5, 700
# What a picture needs, and nothing that a sender may have written: no APP1-15, no comment.
NEEDED = {0xE0, 0xDB, 0xC0, 0xC2, 0xC4, 0xDD, 0xDA}


def segments(jpeg: bytes) -> set[int]:
    """Return the kinds of all segments before the pixels of a JPEG."""
    assert jpeg[:2] == b"\xff\xd8"
    found, at = set(), 2
    while jpeg[at + 1] != 0xDA:
        assert jpeg[at] == 0xFF
        found.add(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return found


def test_segments_sees_what_a_sender_wrote():
    assert segments(encoded(picture())) <= NEEDED
    assert not segments(encoded(picture(), comment=b"hello")) <= NEEDED


@pytest.mark.S1
@pytest.mark.django_db
def test_hostile_pictures_end_as_they_should_over_http(shared_data, settings, is_long, seen):
    settings.UPLOADS_PER_HOUR = settings.PENDING_UPLOADS = 10_000
    settings.TF_SERVING_ADDRESS = "127.0.0.1:9"
    folder = shared_data / "hostile_images"
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:: 1 if is_long else 12]
    client = Client(raise_request_exception=False)
    # This process answers, and holds what all tests before needed, too.
    own = psutil.Process()
    at_first = own.memory_info().rss
    wrong, statuses, slowest = [], Counter(), 0.0
    for row in rows:
        upload = SimpleUploadedFile("x", (folder / row["file"]).read_bytes(), "image/jpeg")
        upload._name = row["upload_name"]
        started = time.monotonic()
        status = client.post("/recognize/", {"photo": upload}).status_code
        slowest = max(slowest, time.monotonic() - started)
        statuses[status] += 1
        may = {row["expect"], *({"reject"} if row["optional_format"] else ())}
        may |= {
            "accept" if code == "accept" else "reject" for code in row["also_ok"].split("|") if code
        }
        if ("accept" if status == 303 else "reject") not in may:
            wrong.append((row["file"], status))

    copies = []
    for name in RecognitionPhoto.objects.values_list("file", flat=True):
        with default_storage.open(name) as copy:
            copies.append(segments(copy.read()))
    grown = own.memory_info().rss - at_first
    held = max(grown, *(process.memory_info().rss for process in own.children()))
    seen(
        "S1", pictures=len(rows), wrong=len(wrong), copies=len(copies), slowest_s=round(slowest, 1)
    )
    seen("S1", most_mb=round(held / 2**20))
    assert max(statuses) < 500, statuses
    assert len(wrong) <= len(rows) / 100, wrong
    assert copies and all(kinds <= NEEDED for kinds in copies)
    assert slowest <= SECONDS or not is_long
    assert held <= MEGABYTES * 2**20


@pytest.mark.S17
@pytest.mark.django_db(transaction=True)
def test_a_flood_is_stopped_by_address_and_for_all_together(is_long, seen, tmp_path):
    """50 addresses send to four processes at once while no model server answers."""
    uploads, addresses, each, together = (500, 50, 8, 200) if is_long else (60, 6, 8, 20)
    environment = {
        "DATABASE_URL": CLUSTER.url(OWNER, connection.settings_dict["NAME"]),
        "TF_SERVING_ADDRESS": f"127.0.0.1:{free_port()}",
        "GILNUN_UPLOADS_PER_HOUR": str(each),
        "GILNUN_PENDING_UPLOADS": str(together),
    }
    photo = encoded(picture((64, 64)))

    with web_processes(4, **environment) as server:

        def send(number: int) -> httpx.Response:
            here = httpx.HTTPTransport(local_address=f"127.0.0.{number % addresses + 2}")
            with httpx.Client(transport=here, timeout=60) as client:
                files = {"photo": ("a.jpg", photo)}
                accept = {"Accept": "application/json"}
                return client.post(f"{server}/recognize/", files=files, headers=accept)

        with ThreadPoolExecutor(16) as crowd:
            answers = list(crowd.map(send, range(uploads)))

    statuses = Counter(answer.status_code for answer in answers)
    counted = list(Limit.objects.filter(name="uploads").values_list("used", flat=True))
    stored = RecognitionRequest.objects.count()
    seen("S17", uploads=uploads, addresses=addresses, stored=stored, of_a_limit=together)
    assert set(statuses) == {303, 429}
    assert all(
        int(reply.headers["Retry-After"]) > 0 for reply in answers if reply.status_code == 429
    )
    assert stored == statuses[303] == together
    assert max(counted) <= each
