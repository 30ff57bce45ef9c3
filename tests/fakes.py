"""Stand-ins for outside services; tests/verification holds them against the real thing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager

import grpc
import numpy as np

from ml.serving_protocol import (
    array_to_tensor,
    predict_pb2,
    prediction_service_pb2_grpc,
    tensor_to_array,
)


class RecordingServer(prediction_service_pb2_grpc.PredictionServiceServicer):
    """A TensorFlow Serving that keeps what it was asked and answers what it was told."""

    def __init__(self, embedding: np.ndarray, version: int):
        self.embedding = embedding.astype(np.float32)
        self.version = version
        self.asked: list[tuple[str, int, tuple[int, ...]]] = []

    def Predict(self, request, context):
        image = tensor_to_array(request.inputs["image"], largest_bytes=2**24)
        spec = request.model_spec
        self.asked.append((spec.name, spec.version.value, image.shape))
        answer = predict_pb2.PredictResponse()
        answer.model_spec.name = spec.name
        answer.model_spec.version.value = self.version
        answer.model_spec.signature_name = "serving_default"
        answer.outputs["embedding"].CopyFrom(array_to_tensor(self.embedding[None]))
        answer.outputs["scores"].CopyFrom(array_to_tensor(np.zeros((1, 0), np.float32)))
        answer.outputs["class_ids"].CopyFrom(array_to_tensor(np.zeros((1, 0), np.int64)))
        return answer


@contextmanager
def recording_server(
    embedding: np.ndarray, *, version: int
) -> Iterator[tuple[str, RecordingServer]]:
    """Run a RecordingServer on a free port; yield its host:port and itself."""
    service = RecordingServer(embedding, version)
    server = grpc.server(futures.ThreadPoolExecutor(4))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", service
    finally:
        server.stop(0).wait()
