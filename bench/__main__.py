"""`make bench`: measure everything in one run, print one table, exit 1 where a target is missed.

Each module beside this one has `run() -> list[Row]`. `make bench ONLY=name` runs one of them.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from bench.rows import print_table

# The accuracy comes last: it is the longest, and needs data that lies beside the project.
MODULES = (
    "model_server",
    "photo_to_answer",
    "start",
    "annotation_load",
    "admin_lists",
    "aihub_import",
    "renditions",
    "accuracy",
)


def main(only: list[str]) -> int:
    unknown = set(only) - set(MODULES)
    if unknown:
        print(f"There is no {', '.join(sorted(unknown))}. Known: {', '.join(MODULES)}")
        return 2
    rows = []
    for name in only or MODULES:
        print(f"Measuring {name} …", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"bench.{name}").run()
    print_table(rows)
    return 1 if any(row.passed is False for row in rows) else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    sys.exit(main(sys.argv[1:]))
