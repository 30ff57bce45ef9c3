"""What was measured last, kept in docs/benchmarks.json and shown in docs/benchmarks.md."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.rows import Row, measured, verdict

DOCS = Path(__file__).resolve().parent.parent / "docs"
KEPT = "benchmarks.json"
TEXT = Path(__file__).with_name("benchmarks.md")
# Other programs may use so much of the processors before a measurement counts as disturbed.
QUIET_PERCENT = 15.0


class Part(NamedTuple):
    """The rows of one module; `busy`: percent of the processors that others used before it."""

    rows: Sequence[Row]
    seconds: float
    busy: float
    machine: str
    day: str


def keep(parts: Mapping[str, Part], *, order: Sequence[str], docs: Path = DOCS) -> None:
    """Put these parts in the place of what was measured of them before; write the page anew."""
    together = read_kept(docs) | parts
    known = {name: together[name] for name in order if name in together}
    values = {name: part._asdict() for name, part in known.items()}
    (docs / KEPT).write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n")
    (docs / "benchmarks.md").write_text(page(known))


def read_kept(docs: Path) -> dict[str, Part]:
    """Return what was measured last of each part."""
    file = docs / KEPT
    kept = json.loads(file.read_text()) if file.exists() else {}
    return {
        name: Part(**values | {"rows": [Row(*row) for row in values["rows"]]})
        for name, values in kept.items()
    }


def page(parts: Mapping[str, Part]) -> str:
    """Return the page: one table for each part, under the command that makes it."""
    sections = "\n".join(_section(name, part) for name, part in parts.items())
    return TEXT.read_text().replace("{results}", sections.rstrip())


def _section(name: str, part: Part) -> str:
    large = name.endswith(" large")
    target = "bench-large" if large else "bench"
    said = [f"{part.day}, {part.seconds:.0f} s, {part.machine}."]
    if part.busy > QUIET_PERCENT:
        said.append(f"**Under load**: other programs used {part.busy:.0f} % of the processors.")
    lines = [
        f"### `make {target} ONLY={name.removesuffix(' large')}`",
        "",
        " ".join(said),
        "",
        "| what | measured | target | | note |",
        "|---|---|---|---|---|",
    ]
    for row in part.rows:
        cells = (row.name, measured(row), row.target, verdict(row), row.note)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])
