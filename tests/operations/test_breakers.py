"""A breaker's state is everybody's: threads with connections of their own stand for processes."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.operations.breakers import FAILURES_TO_OPEN, BreakerOpen, CircuitBreaker
from apps.operations.models import Breaker

pytestmark = [pytest.mark.django_db, pytest.mark.R7]


def opened() -> CircuitBreaker:
    for _ in range(FAILURES_TO_OPEN):
        CircuitBreaker("part").failed()
    return CircuitBreaker("part")


def let_its_time_pass() -> None:
    Breaker.objects.update(open_until=timezone.now())


def test_failures_of_all_processes_count_and_all_are_spared():
    for _ in range(FAILURES_TO_OPEN - 1):
        CircuitBreaker("part").failed()
    assert CircuitBreaker("part").check()

    CircuitBreaker("part").failed()

    with pytest.raises(BreakerOpen):
        CircuitBreaker("part").check()
    assert not CircuitBreaker("another").check()


def test_failures_of_long_ago_do_not_count():
    breaker = CircuitBreaker("part")
    for _ in range(FAILURES_TO_OPEN - 1):
        breaker.failed()
    held = Breaker.objects.get()
    held.failures = [at - timedelta(seconds=11) for at in held.failures]
    held.save()

    breaker.failed()

    assert not breaker.is_open()


def test_a_probe_that_succeeds_closes_it_and_one_that_fails_opens_it_again():
    breaker = opened()
    let_its_time_pass()
    assert breaker.check()
    breaker.failed()
    assert breaker.is_open()

    let_its_time_pass()
    assert breaker.check()
    breaker.succeeded()

    assert not breaker.check()
    assert breaker.open_since() is None


def test_since_when_it_fails_is_known_as_long_as_somebody_asks():
    breaker = opened()
    first = breaker.open_since()
    let_its_time_pass()
    breaker.check()
    breaker.failed()
    assert breaker.open_since() == first

    Breaker.objects.update(open_until=timezone.now() - timedelta(minutes=1))

    assert breaker.open_since() is None


def test_a_closed_one_costs_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert CircuitBreaker("part").check() is False


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_many_who_come_when_its_time_is_over_one_asks(seen):
    opened()
    let_its_time_pass()
    together = threading.Barrier(12)
    asked, spared = [], []

    def come() -> None:
        try:
            together.wait()
            asked.append(CircuitBreaker("part").check())
        except BreakerOpen:
            spared.append(True)
        finally:
            connection.close()

    threads = [threading.Thread(target=come) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    seen("R7", probes_at_once=len(asked))
    assert (len(asked), len(spared)) == (1, 11)
