import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from apps.operations.limits import LimitReached, forget_old, take
from apps.operations.models import Limit

NOON = datetime(2026, 5, 1, 12, 0, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


def test_take_counts_down_and_then_refuses():
    left = [take("uploads", "a", limit=3, window=MINUTE, at=NOON).remaining for _ in range(3)]

    assert left == [2, 1, 0]
    with pytest.raises(LimitReached) as refused:
        take("uploads", "a", limit=3, window=MINUTE, at=NOON)
    assert refused.value.retry_after_seconds == 50


def test_take_starts_anew_in_the_next_window_and_for_another_key():
    take("uploads", "a", limit=1, window=MINUTE, at=NOON)

    assert take("uploads", "a", limit=1, window=MINUTE, at=NOON + MINUTE).remaining == 0
    assert take("uploads", "b", limit=1, window=MINUTE, at=NOON).remaining == 0


def test_take_refuses_everything_at_a_limit_of_zero():
    with pytest.raises(LimitReached):
        take("uploads", "a", limit=0, window=MINUTE, at=NOON)


def test_forget_old_keeps_present_windows():
    take("uploads", "a", limit=5, window=MINUTE, at=NOON)
    take("uploads", "a", limit=5, window=MINUTE, at=NOON + timedelta(days=1))

    forget_old(before=NOON + timedelta(hours=1))

    assert Limit.objects.count() == 1


@pytest.mark.S6
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_take_admits_exactly_the_limit_from_many_connections():
    admitted = []

    def ask() -> None:
        try:
            for _ in range(10):
                try:
                    take("uploads", "crowd", limit=20, window=MINUTE, at=NOON)
                except LimitReached:
                    continue
                admitted.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(admitted) == 20
