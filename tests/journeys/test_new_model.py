"""Annotations → training → export → measuring → canary → the page is answered by it → back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
import uuid

import pytest
from playwright.sync_api import expect

from ml.export_folder import version_folders
from tests.environment import ROOT
from tests.journeys.conftest import PHONE
from tests.journeys.test_tourist_photo import expect_first

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PICTURES = ROOT / "ml" / "demo" / "pictures"
MANIFEST = PICTURES / "manifest.csv"


PASSWORD = "a long password for tests"
# What an annotator does with every picture: takes the suggested box, ticks a tag, submits.
ANNOTATE_ALL = """
async dataset => {
  const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
  const post = (path, body) => fetch(`/annotate/api/${path}`, {
    method: "POST",
    headers: {"Content-Type": "application/json", "X-CSRFToken": token},
    body: JSON.stringify(body),
  });
  let claim = await (await post("claim", {dataset})).json();
  let submitted = 0;
  while (claim) {
    const answer = await post(`tasks/${claim.task.id}/submit`, {
      dataset, token: claim.task.token, bbox: claim.task.suggestion,
      truncated: false, occluded: false, reflection: false, none_of_these: true,
    });
    if (!answer.ok) throw new Error(await answer.text());
    claim = (await answer.json()).next;
    submitted += 1;
  }
  return submitted;
}
"""


def train(portal, name: str, dataset: int) -> tuple[int, list[dict]]:
    """Run the loop; return its exit code and what each stage said."""
    command = [sys.executable, "manage.py", "train_model", name, "--config", "smoke"]
    done = subprocess.run(
        [*command, "--dataset", str(dataset)],
        cwd=ROOT,
        env=portal.environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def annotated_dataset(portal, open_browser, name: str) -> int:
    """Make a dataset of the drawn landmarks, and have a person annotate all of it."""
    portal.manage("create_user", name, "--role", "annotator", "--password", PASSWORD)
    made = portal.manage(
        *("create_dataset", name, "--images", str(PICTURES / "references"), "--no-review"),
        *("--annotator", name, "--manifest", str(MANIFEST), "--license", "OWN"),
    )
    page = open_browser("/accounts/login/?next=/annotate/numbers/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/annotate/**")
    assert page.evaluate(ANNOTATE_ALL, made["id"]) == made["tasks"] == 96
    return made["id"]


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

    name = f"loop-{uuid.uuid4().hex[:8]}"
    dataset = annotated_dataset(running_portal, open_browser, name)

    code, lines = train(running_portal, name, dataset)
    said = {line["stage"]: line for line in lines if "stage" in line}
    version = str(lines[-1]["version"])
    listed = running_portal.manage("serve_model", "list")
    again, repeated = train(running_portal, name, dataset)
    promoted = running_portal.manage("serve_model", "promote")
    page = open_browser("/", **PHONE)
    page.set_input_files("#photo-camera", sample("sungnyemun"))
    expect_first(page, "sungnyemun")
    shown_by = answering(running_portal)
    back = running_portal.manage("serve_model", "rollback")
    page.goto("/")
    page.set_input_files("#photo-camera", sample("sungnyemun"))
    expect_first(page, "sungnyemun")

    assert (code, again) == (0, 0)
    assert list(said) == ["annotations", "shards", "train", "export", "evaluate", "canary"]
    assert said["annotations"]["annotations"] == 96
    assert said["evaluate"]["new"]["top1"] > 0.8
    assert said["evaluate"]["compared"]["pictures"] == said["evaluate"]["new"]["n"]
    assert all(line["earlier"] for line in repeated[:-1])
    assert (listed["canary"]["model"], listed["canary"]["version"]) == ("smoke", int(version))
    assert promoted["references"] == said["canary"]["references"] == 96
    assert shown_by == f"smoke:{version}"
    assert f"{back['model']}:{back['version']}" == before == answering(running_portal)
    expect(page.locator("[data-certainty]")).to_have_attribute("data-certainty", "sure")
