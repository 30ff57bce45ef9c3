"""What a soak found, as a page with tables and a picture."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.machine import described, load
from bench.soak.clients import Answer, Log
from bench.soak.drawing import draw
from bench.soak.judging import RECOVERY, Verdict
from bench.soak.parts import WARM_UP, Growth, Kill, Sample


class Soak(NamedTuple):
    """Everything that one run saw; times are of `time.monotonic`."""

    options: argparse.Namespace
    began: float
    ended: float
    log: Log
    kills: Sequence[Kill]
    samples: Sequence[Sample]
    growths: Sequence[Growth]
    verdicts: Sequence[Verdict]


def write_report(soak: Soak, path: Path) -> None:
    """Write the page, and its picture beside it."""
    picture = path.with_suffix(".svg")
    picture.write_text(draw(soak.began, soak.ended, soak.log, soak.kills, soak.samples))
    path.write_text("\n".join([*_head(soak, picture.name), *_tables(soak)]) + "\n")


def _head(soak: Soak, picture: str) -> list[str]:
    minutes = (soak.ended - soak.began) / 60
    answers = len(soak.log.answers)
    return [
        "# Ten promises under load, with a process killed every minute",
        "",
        f"`python -m bench.soak --minutes {soak.options.minutes:g} --seed {soak.options.seed}"
        f" --kill-every {soak.options.kill_every:g}` wrote this page.",
        "",
        f"Annotators, tourists, partners and editors used one portal for {minutes:.1f} minutes:"
        f" {answers:,} answers, {answers / (soak.ended - soak.began):.0f} a second. One process of"
        f" the portal was killed (`kill -9`) every {soak.options.kill_every:g} seconds, each kind"
        " in its turn. Clients send again what got no answer, partners with the same"
        " `Idempotency-Key`. What they were told is compared with the database at the end.",
        "",
        f"Machine: {described()}. The clients ran on it too; {load():.1f} processes wanted each"
        " core in the last minute.",
        "",
        f"![Memory of each kind of process and times of answers]({picture})",
        "",
    ]


def _tables(soak: Soak) -> list[str]:
    return [
        *_table(
            "What was promised",
            ("", "promise", "figures"),
            [
                ("holds" if each.holds else "**broken**", each.sentence, each.figures)
                for each in soak.verdicts
            ],
        ),
        *_table(
            "What was killed",
            ("second", "process", "requests without an answer", "503", "longest wait, s"),
            [_kill(soak, kill) for kill in soak.kills],
        ),
        "A wait is the time from the first try of a request that was sent when the process was"
        f" killed, or up to {RECOVERY:.0f} s later, to the answer that counted.",
        "",
        *_table(
            "Memory",
            ("process", "MB", "change in ten minutes, MB", "may be, MB", "flat"),
            [
                (
                    each.part,
                    f"{each.megabytes:.0f}",
                    f"{each.in_ten_minutes:+.1f} ({each.least:+.1f} to {each.largest:+.1f})",
                    f"{each.most:.0f}",
                    each.verdict,
                )
                for each in soak.growths
            ],
        ),
        "Mean of all processes of a kind that lived longer than their first"
        f" {WARM_UP:.0f} s; what backends of the database share is left out. Each process has a"
        " level of its own, so that a start anew is no growth. The change is the middle of the"
        " slopes between any two samples of a process (Theil and Sen): what it loads at once, when"
        " it does something for the first time, is none. It is flat where the whole range stays"
        " below what may be, and grows where all of it is above.",
        "",
        *_table(
            "Answers",
            ("who", "what", "answers", "p50, ms", "p95, ms", "longest, ms"),
            _answers(soak.log.answers),
        ),
    ]


def _kill(soak: Soak, kill: Kill) -> tuple[str, ...]:
    def soon(at: float) -> bool:
        return kill.at <= at <= kill.at + RECOVERY

    silent = sum(soon(each.ended) for each in soak.log.silences)
    refused = sum(each.status == 503 and soon(each.ended) for each in soak.log.answers)
    waits = [
        (each.ended - each.began, f"{each.who}: {each.what}")
        for each in soak.log.waits
        if each.ended >= kill.at and each.began <= kill.at + RECOVERY
    ]
    longest, whose = max(waits, default=(0.0, "nobody"))
    figures = str(silent), str(refused), f"{longest:.1f} ({whose})"
    return f"{kill.at - soak.began:.0f}", kill.part, *figures


def _answers(answers: Sequence[Answer]) -> list[tuple[str, ...]]:
    rows = []
    for (who, what), count in sorted(Counter((each.who, each.what) for each in answers).items()):
        times = [
            1000 * (each.ended - each.began)
            for each in answers
            if (each.who, each.what) == (who, what) and each.status < 500
        ]
        if times:
            middle, late = np.percentile(times, [50, 95])
            figures = (f"{count:,}", f"{middle:.0f}", f"{late:.0f}", f"{max(times):.0f}")
            rows.append((who, what, *figures))
    return rows


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"## {title}", "", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]
