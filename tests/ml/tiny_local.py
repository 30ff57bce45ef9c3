"""Local features for tests: a pyramid on few random convolutions, exported as the real ones are.

`python -m tests.ml.tiny_local MODELS` writes MODELS/landmarks-local/1. It tells a picture from
others, and finds no second view of a place.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from ml.contract import LOCAL_PROFILE
from ml.export_folder import version_folders
from tests.environment import ROOT, TEST_DATA

LEAST_INLIERS = 34


def exported() -> Path:
    """The version folder, made in a process of its own where it is missing."""
    models = TEST_DATA / "tiny-local"
    models.mkdir(parents=True, exist_ok=True)
    with open(models / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not version_folders(models, LOCAL_PROFILE.model_name):
            subprocess.run(
                [sys.executable, "-m", "tests.ml.tiny_local", str(models)], cwd=ROOT, check=True
            )
    return models / LOCAL_PROFILE.model_name / "1"


def main(models: Path) -> None:
    import keras

    from ml.export_folder import write_export
    from ml.local_exporting import LocalExportable, pyramid_of
    from ml.models import small_convolutions
    from ml.models.delf import feature_strength
    from ml.models.network import LOCAL_LAYER
    from ml.pictures import DRAWN_PICTURES

    keras.utils.set_random_seed(1)
    features = feature_strength(small_convolutions.feature_model(), LOCAL_LAYER["tiny"])
    local = LocalExportable(
        LOCAL_PROFILE.model_name,
        LOCAL_PROFILE.name,
        LOCAL_PROFILE.recipe,
        pyramid_of(features, DRAWN_PICTURES / "samples" / "dabotap"),
        {"least_inliers": LEAST_INLIERS},
    )
    write_export(local, models, 1)


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    main(Path(sys.argv[1]))
