"""The Keras networks against logits that PyTorch computed from the same weights.

The stored logits come from a plain PyTorch 2.13 forward pass over the same
drawn pictures (F.conv2d with TensorFlow's SAME padding, F.batch_norm, F.relu6).
"""

import numpy as np
import pytest

from tests.ml.drawn import drawn_picture
from tests.verification.tensorflow_answers import ROOT, ask_tensorflow

STORED = ROOT / "tests" / "ml" / "fixtures" / "efficientnet_lite_logits.npz"
TOLERANCE = 1e-4


@pytest.mark.slow
def test_keras_gives_the_logits_of_pytorch():
    with np.load(STORED) as arrays:
        stored = dict(arrays)
    pictures = {}
    for name in stored:
        height, width = map(int, name.split("_")[1].split("x"))
        pictures[name] = drawn_picture(height, width)[np.newaxis]

    logits = ask_tensorflow(["logits"], pictures)

    assert set(stored) == {"lite0_224x224", "lite0_240x320", "lite2_260x260", "lite2_240x320"}
    for name, expected in stored.items():
        assert np.abs(logits[name][0] - expected).max() <= TOLERANCE
        assert logits[name][0].argmax() == expected.argmax()
