from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from apps.operations.events import (
    forget_events,
    pass_over_events,
    record_event,
    take_events,
)
from apps.operations.models import Event
from tests.factories.annotation import DatasetFactory

pytestmark = pytest.mark.django_db
KINDS = ("test.happened",)
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
    events = happen(3)

    first = take_events(KINDS, limit=2, at=NOON)
    second = take_events(KINDS, limit=2, at=NOON)

    assert first == events[:2]
    assert second == events[2:]
    assert take_events(KINDS, limit=2, at=NOON) == []


def test_take_events_leaves_them_when_passing_on_fails():
    happen(1)

    with pytest.raises(RuntimeError), transaction.atomic():
        take_events(KINDS, limit=1, at=NOON)
        raise RuntimeError

    assert len(take_events(KINDS, limit=1, at=NOON)) == 1


def test_events_that_nobody_hears_do_not_wait():
    happen(2)
    heard = record_event(kind="test.heard", subject=DatasetFactory(), payload={}, at=NOON)

    assert pass_over_events(heard=["test.heard"], at=NOON) == 2
    assert list(Event.objects.waiting()) == [heard]
    assert pass_over_events(heard=(), at=NOON) == 1


def test_only_events_that_were_passed_on_long_ago_are_forgotten():
    happen(2)
    take_events(KINDS, limit=1, at=NOON)

    assert forget_events(before=NOON) == 0
    assert forget_events(before=NOON + timedelta(seconds=1)) == 1
    assert Event.objects.waiting().count() == Event.objects.count() == 1


def happen(times: int) -> list[Event]:
    dataset = DatasetFactory()
    return [
        record_event(kind="test.happened", subject=dataset, payload={}, at=NOON)
        for _ in range(times)
    ]
