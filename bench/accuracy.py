"""Recognition on real photographs, where the data beside the project is present."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.rows import Row
from ml.serving.process import PROJECT

MODELS = PROJECT / ".gilnun" / "bench" / "models"


def run() -> list[Row]:
    """Evaluate the default profile in the protocol of `ml.evaluate`."""
    photos = Path(os.environ.get("GILNUN_SHARED_DIR", PROJECT.parent / "shared"))
    photos = photos / "data" / "landmarks50"
    if not photos.is_dir():
        note = "skipped: needs landmarks50 beside the project (GILNUN_SHARED_DIR)"
        return [Row("recognition on real photographs", None, "", "", None, note)]
    return rows(evaluate(photos))


def evaluate(photos: Path) -> dict:
    """The report of train as references, test as queries; every picture embedded anew."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "report.json")
        subprocess.run(
            [sys.executable, "-m", "ml.evaluate", "--models", str(MODELS), "--no-cache"]
            + ["--references", str(photos / "train"), "--queries", str(photos / "test")]
            + ["--nonlandmark", str(photos / "nonlandmark"), "--json", str(file)],
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return json.loads(file.read_text())


def rows(report: dict) -> list[Row]:
    """A row for each target."""

    def row(name: str, key: str, least: float, *, percent: bool = True) -> Row:
        scale, unit = (100, "%") if percent else (1, "")
        low, high = (scale * end for end in report["intervals"][key])
        digits = 1 if percent else 3
        return Row(
            name,
            scale * report[key],
            unit,
            f"≥ {least}",
            scale * report[key] >= least,
            f"95 %: {low:.{digits}f} to {high:.{digits}f}",
        )

    low, high = report["intervals"]["ece"]
    return [
        row(f"{report['n']} photographs, top-1", "top1", 88),
        row("… top-5", "top5", 95),
        row("… new landmarks from 5 photographs, top-1", "new_top1", 65),
        row("… new landmarks from 5 photographs, top-5", "new_top5", 76),
        row("… AUROC against non-landmarks", "auroc_nonlandmark", 0.975, percent=False),
        row("… AUROC against unknown landmarks", "auroc_unknown", 0.86, percent=False),
        row("… GAP with non-landmarks", "gap", 0.87, percent=False),
        Row(
            "… calibration error",
            report["ece"],
            "",
            "≤ 0.05",
            report["ece"] <= 0.05,
            f"95 %: {low:.3f} to {high:.3f}; {report['seconds']:.0f} s in all",
        ),
    ]
