"""`make bench`: measure everything in one run, print one table, exit 1 where a target is missed.

Each module beside this one has `run() -> list[Row]`. `make bench ONLY=name` runs one of them.
`make bench-large` runs `run_large` of those that have it: tables of a million rows.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from bench.rows import print_table

# The accuracy comes last: it is the longest, and needs data that lies beside the project.
MODULES = (
    "model_server",
    "loaded_once",
    "embedding",
    "vector_index",
    "input_pipeline",
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
    large = "--large" in arguments
    only = [name for name in arguments if name != "--large"]
    known = LARGE if large else MODULES
    unknown = set(only) - set(known)
    if unknown:
        print(f"There is no {', '.join(sorted(unknown))}. Known: {', '.join(known)}")
        return 2
    rows = []
    for name in only or known:
        print(f"Measuring {name} …", file=sys.stderr, flush=True)
        module = importlib.import_module(f"bench.{name}")
        rows += module.run_large() if large else module.run()
    print_table(rows)
    return 1 if any(row.passed is False for row in rows) else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    sys.exit(main(sys.argv[1:]))
