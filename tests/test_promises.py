"""Every promise has a target and a test."""

import re

from tests.environment import ROOT
from tests.promises import NOT_RUN_HERE, promises

NUMBERS = [f"R{number}" for number in range(1, 16)] + [f"S{number}" for number in range(1, 18)]


def test_every_promise_is_stated_with_its_target(request):
    stated = promises(request.config)

    assert list(stated) == NUMBERS
    assert all(promise.what and promise.target for promise in stated.values())
    assert set(NOT_RUN_HERE) < set(NUMBERS)


def test_every_promise_has_a_test():
    marked = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        marked |= set(re.findall(r"pytest\.mark\.([RS]\d+)\b", path.read_text()))

    assert marked == set(NUMBERS)
