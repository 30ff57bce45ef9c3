"""Is one model better than another, or was it luck? On the same pictures, question by question.

    python -m ml.evaluate … --details a.json        (once with each model)
    python -m ml.compare a.json b.json

Prints both shares named right, the difference with its 95 % bootstrap interval (pictures drawn
in pairs), and McNemar's exact p-value; last, one JSON object.
"""

import argparse
import json
import math
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

DRAWS = 10_000


class NotComparable(ValueError):
    """The two files are not about the same pictures."""


class Comparison(NamedTuple):
    """first, second: shares named right. difference: second − first; low, high: its 95 %.
    only_first, only_second: pictures that one of them alone named right. p: McNemar's."""

    pictures: int
    first: float
    second: float
    difference: float
    low: float
    high: float
    only_first: int
    only_second: int
    p: float


def compare(first: np.ndarray, second: np.ndarray, *, seed: int = 0) -> Comparison:
    """Compare bool [n] and bool [n]: whether each picture was named right."""
    differences = second.astype(float) - first.astype(float)
    draws = np.random.default_rng(seed)
    means = [
        differences[draws.integers(0, len(differences), len(differences))].mean()
        for _ in range(DRAWS)
    ]
    low, high = np.percentile(means, [2.5, 97.5])
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    return Comparison(
        len(first),
        float(first.mean()),
        float(second.mean()),
        float(differences.mean()),
        float(low),
        float(high),
        only_first,
        only_second,
        mcnemar(only_first, only_second),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided p-value: were both equally good, the odd ones would fall like a coin."""
    total = only_first + only_second
    if total == 0:
        return 1.0
    tail = sum(math.comb(total, k) for k in range(min(only_first, only_second) + 1))
    return min(1.0, 2 * tail / 2**total)


def read_right(first: Path, second: Path) -> tuple[np.ndarray, np.ndarray]:
    """Whether each picture was named right, bool [n] each, in one order; raises NotComparable."""
    answers = [
        {query["file"]: query["place"] == 0 for query in json.loads(path.read_text())["queries"]}
        for path in (first, second)
    ]
    if answers[0].keys() != answers[1].keys() or not answers[0]:
        raise NotComparable(f"{first} and {second} are not about the same pictures")
    files = sorted(answers[0])
    return tuple(np.array([each[file] for file in files]) for each in answers)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ml.compare", description=__doc__.split("?")[0])
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    options = parser.parse_args(arguments)
    try:
        found = compare(*read_right(options.first, options.second))
    except (OSError, KeyError, ValueError) as error:
        print(f"ml.compare: {error}", file=sys.stderr)
        return 2
    print(f"{found.pictures} pictures: {found.first:.4f} and {found.second:.4f} named right")
    print(f"  difference {found.difference:+.4f}   95 %: {found.low:+.4f} to {found.high:+.4f}")
    print(f"  right in one only: {found.only_first} and {found.only_second}; p = {found.p:.4f}")
    print(json.dumps(found._asdict()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
