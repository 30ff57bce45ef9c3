"""The direction of imports: one picture, kept true by import-linter (pyproject.toml)."""

import subprocess
import sys
from pathlib import Path

from tests.environment import ROOT


def test_imports_keep_their_direction():
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert result.returncode == 0, result.stdout


def test_no_module_is_named_after_nothing():
    vague = {"utils", "util", "common", "helpers", "helper", "manager", "misc"}
    found = [
        path
        for folder in ("apps", "portal", "ml", "tests", "bench")
        for path in (ROOT / folder).rglob("*.py")
        if path.stem in vague or path.parent.name in vague
    ]

    assert found == []
