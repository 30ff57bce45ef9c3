"""Every picture to try, through the running portal: by the page, the API and the README's curl."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess

import httpx
import pytest

from tests.environment import ROOT

pytestmark = pytest.mark.slow
PICTURES = ROOT / "ml" / "demo" / "pictures"
ENTRY = re.compile(r'data-landmark="([^"]+)"')
CERTAINTY = re.compile(r'data-certainty="([^"]+)"')


def rows(split: str) -> list[dict]:
    with (PICTURES / "manifest.csv").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["split"] == split]


@pytest.fixture(scope="module")
def key(running_portal) -> str:
    return running_portal.manage("create_api_key", "samples", "--scope", "recognize")["key"]


@pytest.fixture(scope="module")
def ask_api(running_portal, key):
    with httpx.Client(headers={"Authorization": f"Api-Key {key}"}, timeout=30) as client:

        def ask(row: dict) -> tuple[str, str]:
            """Return the first landmark's slug and the certainty."""
            content = (PICTURES / row["file"]).read_bytes()
            address = f"{running_portal.address}/api/v1/recognitions/"
            answer = client.post(address, files={"photo": ("photo.jpg", content)}).json()
            assert answer["status"] == "done"
            return answer["candidates"][0]["landmark"]["slug"], answer["certainty"]

        yield ask


def test_nine_of_ten_samples_are_right_first(ask_api):
    samples = rows("sample")

    right = [row["file"] for row in samples if ask_api(row)[0] == row["slug"]]

    assert len(samples) == 48
    assert len(right) >= 0.9 * len(samples)


def test_nine_of_ten_pictures_without_a_landmark_are_refused(ask_api):
    others = rows("nonlandmark-try")

    refused = [row["file"] for row in others if ask_api(row)[1] == "unknown"]

    assert len(others) == 30
    assert len(refused) >= 0.9 * len(others)


def test_the_page_says_what_the_api_says(ask_api, running_portal):
    with httpx.Client(base_url=running_portal.address, timeout=30, follow_redirects=True) as client:
        for row in [*rows("sample")[::12], *rows("nonlandmark-try")[::10]]:
            content = (PICTURES / row["file"]).read_bytes()

            page = client.post("/recognize/", files={"photo": ("photo.jpg", content)}).text

            assert (ENTRY.search(page)[1], CERTAINTY.search(page)[1]) == ask_api(row)


def test_the_curl_of_the_readme_works(running_portal, key):
    if shutil.which("curl") is None:
        pytest.skip("needs curl, which is not here")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = re.search(r"```sh\n(curl .*?)```", readme, re.DOTALL)[1]
    command = command.replace("http://127.0.0.1:8000", running_portal.address)

    result = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={"KEY": key, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )

    answer = json.loads(result.stdout)
    assert answer["status"] == "done"
    assert answer["candidates"][0]["landmark"]["slug"] == "sungnyemun"
