"""The promises R1–R15 and S1–S17: which tests show them, and a table of what was seen.

Each is a marker of pyproject.toml, "number: what | target". A test that shows one is marked with
it and may tell figures by the fixture `seen`. `make faults` runs these tests in full length,
prints the table last of all and keeps it as docs/faults.md.
"""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

NUMBER = re.compile(r"[RS]\d+")
PAGE = Path(__file__).resolve().parent.parent / "docs" / "faults.md"
# What has not begun by then is not run: the table must come to an end.
MOST_MINUTES = 30
# Parts of a promise that one machine without a network cannot show.
NOT_RUN_HERE = {
    "R7": "the same against TensorFlow Serving itself: no registry has its program; its protocol"
    " is held against TensorFlow and a second client (tests/verification)",
    "R9": "the same against Amazon's own S3: no network",
    "R13": "slow bodies over the internet: sent on the loopback device only; and nginx, which has"
    " no limit for the time of a whole body, does not cut them while they go on: they hold one of"
    " the 50 connections that an address may have, and nothing of the portal",
    "S17": "annotators' times beside a flood: its senders take the same two processor cores",
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
        self.began = time.monotonic()
        self.ends: dict[str, Counter[str]] = defaultdict(Counter)
        self.figures: dict[str, dict[str, object]] = defaultdict(dict)
        self.reasons: dict[str, Counter[str]] = defaultdict(Counter)

    def note(self, number: str, figures: Mapping[str, object]) -> None:
        """Keep figures; of numbers that several tests told by one name, the largest."""
        known = self.figures[number]
        for name, value in figures.items():
            both = isinstance(value, (int, float)) and isinstance(known.get(name), (int, float))
            known[name] = max(known[name], value) if both else value

    def verdict(self, number: str) -> str:
        ends = self.ends[number]
        if ends["failed"]:
            return "**MISS**"
        if ends["passed"]:
            return "pass"
        return "not run here" if ends["skipped"] else "not run"

    def seen(self, number: str) -> str:
        ends = self.ends[number]
        told = [f"{name.replace('_', ' ')} {value}" for name, value in self.figures[number].items()]
        counts = [f"{ends[end]} {end}" for end in ("passed", "failed") if ends[end]]
        skipped = [f"{count} skipped: {why}" for why, count in self.reasons[number].items()]
        return "; ".join([*told, ", ".join(counts), *skipped]).strip("; ")

    @property
    def time_is_over(self) -> bool:
        return time.monotonic() > self.began + 60 * MOST_MINUTES


SHOWN = pytest.StashKey[Shown]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="only the tests of R1–S17, in full length")
    parser.addoption("--keep-promises", action="store_true", help="and write docs/faults.md")


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
        request.config.stash[SHOWN].note(number, figures)

    return note


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.config.getoption("--long") and item.config.stash[SHOWN].time_is_over:
        pytest.skip(f"{MOST_MINUTES} minutes were over")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = (yield).get_result()
    if report.when == "call" or report.outcome != "passed":
        shown = item.config.stash[SHOWN]
        for number in shown_by(item):
            shown.ends[number][report.outcome] += 1
            if report.skipped and isinstance(report.longrepr, tuple):
                shown.reasons[number][report.longrepr[2].removeprefix("Skipped: ")] += 1


def table(config: pytest.Config) -> list[str]:
    """Return the lines of the table, and what of the promises nothing here can show."""
    shown = config.stash[SHOWN]
    lines = ["| | what | target | seen | |", "|---|---|---|---|---|"]
    for number, promise in promises(config).items():
        cells = (number, promise.what, promise.target, shown.seen(number), shown.verdict(number))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines.append("")
    lines += [f"- Not run here, of {number}: {reason}." for number, reason in NOT_RUN_HERE.items()]
    return lines


def page(config: pytest.Config) -> str:
    """Return docs/faults.md."""
    from bench.machine import described, load

    minutes = (time.monotonic() - config.stash[SHOWN].began) / 60
    head = [
        "# What is promised, and what was seen of it",
        "",
        f"`make faults` wrote this page on {date.today():%Y-%m-%d}, in {minutes:.0f} minutes."
        " It tries each fault and each abuse in full length: processes are killed, parts stopped,"
        " storages filled, requests forged. What clients were told is the judge of what is stored.",
        "",
        f"Machine: {described()}. The tests ran on it too; {load():.1f} processes wanted each core"
        " in the last minute.",
        "",
    ]
    return "\n".join([*head, *table(config)]) + "\n"


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    if not config.getoption("--long"):
        return
    terminalreporter.section("promises")
    for line in table(config):
        terminalreporter.write_line(line)
    if config.getoption("--keep-promises"):
        PAGE.write_text(page(config))
        terminalreporter.write_line(f"Kept in {PAGE.relative_to(PAGE.parent.parent)}.")
