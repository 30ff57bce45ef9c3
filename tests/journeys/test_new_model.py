"""Pictures → training → measuring → export → the page is answered by the new model → back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request

import pytest
from playwright.sync_api import expect

from ml.export_folder import version_folders
from tests.environment import ROOT
from tests.journeys.conftest import PHONE
from tests.journeys.test_tourist_photo import expect_first

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PICTURES = ROOT / "ml" / "demo" / "pictures"


def ml(module: str, *arguments: object) -> dict:
    """Run a command of `ml`; return its JSON line."""
    done = subprocess.run(
        [sys.executable, "-m", f"ml.{module}", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def answering(portal) -> str:
    with urllib.request.urlopen(f"{portal.address}/readyz") as response:
        return json.load(response)["model"]


def test_a_trained_model_answers_on_the_page_and_is_taken_back(
    running_portal, open_browser, sample, tmp_path
):
    models = running_portal.data_dir / "models"
    for older in version_folders(models, "smoke")[1:]:
        shutil.rmtree(older)
    before = answering(running_portal)

    ml("data.shards", PICTURES / "references", "--output", tmp_path / "shards")
    ml("train", "--config", "smoke", "--shards", tmp_path / "shards", "--output", tmp_path / "run")
    exported = ml("export", "--run", tmp_path / "run", "--output", models)
    version = str(exported["version"])
    measured = ml(
        *("evaluate", "--export", models / "smoke" / version, "--no-cache"),
        *("--references", PICTURES / "references", "--queries", PICTURES / "samples"),
        *("--nonlandmark", PICTURES / "nonlandmarks"),
    )
    canary = running_portal.manage("serve_model", "canary", "smoke", version)
    promoted = running_portal.manage("serve_model", "promote")
    page = open_browser("/", **PHONE)
    page.set_input_files("#photo-camera", sample("sungnyemun"))
    expect_first(page, "sungnyemun")
    shown_by = answering(running_portal)
    back = running_portal.manage("serve_model", "rollback")
    page.goto("/")
    page.set_input_files("#photo-camera", sample("sungnyemun"))
    expect_first(page, "sungnyemun")

    assert measured["top1"] > 0.9
    assert (canary["model"], canary["version"]) == ("smoke", int(version))
    assert promoted["references"] == canary["references"] == 96
    assert shown_by == f"smoke:{version}"
    assert f"{back['model']}:{back['version']}" == before == answering(running_portal)
    expect(page.locator("[data-certainty]")).to_have_attribute("data-certainty", "sure")
