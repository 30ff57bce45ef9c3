"""Every promise has a target and a test."""

import re

import pytest

from tests.environment import ROOT
from tests.promises import NOT_RUN_HERE, SHOWN, Shown, page, promises

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


@pytest.fixture
def shown(request, monkeypatch) -> Shown:
    """Put the results of a test of this table in the place of those of this run."""
    made = Shown()
    monkeypatch.setitem(request.config.stash._storage, SHOWN, made)
    return made


def row_of(text: str, number: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {number} |"))


def test_the_page_says_of_each_promise_what_was_seen_and_whether_it_holds(request, shown):
    shown.ends["R1"]["passed"] = 2
    shown.note("R1", {"p95_s": 0.3, "lost": 0})
    shown.note("R1", {"p95_s": 0.2, "lost": 0})
    shown.ends["R2"]["passed"] = shown.ends["R2"]["failed"] = 1
    shown.ends["R3"]["skipped"] = 1
    shown.reasons["R3"]["needs redis-server"] = 1

    text = page(request.config)

    assert row_of(text, "R1").endswith("| p95 s 0.3; lost 0; 2 passed | pass |")
    assert row_of(text, "R2").endswith("| 1 passed, 1 failed | **MISS** |")
    assert row_of(text, "R3").endswith("| 1 skipped: needs redis-server | not run here |")
    assert row_of(text, "R4").endswith("|  | not run |")
    assert all(reason in text for reason in NOT_RUN_HERE.values())


def test_what_has_not_begun_in_time_is_not_run(shown, monkeypatch):
    assert not shown.time_is_over

    monkeypatch.setattr("tests.promises.MOST_MINUTES", 0)

    assert shown.time_is_over
