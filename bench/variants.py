"""Smaller numbers for the same network: what int8 and bf16 save, and how far their answers are
from the float32 of the same export. What that costs in accuracy: `python -m ml.evaluate`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from bench.rows import Row
from ml.contract import ONNX_FILE, read_labels
from ml.export import ensure_exported
from ml.export_folder import version_folders
from ml.pictures import DRAWN_PICTURES, pictures_below, read_pixels
from ml.serving.loaded_models import LoadedModel
from ml.serving.process import PROJECT

MODELS = PROJECT / ".gilnun" / "bench" / "variants"
PROFILE = "lite2"
VARIANTS = ("int8", "bf16")
TURNS = 40


def run() -> list[Row]:
    """Take turns with the same pictures in this process, with as many threads as cores."""
    original = ensure_exported(MODELS, PROFILE)
    folders = {"float32": original} | {name: _variant(original, name) for name in VARIANTS}
    threads = len(os.sched_getaffinity(0))
    models = {name: LoadedModel(folder, threads) for name, folder in folders.items()}
    labels = read_labels(original)
    pictures = [read_pixels(file, labels) for file in pictures_below(DRAWN_PICTURES)[::12]]
    seconds = {name: [] for name in models}
    for turn in range(TURNS):
        for name, model in models.items():
            started = time.perf_counter()
            model.run(pictures[turn % len(pictures)], ["embedding"])
            seconds[name].append(time.perf_counter() - started)
    medians = {name: 1000 * statistics.median(each) for name, each in seconds.items()}
    seen = {name: _seen(model, pictures) for name, model in models.items()}
    return [
        Row(
            f"{PROFILE} in {name} against float32",
            medians["float32"] / medians[name],
            "times as fast",
            "",
            None,
            f"{medians[name]:.1f} and {medians['float32']:.1f} ms; {_megabytes(folders[name]):.0f} "
            f"and {_megabytes(original):.0f} MB; cosine to float32 "
            f"{np.mean(cosines := (seen[name] * seen['float32']).sum(axis=1)):.4f}, "
            f"worst of {len(cosines)} drawn pictures {cosines.min():.4f}",
        )
        for name in VARIANTS
    ]


def _variant(original: Path, name: str) -> Path:
    """The variant made by the run before, or now."""
    model = f"{read_labels(original).model}-{name}"
    if not version_folders(MODELS, model):
        subprocess.run(
            [sys.executable, "-m", "ml.export", "--of", str(original), "--variant", name]
            + ["--output", str(MODELS)],
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    return version_folders(MODELS, model)[0]


def _seen(model: LoadedModel, pictures: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([model.run(picture, ["embedding"])["embedding"] for picture in pictures])


def _megabytes(folder: Path) -> float:
    return (folder / ONNX_FILE).stat().st_size / 2**20
