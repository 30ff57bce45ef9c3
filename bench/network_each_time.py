"""A network that is built and loaded again for every photo, as the systems before Gilnun did.

`python -m bench.network_each_time WEIGHTS` makes random weights in that file where there are
none; then, for each path of a photo that it reads, it prints seconds and resident megabytes.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

SIDE = 224
CLASSES = 1049
PAGE = os.sysconf("SC_PAGE_SIZE")


def build():
    """ResNet50 with a layer of classes."""
    import keras

    body = keras.applications.ResNet50(
        include_top=False, weights=None, pooling="avg", input_shape=(SIDE, SIDE, 3)
    )
    scores = keras.layers.Dense(CLASSES, activation="softmax")(body.output)
    return keras.Model(body.input, scores)


def answer(photo: str, weights: Path) -> list[int]:
    """Build, load, decode, predict: the five best classes of a photo."""
    from PIL import Image

    network = build()
    network.load_weights(weights)
    with Image.open(photo) as image:
        pixels = np.asarray(image.convert("RGB").resize((SIDE, SIDE)), dtype=np.float32)
    scores = network.predict((pixels[None] - 128) / 128, verbose=0)[0]
    return np.argsort(-scores)[:5].tolist()


def resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


def main(weights: Path) -> None:
    if not weights.exists():
        build().save_weights(weights)
    print("ready", flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        answer(line.strip(), weights)
        print(time.perf_counter() - started, resident_megabytes(), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
