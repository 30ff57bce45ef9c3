"""ArcFace's head at 25,000 classes: a step over all of them, and over a sample of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from bench.rows import Row
from ml.serving.process import PROJECT

CLASSES, SIZE, BATCH, NEGATIVES = 25_000, 512, 64, 4096
STEPS = 5
# Of the processor time of a step over all classes.
MOST_SHARE = 0.5
# In a process of its own: TensorFlow keeps its memory to the end.
PROGRAM = """
import json, resource, sys, time
import tensorflow as tf
from ml.models.arcface_head import ArcFaceHead
classes, size, batch, negatives, steps = map(int, sys.argv[1:])
head = ArcFaceHead(classes, scale=30.0, margins=0.3, subcenters=1)
embeddings = tf.math.l2_normalize(tf.random.stateless_normal((batch, size), [1, 2]), axis=1)
labels = tf.random.stateless_uniform((batch,), [3, 4], 0, classes, tf.int64)
head(embeddings, labels)

@tf.function
def step(number):
    with tf.GradientTape() as tape:
        if negatives:
            logits, columns = head.sampled(embeddings, labels, negatives, number)
        else:
            logits, columns = head(embeddings, labels), labels
        loss = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=columns, logits=logits))
    gradient = tape.gradient(loss, head.centers)
    return tf.convert_to_tensor(gradient.values if negatives else gradient)

step(tf.constant(0))
busy = time.process_time()
for number in range(steps):
    step(tf.constant(number + 1))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([(time.process_time() - busy) / steps, peak]))
"""


def run() -> list[Row]:
    """Loss and gradient of one batch of embeddings, in processor time."""
    whole, whole_peak = _measured(0)
    sampled, sampled_peak = _measured(NEGATIVES)
    return [
        Row(
            f"ArcFace head, {CLASSES:,} classes: a step over {NEGATIVES:,} sampled of the whole",
            sampled / whole,
            "×",
            f"≤ {MOST_SHARE}",
            sampled / whole <= MOST_SHARE,
            f"{sampled * 1000:.0f} of {whole * 1000:.0f} ms of a core, batch {BATCH}, {SIZE} "
            f"numbers; peak {sampled_peak:.0f} and {whole_peak:.0f} MB with TensorFlow",
        )
    ]


def _measured(negatives: int) -> list[float]:
    numbers = map(str, (CLASSES, SIZE, BATCH, negatives, STEPS))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *numbers],
        cwd=PROJECT,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])
