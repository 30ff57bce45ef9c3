"""The client against a stand-in that answers wrongly on purpose, and against nobody."""

import os
import time
from concurrent import futures
from contextlib import contextmanager

import grpc
import numpy as np
import pytest

from ml.client import (
    BadServingReply,
    ModelNotFound,
    RequestRefused,
    ServingClient,
    ServingDeadlineExceeded,
    ServingError,
    ServingUnavailable,
)
from ml.serving_protocol import (
    array_to_tensor,
    get_model_metadata_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
)
from tests.running import free_port

PICTURE = np.zeros((1, 64, 64, 3), np.uint8)
UNIT = np.eye(1, 8, dtype=np.float32)
GOOD = {
    "embedding": UNIT,
    "scores": np.zeros((1, 0), np.float32),
    "class_ids": np.zeros((1, 0), np.int64),
}


class StandIn(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers with `outputs`, or with the status `code`, after `seconds`."""

    def __init__(self):
        self.outputs, self.version, self.code, self.seconds, self.details = GOOD, 1, None, 0.0, "no"

    def Predict(self, request, context):
        time.sleep(self.seconds)
        if self.code is not None:
            context.abort(self.code, self.details)
        answer = predict_pb2.PredictResponse()
        answer.model_spec.name = request.model_spec.name
        answer.model_spec.version.value = self.version
        for name, array in self.outputs.items():
            answer.outputs[name].CopyFrom(array_to_tensor(array))
        return answer

    def GetModelMetadata(self, request, context):
        answer = get_model_metadata_pb2.GetModelMetadataResponse()
        signatures = get_model_metadata_pb2.SignatureDefMap()
        signatures.signature_def["other"].method_name = "x"
        answer.metadata["signature_def"].Pack(signatures)
        return answer


@contextmanager
def serving(service, port=0):
    server = grpc.server(futures.ThreadPoolExecutor(4))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(service, server)
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


@pytest.fixture
def stand_in():
    service = StandIn()
    with serving(service) as address:
        client = ServingClient(address)
        yield service, client
        client.close()


def ask(client, **options):
    options = {"model": "m", "version": 1, "timeout": 5.0, **options}
    return client.predict(PICTURE, **options)


def test_a_good_reply_is_given_as_arrays(stand_in):
    _, client = stand_in

    reply = ask(client, embedding_size=8)

    assert (reply.embedding == UNIT).all()
    assert reply.scores.shape == reply.class_ids.shape == (1, 0)
    assert reply.version == 1


@pytest.mark.R7
@pytest.mark.parametrize(
    "change",
    [
        {"embedding": np.full((1, 8), np.nan, np.float32)},
        {"embedding": UNIT * 2},
        {"embedding": np.zeros((1, 8), np.float32)},
        {"embedding": UNIT.astype(np.float64)},
        {"embedding": UNIT[0]},
        {"embedding": np.repeat(UNIT, 2, axis=0)},
        {"embedding": np.zeros((1, 0), np.float32)},
        {"scores": np.array([[np.inf]], np.float32), "class_ids": np.array([[1]])},
        {"scores": np.zeros((1, 3), np.float32)},
        {"class_ids": np.zeros((1, 0), np.int32)},
    ],
)
def test_a_bad_reply_is_refused(stand_in, change):
    service, client = stand_in
    service.outputs = {**GOOD, **change}

    with pytest.raises(BadServingReply):
        ask(client)


def test_a_missing_output_is_named(stand_in):
    service, client = stand_in
    service.outputs = {"embedding": UNIT}

    with pytest.raises(BadServingReply, match="scores"):
        ask(client)


def test_another_version_is_refused(stand_in):
    service, client = stand_in
    service.version = 2

    with pytest.raises(BadServingReply, match="version 2"):
        ask(client)
    assert ask(client, version=None).version == 2


def test_an_embedding_of_another_size_is_refused(stand_in):
    with pytest.raises(BadServingReply):
        ask(stand_in[1], embedding_size=2560)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (grpc.StatusCode.UNAVAILABLE, ServingUnavailable),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, ServingUnavailable),
        (grpc.StatusCode.NOT_FOUND, ModelNotFound),
        (grpc.StatusCode.INVALID_ARGUMENT, RequestRefused),
        (grpc.StatusCode.DEADLINE_EXCEEDED, ServingDeadlineExceeded),
        (grpc.StatusCode.INTERNAL, BadServingReply),
        (grpc.StatusCode.UNIMPLEMENTED, BadServingReply),
    ],
)
def test_each_status_has_its_error(stand_in, code, error):
    service, client = stand_in
    service.code = code

    with pytest.raises(error, match="no"):
        ask(client)
    assert issubclass(error, ServingError)


@pytest.mark.R7
@pytest.mark.slow
def test_a_huge_reply_is_refused(stand_in):
    service, client = stand_in
    service.outputs = {**GOOD, "embedding": np.ones((1, 13_000_000), np.float32)}

    with pytest.raises(BadServingReply, match="larger than max"):
        ask(client)


@pytest.mark.slow
def test_a_huge_request_is_refused(stand_in):
    with pytest.raises(RequestRefused, match="larger than max"):
        stand_in[1].predict(
            np.zeros((90, 256, 256, 3), np.uint8), model="m", version=1, timeout=5.0
        )


@pytest.mark.R7
@pytest.mark.slow
def test_a_slow_server_is_left_in_time(stand_in):
    service, client = stand_in
    service.seconds = 1.0
    started = time.monotonic()

    with pytest.raises(ServingDeadlineExceeded):
        ask(client, timeout=0.2)

    assert time.monotonic() - started < 0.6


def test_metadata_without_the_signature_is_refused(stand_in):
    with pytest.raises(BadServingReply, match="serving_default"):
        stand_in[1].metadata(model="m", timeout=5.0)


def test_nobody_there_is_told_at_once():
    client = ServingClient(f"127.0.0.1:{free_port()}")
    started = time.monotonic()

    with pytest.raises(ServingUnavailable):
        ask(client)

    assert time.monotonic() - started < 1
    client.close()


@pytest.mark.slow
def test_a_restarted_server_is_found_again_within_two_seconds():
    port = free_port()
    client = ServingClient(f"127.0.0.1:{port}")
    for _ in range(8):  # long enough for an uncapped back-off to grow
        with pytest.raises(ServingUnavailable):
            ask(client)
        time.sleep(0.25)

    with serving(StandIn(), port):
        started = time.monotonic()
        while time.monotonic() - started < 5:
            try:
                ask(client)
                break
            except ServingUnavailable:
                time.sleep(0.05)
        waited = time.monotonic() - started

    assert waited < 2
    client.close()


def test_a_closed_client_opens_again(stand_in):
    _, client = stand_in
    ask(client)
    client.close()

    assert ask(client).version == 1


@pytest.mark.R7
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_gets_its_own_connection(stand_in):
    _, client = stand_in
    ask(client)
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if ask(client).version == 1 else 1)
        except BaseException:
            os._exit(2)

    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert ask(client).version == 1
