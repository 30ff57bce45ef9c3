"""TensorFlow's own SavedModel, timed on request.

`python -m bench.saved_model FOLDER PICTURE THREADS` prints the embedding of the picture; then,
for each line it reads, the seconds of one prediction. A process of its own, so that no other
measurement carries TensorFlow.
"""

import json
import sys
import time

import numpy as np


def main(folder: str, picture: str, threads: int) -> None:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    model = tf.saved_model.load(folder)  # kept: its signature holds it weakly
    serve = model.signatures["serving_default"]
    image = tf.constant(np.load(picture))
    for _ in range(10):
        embedding = serve(image=image)["embedding"].numpy()
    print(json.dumps(embedding.tolist()), flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        serve(image=image)["embedding"].numpy()
        print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
