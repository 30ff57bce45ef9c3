"""200 requests at once over four processes: the limit of a key is kept exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.db import connection

from apps.operations.models import Limit
from apps.partners.models import KeyUsage
from tests.environment import CLUSTER, OWNER
from tests.running import web_processes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PROCESSES, REQUESTS, LIMIT = 4, 200, 60


@pytest.fixture
def four_processes(transactional_db) -> Iterator[str]:
    """Serve this test's database by four processes; yield the address."""
    url = CLUSTER.url(OWNER, connection.settings_dict["NAME"])
    with web_processes(PROCESSES, DATABASE_URL=url) as address:
        yield address


@pytest.mark.S6
@pytest.mark.parametrize("limits", [{"per_minute": LIMIT}, {"per_day": LIMIT}], ids=str)
def test_200_requests_at_once_admit_exactly_the_limit(four_processes, make_key, limits):
    made = make_key(**{"per_minute": 10_000, "per_day": 10_000} | limits)
    headers = {"Authorization": f"Api-Key {made.text}"}

    def ask(_) -> httpx.Response:
        # A connection of its own each time, so that all processes take part.
        return httpx.get(f"{four_processes}/api/v1/usage/", headers=headers, timeout=60)

    with ThreadPoolExecutor(50) as crowd:
        replies = list(crowd.map(ask, range(REQUESTS)))

    # The minute may end meanwhile: each window admits its limit, and what came is all counted.
    windows = Limit.objects.filter(key=made.row.prefix).filter(
        name="key-minute" if "per_minute" in limits else "key-day"
    )
    admitted = Counter(reply.status_code for reply in replies)[200]
    assert sum(window.used for window in windows) == admitted
    assert all(window.used <= LIMIT for window in windows)
    assert max(window.used for window in windows) == LIMIT
    assert {reply.status_code for reply in replies} == {200, 429}
    assert sum(usage.used for usage in KeyUsage.objects.filter(key=made.row)) == admitted
