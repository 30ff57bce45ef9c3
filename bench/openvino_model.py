"""OpenVINO on the model server's ONNX file, timed on request; runs in the peers' environment.

`python -m bench.openvino_model FILE PICTURE THREADS` prints the embedding of the picture; then, for
each line it reads, the seconds of one prediction. Compiled for the picture's size, in float32.
"""

import json
import sys
import time

import numpy as np

# It would look up a host that counts its users.
sys.modules["openvino_telemetry"] = None


def main(file: str, picture: str, threads: int) -> None:
    import openvino

    image = np.load(picture)
    core = openvino.Core()
    model = core.read_model(file)
    model.reshape(list(image.shape))
    precise = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
    compiled = core.compile_model(model, "CPU", precise | {"PERFORMANCE_HINT": "LATENCY"})
    output = compiled.output("embedding")
    for _ in range(10):
        embedding = compiled(image)[output]
    print(json.dumps(embedding.tolist()), flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        compiled(image)
        print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
