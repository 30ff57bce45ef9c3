"""What is measured is kept part by part, with what it takes to judge it."""

from types import SimpleNamespace

from bench import __main__ as measurements
from bench import results
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


def test_a_part_that_breaks_is_a_missed_row_and_the_others_are_shown(monkeypatch, capsys):
    def broken() -> None:
        raise RuntimeError("no such table")

    modules = {
        "bench.api": SimpleNamespace(run=broken),
        "bench.bulk": SimpleNamespace(run=lambda: [Row("change", 1.0, "s", "≤ 5", True)]),
    }
    monkeypatch.setattr(measurements, "importlib", SimpleNamespace(import_module=modules.get))
    monkeypatch.setattr(measurements, "psutil", SimpleNamespace(cpu_percent=lambda interval: 90.0))

    status = measurements.main(["api", "bulk"])

    printed = capsys.readouterr().out
    assert status == 1
    assert "MISS  RuntimeError: no such table" in printed
    assert "change" in printed
    assert "Under load, 90 % by other programs: bulk" in printed


def test_the_page_of_the_project_is_what_was_kept():
    kept = results.read_kept(results.DOCS)

    assert (results.DOCS / "benchmarks.md").read_text() == results.page(kept)
