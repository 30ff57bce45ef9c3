"""The default profile on real photographs, in the protocol of the product's targets."""

import json
import subprocess
import sys

import pytest

from tests.environment import ROOT


@pytest.mark.slow
def test_the_default_profile_reaches_its_targets(shared_data, exported_model, tmp_path):
    photos = shared_data / "landmarks50"
    if not photos.is_dir():
        pytest.skip("needs landmarks50 beside the project, which is not here")

    subprocess.run(
        [sys.executable, "-m", "ml.evaluate"]
        + ["--references", str(photos / "train"), "--queries", str(photos / "test")]
        + ["--nonlandmark", str(photos / "nonlandmark"), "--json", str(tmp_path / "report.json")]
        + ["--export", str(exported_model)],
        cwd=ROOT,
        check=True,
    )

    report = json.loads((tmp_path / "report.json").read_text())
    assert report["n"] == 444
    assert report["top1"] >= 0.88
    assert report["top5"] >= 0.95
    assert report["gap"] >= 0.87
    assert report["ece"] <= 0.05
    assert report["auroc_nonlandmark"] >= 0.975
    assert report["auroc_unknown"] >= 0.86
    assert report["new_top1"] >= 0.65
    assert report["new_top5"] >= 0.76
