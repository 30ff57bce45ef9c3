"""The judges of a soak see what is lost, doubled or grown."""

import argparse
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from bench.soak.clients import Answer, Log, Silence, Wait
from bench.soak.judging import Verdict, followed, kept_small, told_and_stored, unexplained
from bench.soak.parts import MODEL, SWEEPER, WEB, Kill, Memory, Sample
from bench.soak.report import Soak, write_report


@pytest.mark.parametrize(
    ("told", "stored", "holds"),
    [
        ([1, 2], [2, 1], True),
        ([1, 2], [1], False),
        ([1, 2], [1, 2, 2], False),
        ([1, 2], [1, 2, 3], False),
    ],
    ids=["the same", "lost", "twice", "never told"],
)
def test_what_was_told_is_stored_once(told, stored, holds):
    assert told_and_stored("rows", told, stored).holds is holds


def test_only_a_killed_web_process_explains_silence():
    silent = Silence(100.0, 101.0, "tourist", "page", "ReadError")

    assert unexplained([silent], [Kill(100.5, WEB)]) == []
    assert unexplained([silent], [Kill(100.5, SWEEPER)]) == [silent]
    assert unexplained([silent], [Kill(300.0, WEB)]) == [silent]


def test_a_follower_who_missed_a_change_is_found():
    assert followed({1: "a", 2: "b"}, {1: "a", 2: "b"}).holds
    assert not followed({1: "a"}, {1: "a", 2: "b"}).holds
    assert not followed({1: "a"}, {}).holds


def samples(part: str, process: int, megabytes_a_minute: float) -> list[Sample]:
    return [
        Sample(at, part, process, 100 + megabytes_a_minute * at / 60 + at % 3)
        for at in range(0, 600, 2)
    ]


def test_memory_that_grows_is_told_from_memory_that_scatters():
    memory = Memory(SimpleNamespace())
    memory.samples += samples(MODEL, 1, 0) + samples(MODEL, 2, 0) + samples(WEB, 3, 3)

    growths = {growth.part: growth for growth in memory.growths()}

    assert growths[MODEL].flat
    assert not growths[WEB].flat
    assert growths[WEB].in_ten_minutes == pytest.approx(30, abs=2)
    flat, small = kept_small(list(growths.values()), memory.samples)
    assert (flat.holds, flat.figures) == (False, "grown: web process")
    assert small.holds


def test_a_step_is_no_growth():
    memory = Memory(SimpleNamespace())
    memory.samples += [Sample(at, SWEEPER, 1, 140 + 30 * (at > 430)) for at in range(0, 600, 2)]

    (growth,) = memory.growths()

    assert growth.in_ten_minutes == 0
    assert not growth.grown


def test_what_scatters_more_than_it_may_grow_is_called_neither():
    memory = Memory(SimpleNamespace())
    memory.samples += [Sample(at, WEB, 1, 100 + 30 * (at % 4)) for at in range(0, 240, 2)]
    memory.samples.append(Sample(0, MODEL, 2, 900))

    flat, small = kept_small(memory.growths(), memory.samples)

    assert (flat.holds, flat.figures) == (True, "grown: none; too short to tell of: web process")
    assert (small.holds, small.figures) == (False, "at most 900 MB: model server")


def test_the_report_names_what_broke_and_draws_a_picture(tmp_path):
    log = Log()
    log.answers += [Answer(second, second + 0.02, "tourist", "page", 200) for second in range(60)]
    log.waits += [Wait(19.0, 24.5, "tourist", "page")]
    memory = Memory(SimpleNamespace())
    memory.samples += samples(WEB, 3, 3)
    options = argparse.Namespace(minutes=1, seed=1, kill_every=20)
    verdicts = [Verdict("nothing lost", False, "1 lost")]
    kills = [Kill(20.0, WEB)]
    soak = Soak(options, 0.0, 60.0, log, kills, memory.samples, memory.growths(), verdicts)

    write_report(soak, tmp_path / "soak.md")

    page = (tmp_path / "soak.md").read_text()
    assert "| **broken** | nothing lost | 1 lost |" in page
    assert "| 20 | web process | 0 | 0 | 5.5 (tourist: page) |" in page
    assert "| tourist | page | 60 | 20 | 20 | 20 |" in page
    picture = ElementTree.parse(tmp_path / "soak.svg").getroot()
    assert len(picture.findall(".//{*}polyline")) == 4
