"""What is measured is kept part by part, with what it takes to judge it."""

import os
from types import SimpleNamespace

from bench import __main__ as measurements
from bench import parts, results
from bench.results import Part, keep
from bench.rows import Row

ORDER = ["first", "second", "second large"]


def part(value: float, *, busy: float = 0.0) -> Part:
    row = Row("time | of one", value, "ms", "≤ 2", value <= 2, "note")
    return Part([row], 12.0, busy, "two cores", "2026-11-23")


def test_a_part_that_is_measured_again_replaces_itself_only(tmp_path):
    keep({"second": part(1.0), "second large": part(9.0)}, order=ORDER, docs=tmp_path)

    keep({"first": part(1.5), "second large": part(3.0, busy=80.0)}, order=ORDER, docs=tmp_path)

    page = (tmp_path / "benchmarks.md").read_text()
    places = [
        page.index(f"### `make {name}`") for name in ("bench ONLY=first", "bench ONLY=second")
    ]
    assert places == sorted(places)
    assert "| time \\| of one | 1.0 ms | ≤ 2 | pass | note |" in page
    assert "9.0 ms" not in page
    large = page[page.index("### `make bench-large ONLY=second`") :]
    assert "| 3.0 ms | ≤ 2 | MISS |" in large
    assert "**Under load**: other programs used 80 %" in large
    assert page.count("Under load") == 1


def rows_of(name: str, *, large: bool) -> list[Row]:
    """Stands in for a part, in the process that measures it."""
    if name == "api":
        raise RuntimeError("no such table")
    return [Row("change", float(os.getpid()), "s", "≤ 5", True)]


def test_a_part_that_breaks_is_a_missed_row_and_the_others_are_shown(monkeypatch, capsys):
    monkeypatch.setattr(parts, "rows_of", rows_of)
    monkeypatch.setattr(parts, "psutil", SimpleNamespace(cpu_percent=lambda interval: 90.0))

    status = measurements.main(["api", "bulk"])

    printed = capsys.readouterr().out
    assert status == 1
    assert "MISS  RuntimeError: no such table" in printed
    assert "change" in printed
    assert "Under load, 90 % by other programs: bulk" in printed


def test_what_one_part_leaves_in_memory_is_not_there_for_the_next(monkeypatch):
    monkeypatch.setattr(parts, "rows_of", rows_of)

    processes = [parts.measure(name, large=False).rows[0].measured for name in ("bulk", "pages")]

    assert len({os.getpid(), *processes}) == 3


def test_the_page_of_the_project_is_what_was_kept():
    kept = results.read_kept(results.DOCS)

    assert (results.DOCS / "benchmarks.md").read_text() == results.page(kept)
