"""Pictures a second that reach a training step: decoded, cropped, varied, in batches at 224 px."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.rows import Row
from ml.serving.process import PROJECT

SIDE = 224
BATCH = 32
WARM_UP, MEASURED = 10, 60
LEAST = 300
# In a process of its own: TensorFlow keeps its memory to the end.
PROGRAM = """
import json, sys, time
from ml.data.input_pipeline import training_batches
from ml.training_config import Augmentation
side, batch, warm_up, measured = map(int, sys.argv[2:])
batches = iter(training_batches(
    sys.argv[1], side=side, batch=batch, augmentation=Augmentation(), seed=1))
for _ in range(warm_up):
    next(batches)
started, busy = time.perf_counter(), time.process_time()
for _ in range(measured):
    next(batches)
print(json.dumps([time.perf_counter() - started, time.process_time() - busy]))
"""


def run() -> list[Row]:
    """Read shards of the drawn references as a training run does."""
    with tempfile.TemporaryDirectory() as folder:
        shards = Path(folder, "shards")
        pictures = PROJECT / "ml" / "demo" / "pictures" / "references"
        _python("-m", "ml.data.shards", str(pictures), "--output", str(shards))
        numbers = map(str, (SIDE, BATCH, WARM_UP, MEASURED))
        seconds, busy = json.loads(_python("-c", PROGRAM, str(shards), *numbers))
    rate = MEASURED * BATCH / seconds
    per_core = MEASURED * BATCH / busy
    return [
        Row(
            f"input pipeline, decoded and varied at {SIDE} px",
            rate,
            "photos/s",
            f"≥ {LEAST}",
            rate >= LEAST,
            f"{per_core:.0f} a second of processor time; JPEGs of at most 512 px",
        )
    ]


def _python(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]
