"""Full files of the catalogue, and the feed that goes on where they end."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pyarrow import parquet

from apps.api.full_files import ask_for_full_files
from apps.catalogue.models import FullFile, Landmark
from apps.operations.jobs import sweep_jobs
from apps.operations.models import DiscardedFile, Event, Job
from apps.partners.models import Scope
from apps.partners.services import create_api_key
from tests.factories.catalogue import LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory

pytestmark = pytest.mark.django_db
EXPORTS = "/api/v1/exports/"


@pytest.fixture
def partner() -> Client:
    key = create_api_key(name="files", scopes=[Scope.EXPORT, Scope.READ], at=timezone.now())
    return Client(headers={"Authorization": f"Api-Key {key.text}"})


def make_files() -> None:
    """Do what the sweeper does, in this process."""
    now = timezone.now()
    ask_for_full_files(at=now)
    sweep_jobs(at=now + timedelta(seconds=1), overdue=timedelta())


def test_partners_hear_that_the_files_are_made(partner):
    LandmarkFactory()

    make_files()

    event = Event.objects.get(kind="catalogue.full_files_ready")
    listed = {row["id"]: row for row in partner.get(EXPORTS).json()["results"]}
    assert {each["id"]: each["sha256"] for each in event.payload["files"]} == {
        key: row["sha256"] for key, row in listed.items()
    }
    assert {row["cursor"] for row in listed.values()} == {event.payload["cursor"]}
    assert event.payload["landmarks"] == 1


def files(partner: Client) -> dict[str, tuple[dict, bytes]]:
    """Return each listed file by its format, with its content."""
    listed = partner.get(EXPORTS).json()
    assert (listed["next"], listed["previous"]) == (None, None)
    found = {}
    for row in listed["results"]:
        answer = partner.get(row["url"])
        assert answer.status_code == 200
        assert answer["Content-Type"] == row["media_type"]
        found[row["format"]] = row, b"".join(answer.streaming_content)
    return found


def test_every_file_holds_the_whole_public_catalogue(partner):
    first = LandmarkFactory(
        names={"ko": "경복궁", "en": "Gyeongbokgung"}, external_ids={"kto": "1"}
    )
    PhotoFactory(landmark=first)
    ArticleFactory(landmark=first, body='쉼표, "따옴표"\n\n새 문단')
    LandmarkFactory(latitude=None, longitude=None)
    LandmarkFactory(state="draft")
    make_files()

    found = files(partner)

    for row, content in found.values():
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
        assert row["size"] == len(content)
        assert row["landmarks"] == 2
    lines = [json.loads(line) for line in found["jsonl"][1].splitlines()]
    listed = partner.get("/api/v1/landmarks/").json()["results"]
    assert [without_host(row) for row in listed] == lines
    features = json.loads(found["geojson"][1])["features"]
    assert [feature["properties"] for feature in features] == lines
    rows = list(csv.DictReader(io.StringIO(found["csv"][1].decode(), newline="")))
    table = parquet.read_table(io.BytesIO(found["parquet"][1])).to_pylist()
    assert [row["name_en"] for row in table] == ["Gyeongbokgung", None]
    assert [row["id"] for row in table] == [line["id"] for line in lines]
    assert table[1]["latitude"] is None
    for flat, typed in zip(rows, table, strict=True):
        assert datetime.fromisoformat(flat.pop("updated_at")) == typed.pop("updated_at")
        texts = {name: "" if value is None else str(value) for name, value in typed.items()}
        assert flat == texts
    assert json.loads(rows[0]["photos"])[0]["license"]["code"] == "CC0-1.0"
    assert rows[0]["article_body"] == '쉼표, "따옴표"\n\n새 문단'


def without_host(row: dict) -> dict:
    return json.loads(json.dumps(row).replace("http://testserver", ""))


def test_the_feed_goes_on_where_the_file_ends(partner):
    landmark = LandmarkFactory()
    make_files()
    cursor = files(partner)["jsonl"][0]["cursor"]
    later = LandmarkFactory()
    Landmark.objects.filter(pk=landmark.pk).update(state="withdrawn")

    changes = partner.get("/api/v1/changes/", {"cursor": cursor}).json()["results"]

    assert [(change["kind"], change["id"]) for change in changes] == [
        ("created", later.pk),
        ("unpublished", landmark.pk),
    ]


def test_files_are_made_once_a_night_and_old_ones_go(partner):
    now = timezone.now()
    make_files()
    assert ask_for_full_files(at=now) == 0
    FullFile.objects.update(made_at=now - timedelta(days=4))
    Job.objects.all().delete()

    make_files()

    assert FullFile.objects.count() == len(files(partner)) == 4
    assert DiscardedFile.objects.count() == 4


def test_files_need_a_key_with_their_scope(client, partner):
    make_files()
    address = partner.get(EXPORTS).json()["results"][0]["url"]
    reader = create_api_key(name="reader", scopes=[Scope.READ], at=timezone.now())
    as_reader = {"Authorization": f"Api-Key {reader.text}"}

    for path in (EXPORTS, address):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=as_reader).status_code == 403
    assert partner.get(f"{EXPORTS}{2**70}/").status_code == 404


def test_a_file_that_the_client_holds_is_not_sent_again(partner):
    make_files()
    address = partner.get(EXPORTS).json()["results"][0]["url"]
    first = partner.get(address)
    list(first.streaming_content)

    again = partner.get(address, headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 304
