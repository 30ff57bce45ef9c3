"""The promises R1–R15 and S1–S17: which tests show them, and a table of what was seen.

Each is a marker of pyproject.toml, "number: what | target". A test that shows one is marked with
it and may tell figures by the fixture `seen`. `make faults` runs these tests in full length.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import NamedTuple

import pytest

NUMBER = re.compile(r"[RS]\d+")
# Parts of a promise that one machine without a network cannot show.
NOT_RUN_HERE = {
    "R7": "the same against TensorFlow Serving itself: no registry has its program; its protocol"
    " is held against TensorFlow and a second client (tests/verification)",
    "R9": "the same against Amazon's own S3: no network",
    "R13": "slow bodies over the internet: sent on the loopback device only",
    "S13": "known vulnerabilities of the dependencies (pip-audit): its database is not reachable",
}


class Promise(NamedTuple):
    """What is tried, and what must come of it."""

    number: str
    what: str
    target: str


class Shown:
    """How the tests of each promise ended, and what they told."""

    def __init__(self) -> None:
        self.ends: dict[str, Counter[str]] = defaultdict(Counter)
        self.figures: dict[str, dict[str, object]] = defaultdict(dict)
        self.reasons: dict[str, str] = {}

    def verdict(self, number: str) -> str:
        ends = self.ends[number]
        if ends["failed"]:
            return "MISS"
        if ends["passed"]:
            return "pass"
        return f"not run here: {self.reasons[number]}" if number in self.reasons else "not run"

    def seen(self, number: str) -> str:
        ends = self.ends[number]
        told = [f"{name.replace('_', ' ')} {value}" for name, value in self.figures[number].items()]
        counts = [f"{ends[end]} {end}" for end in ("passed", "failed", "skipped") if ends[end]]
        return "; ".join([*told, ", ".join(counts)])


SHOWN = pytest.StashKey[Shown]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="only the tests of R1–S17, in full length")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SHOWN] = Shown()


def promises(config: pytest.Config) -> dict[str, Promise]:
    """Return the promises by number, as pyproject.toml states them."""
    found = {}
    for line in config.getini("markers"):
        number, _, text = line.partition(":")
        if NUMBER.fullmatch(number):
            what, _, target = (part.strip() for part in text.partition("|"))
            found[number] = Promise(number, what, target)
    return found


def shown_by(item: pytest.Item) -> list[str]:
    return [mark.name for mark in item.iter_markers() if NUMBER.fullmatch(mark.name)]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        others = [item for item in items if not shown_by(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if shown_by(item)]


@pytest.fixture
def is_long(request: pytest.FixtureRequest) -> bool:
    """Say whether the full length was asked for (`make faults`)."""
    return request.config.getoption("--long")


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Note what was seen of a promise: seen("R4", lost=0, slowest_s=1.2)."""
    numbers = shown_by(request.node)

    def note(number: str, **figures: object) -> None:
        assert number in numbers, f"this test is not marked {number}"
        request.config.stash[SHOWN].figures[number].update(figures)

    return note


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = (yield).get_result()
    if report.when == "call" or report.outcome != "passed":
        shown = item.config.stash[SHOWN]
        for number in shown_by(item):
            shown.ends[number][report.outcome] += 1
            if report.skipped and isinstance(report.longrepr, tuple):
                shown.reasons[number] = report.longrepr[2].removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    if not config.getoption("--long"):
        return
    shown = config.stash[SHOWN]
    write = terminalreporter.write_line
    terminalreporter.section("promises")
    write("| | what | target | seen | |")
    write("|---|---|---|---|---|")
    for number, promise in promises(config).items():
        cells = (number, promise.what, promise.target, shown.seen(number), shown.verdict(number))
        write("| " + " | ".join(cells) + " |")
    for number, reason in NOT_RUN_HERE.items():
        write(f"Not run here, of {number}: {reason}.")
