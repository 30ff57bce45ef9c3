"""What TensorFlow itself answers, in a process of its own: it takes seconds and 600 MB.

    python -m tests.verification.tensorflow_answers saved_model FOLDER PICTURES ANSWERS
    python -m tests.verification.tensorflow_answers logits PICTURES ANSWERS

PICTURES: an .npz of uint8 [N, H, W, 3] by any name; ANSWERS: an .npz by the
same names. A picture of `logits` is named VARIANT_anything.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent


def ask_tensorflow(command: list[str], pictures: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The answers of a process that runs this module."""
    with tempfile.TemporaryDirectory() as folder:
        given, answered = Path(folder, "pictures.npz"), Path(folder, "answers.npz")
        np.savez(given, **pictures)
        process = subprocess.run(
            [sys.executable, "-m", __spec__.name, *command, str(given), str(answered)],
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"},
            capture_output=True,
            text=True,
        )
        assert process.returncode == 0, process.stderr[-4000:]
        with np.load(answered) as arrays:
            return dict(arrays)


def _saved_model(folder: str, pictures: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    import tensorflow as tf

    serve = tf.saved_model.load(folder).signatures["serving_default"]
    return {
        name: serve(image=tf.constant(picture))["embedding"].numpy()
        for name, picture in pictures.items()
    }


def _logits(pictures: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    from ml.checkpoints import load_checkpoint
    from ml.models.efficientnet_lite import classifier_model, load_weights

    models = {}
    for variant in ("lite0", "lite2"):
        models[variant] = classifier_model(variant)
        load_weights(models[variant], load_checkpoint(variant))
    return {
        name: models[name.split("_")[0]](picture.astype(np.float32)).numpy()
        for name, picture in pictures.items()
    }


if __name__ == "__main__":
    *command, given, answered = sys.argv[1:]
    with np.load(given) as arrays:
        shown = dict(arrays)
    answers = _logits(shown) if command == ["logits"] else _saved_model(command[1], shown)
    np.savez(answered, **answers)
