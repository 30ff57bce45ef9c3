"""`make bench`: measure everything in one run, print one table, exit 1 where a target is missed.

Each module beside this one has `run() -> list[Row]`. `make bench ONLY=name` runs one of them.
`make bench-large` runs `run_large` of those that have it: tables of a million rows. `--keep` puts
what was measured into docs/benchmarks.md and leaves the rest of it as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench.machine import described
from bench.parts import measure
from bench.results import QUIET_PERCENT, keep
from bench.rows import print_table

# The accuracy comes last: it is the longest, and needs data that lies beside the project.
MODULES = (
    "model_server",
    "full_profile",
    "variants",
    "loaded_once",
    "embedding",
    "vector_index",
    "verification",
    "input_pipeline",
    "arcface_head",
    "photo_to_answer",
    "two_hosts",
    "start",
    "annotation_load",
    "admin_lists",
    "api",
    "partner_keys",
    "bulk",
    "imports",
    "routes",
    "pages",
    "map",
    "aihub_import",
    "renditions",
    "unit_costs",
    "annotation_export",
    "accuracy",
)
LARGE = ("annotation_load", "annotation_export", "vector_index")


def main(arguments: list[str]) -> int:
    options = {"--large", "--keep"} & set(arguments)
    only = [name for name in arguments if name not in options]
    large = "--large" in options
    known = LARGE if large else MODULES
    if unknown := set(only) - set(known):
        print(f"There is no {', '.join(sorted(unknown))}. Known: {', '.join(known)}")
        return 2
    print(described())
    parts = {}
    for name in only or known:
        parts[f"{name} large" if large else name] = measure(name, large=large)
    rows = [row for part in parts.values() for row in part.rows]
    print_table(rows)
    for name, part in parts.items():
        if part.busy > QUIET_PERCENT:
            print(f"Under load, {part.busy:.0f} % by other programs: {name}")
    if "--keep" in options:
        keep(parts, order=[*MODULES, *(f"{name} large" for name in LARGE)])
    return 1 if any(row.passed is False for row in rows) else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    sys.exit(main(sys.argv[1:]))
