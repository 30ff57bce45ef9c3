from datetime import UTC, datetime

import pytest
from django.db import transaction

from apps.operations.events import record_event, take_events
from apps.operations.models import Event
from tests.factories.annotation import DatasetFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_record_event_says_what_happened_to_what():
    dataset = DatasetFactory()

    record_event(kind="test.happened", subject=dataset, payload={"color": "초록"}, at=NOON)

    event = Event.objects.get()
    assert (event.kind, event.at, event.payload) == ("test.happened", NOON, {"color": "초록"})
    assert (event.subject_type, event.subject) == ("annotation.dataset", str(dataset.pk))


def test_record_event_goes_with_the_transaction_that_failed():
    dataset = DatasetFactory()

    with pytest.raises(RuntimeError), transaction.atomic():
        record_event(kind="test.happened", subject=dataset, payload={}, at=NOON)
        raise RuntimeError

    assert not Event.objects.exists()


def test_take_events_gives_each_event_once_oldest_first():
    dataset = DatasetFactory()
    events = [
        record_event(kind="test.happened", subject=dataset, payload={}, at=NOON) for _ in range(3)
    ]

    first = take_events(limit=2, at=NOON)
    second = take_events(limit=2, at=NOON)

    assert first == events[:2]
    assert second == events[2:]
    assert take_events(limit=2, at=NOON) == []


def test_take_events_leaves_them_when_passing_on_fails():
    record_event(kind="test.happened", subject=DatasetFactory(), payload={}, at=NOON)

    with pytest.raises(RuntimeError), transaction.atomic():
        take_events(limit=1, at=NOON)
        raise RuntimeError

    assert len(take_events(limit=1, at=NOON)) == 1
