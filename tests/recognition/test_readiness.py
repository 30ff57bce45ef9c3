"""/readyz has the model server describe a picture: one that is loaded may still not answer."""

from concurrent import futures
from contextlib import contextmanager

import grpc
import numpy as np
import pytest
from django.core.cache import cache
from django.test import Client

from apps.operations.models import Breaker
from apps.recognition import reference_index
from ml.serving_protocol import get_model_status_pb2, model_service_pb2_grpc
from ml.serving_protocol import prediction_service_pb2_grpc as prediction
from tests.fakes import RecordingServer

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.R7]
AVAILABLE = get_model_status_pb2.ModelVersionStatus.State.AVAILABLE


class Loaded(model_service_pb2_grpc.ModelServiceServicer):
    """Says of one version that it is loaded."""

    def __init__(self, version: int):
        self.version = version

    def GetModelStatus(self, request, context):
        answer = get_model_status_pb2.GetModelStatusResponse()
        answer.model_version_status.add(version=self.version, state=AVAILABLE)
        return answer


class Hanging(RecordingServer):
    """Takes a question and leaves it until the asker goes."""

    def Predict(self, request, context):
        gone = futures.Future()
        context.add_callback(lambda: gone.set_result(None))
        gone.result(timeout=30)
        return super().Predict(request, context)


class Refusing(RecordingServer):
    def Predict(self, request, context):
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no picture of that size")


@contextmanager
def serving(settings, service: RecordingServer, *, loaded: int):
    server = grpc.server(futures.ThreadPoolExecutor(4))
    prediction.add_PredictionServiceServicer_to_server(service, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Loaded(loaded), server)
    settings.TF_SERVING_ADDRESS = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield service
    finally:
        server.stop(0).wait()


@pytest.fixture(autouse=True)
def nothing_known():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def version(known_places) -> int:
    return reference_index.active_index().model.version


def embedding() -> np.ndarray:
    size = reference_index.active_index().model.embedding_size
    return np.full(size, size**-0.5, np.float32)


def asked() -> dict:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    return answer.json()


def test_a_model_that_describes_a_picture_is_ready_and_is_asked_once(version, settings):
    with serving(settings, RecordingServer(embedding(), version), loaded=version) as service:
        answers = [asked() for _ in range(3)]

    assert {answer["model_server"] for answer in answers} == {"ok"}
    assert "model_server_trouble" not in answers[0]
    assert [question[:2] for question in service.asked] == [("landmarks-tiny", version)]


def test_a_loaded_model_that_does_not_answer_is_named(version, settings, monkeypatch):
    monkeypatch.setattr("apps.recognition.readiness.PATIENCE", 0.5)
    found = {}
    for name, service in {
        "not finite": RecordingServer(embedding() * np.nan, version),
        "another version": RecordingServer(embedding(), version + 1),
        "refuses": Refusing(embedding(), version),
        "hangs": Hanging(embedding(), version),
    }.items():
        with serving(settings, service, loaded=version):
            answer = asked()
        assert (answer["status"], answer["model_server"]) == ("degraded", "unavailable")
        found[name] = answer["model_server_trouble"]

    assert found == {
        "not finite": "bad_answer",
        "another version": "bad_answer",
        "refuses": "refused",
        "hangs": "too_slow",
    }
    # Looking is no visitor's question.
    assert not Breaker.objects.filter(open_until__isnull=False).exists()


def test_a_version_that_is_not_loaded_is_not_asked_and_nobody_there_is_said(version, settings):
    with serving(settings, RecordingServer(embedding(), version), loaded=version + 1) as service:
        assert asked()["model_server_trouble"] == "not_loaded"
    settings.TF_SERVING_ADDRESS = "127.0.0.1:9"

    assert asked()["model_server_trouble"] == "unreachable"
    assert service.asked == []
