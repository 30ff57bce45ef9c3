"""Lighthouse on the pages that tourists open first, as it looks at a phone.

It comes from npm into the folder of the tests; where npm or Chromium is missing, this is skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.environment import TEST_DATA
from tests.journeys.conftest import CHROMIUM
from tests.running import Portal

pytestmark = pytest.mark.slow
VERSION = "13.5.0"
LEAST = {"performance": 90, "accessibility": 100, "best-practices": 95, "seo": 100}
# It ends with 1 and without a report where it lost its Chromium: then no page was judged.
TIMES = 3
PAGES = ("/", "/landmarks/gyeongbokgung/", "/landmarks/", "/recognize/")


@pytest.fixture(scope="session")
def lighthouse() -> Path:
    npm = shutil.which("npm")
    if npm is None or not any(map(shutil.which, CHROMIUM)):
        pytest.skip("needs npm and Chromium, which are not here")
    folder = TEST_DATA / f"lighthouse-{VERSION}"
    program = folder / "node_modules" / ".bin" / "lighthouse"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        wanted = f"lighthouse@{VERSION}"
        options = ["--prefix", str(folder), "--no-audit", "--no-fund", "--loglevel=error"]
        made = subprocess.run([npm, "install", *options, wanted], capture_output=True, text=True)
        if made.returncode:
            pytest.skip(f"npm cannot install Lighthouse here: {made.stderr.strip()[-200:]}")
    return program


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_good_on_a_phone(lighthouse, running_portal: Portal, tmp_path, path):
    report = tmp_path / "report.json"
    chromium = next(filter(None, map(shutil.which, CHROMIUM)))

    command = [lighthouse, running_portal.address + path, "--quiet", "--output=json"]
    command += [f"--output-path={report}", f"--only-categories={','.join(LEAST)}"]
    command += ["--chrome-flags=--headless --no-sandbox --disable-gpu --disable-dev-shm-usage"]
    for _ in range(TIMES):
        done = subprocess.run(
            command,
            env=os.environ | {"CHROME_PATH": chromium},
            timeout=180,
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stderr

    categories = json.loads(report.read_text())["categories"]
    scores = {name: round(100 * categories[name]["score"]) for name in LEAST}
    assert not {name: score for name, score in scores.items() if score < LEAST[name]}
