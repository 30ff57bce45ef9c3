"""Written statements store and read what the ORM would."""

import uuid
from datetime import UTC, datetime

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from apps.operations.models import Event, Job
from apps.operations.statements import columns, fetch_one, insert, instance
from apps.recognition.models import RecognitionPhoto, RecognitionRequest
from portal.database_router import _reading_pages

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def event(**values) -> Event:
    payload = {"color": "초록", "shares": [0.5, None]}
    return Event(
        at=NOON, kind="test.happened", subject_type="a.b", subject="7", payload=payload, **values
    )


def job() -> Job:
    return Job(
        task="a.task",
        subject="7",
        state=Job.State.DONE,
        attempts=1,
        available_at=NOON,
        lease_token=uuid.UUID(int=7),
        created_at=NOON,
        finished_at=NOON,
    )


def question() -> RecognitionRequest:
    return RecognitionRequest(
        submitted_at=NOON, timings={"decode": 1.25}, latitude=37.55, longitude=126.97
    )


def values_of(row: models.Model) -> dict:
    own = {"_state", "id", "receipt"}
    return {name: value for name, value in vars(row).items() if name not in own}


@pytest.mark.parametrize("made", [event, job, question])
def test_an_inserted_row_is_what_the_orm_would_have_stored(made):
    ours, theirs = made(), made()

    insert(ours)
    theirs.save()

    table = type(ours)._default_manager
    assert values_of(table.get(pk=ours.pk)) == values_of(table.get(pk=theirs.pk))


def test_inserted_rows_get_their_keys_in_their_order():
    request = question()
    insert(request)
    photos = [
        RecognitionPhoto(
            request=request, position=place, file=f"a/{place}.jpg", width=place, height=9
        )
        for place in (3, 1, 2)
    ]

    insert(*photos)

    stored = {photo.pk: photo for photo in RecognitionPhoto.objects.all()}
    assert [stored[photo.pk].position for photo in photos] == [3, 1, 2]
    assert [stored[photo.pk].file.name for photo in photos] == ["a/3.jpg", "a/1.jpg", "a/2.jpg"]
    assert not any(photo._state.adding for photo in photos)


def test_what_is_inserted_can_be_changed_and_saved():
    row = event()
    insert(row)

    row.kind = "test.changed"
    row.save()

    assert Event.objects.get().kind == "test.changed"


def test_rows_go_to_the_source_also_on_a_page_that_reads_elsewhere():
    """There is no connection of the name `replica` here: whoever asks it fails."""
    token = _reading_pages.set(True)
    try:
        insert(event())
    finally:
        _reading_pages.reset(token)

    assert Event.objects.filter(kind="test.happened").exists()


def test_columns_left_out_are_read_when_somebody_asks():
    insert(event())
    without = frozenset({"payload"})
    chosen = columns(Event, "event", without=without)
    values = fetch_one(f"SELECT {chosen} FROM {Event._meta.db_table} event", [])

    read = instance(Event, values, without=without)

    with CaptureQueriesContext(connection) as asked:
        assert (read.kind, read.at) == ("test.happened", NOON)
        assert len(asked) == 0
        assert read.payload["color"] == "초록"
        assert len(asked) == 1
