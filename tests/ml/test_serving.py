"""The embedded server with the tiny model, as clients see it."""

import signal
import subprocess
import sys
import threading

import grpc
import numpy as np
import pytest

from ml.client import ModelNotFound, RequestRefused, ServingClient, ServingUnavailable
from ml.contract import profile_named
from ml.export import ensure_exported
from ml.serving.process import READY, ModelServerProcess, ServerDidNotStart
from ml.serving_protocol import (
    array_to_tensor,
    get_model_metadata_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)
from tests.environment import ROOT, TEST_DATA

TINY = profile_named("tiny")
MODEL = TINY.model_name
RED = np.full((1, 64, 64, 3), (250, 5, 5), np.uint8)
BLUE = np.full((1, 64, 64, 3), (5, 5, 250), np.uint8)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Versions 1 and 3 of the tiny model, and a version 4 that is damaged."""
    exported = ensure_exported(TEST_DATA / "models", "tiny")
    folder = tmp_path_factory.mktemp("models")
    for version in ("1", "3", "4"):
        target = folder / MODEL / version
        target.parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", exported, target], check=True)
    (folder / MODEL / "4" / "model.onnx").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def config(models):
    file = models.parent / "models.config"
    file.write_text(config_text(labels='version_labels { key: "stable" value: 1 }'))
    return file


def config_text(policy="model_version_policy { all {} }", labels="", path=MODEL):
    return (
        f'model_config_list {{ config {{ name: "{MODEL}" base_path: "{path}" '
        f'model_platform: "tensorflow" {policy} {labels} }} }}'
    )


@pytest.fixture(scope="module")
def server(models, config):
    with ModelServerProcess(models, "--model-config", str(config)) as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    client = ServingClient(server.address)
    yield client
    client.close()


@pytest.fixture(scope="module")
def channel(server):
    with grpc.insecure_channel(server.address) as channel:
        yield channel


def predict(channel, *, image=RED, inputs=None, outputs=(), **spec):
    request = predict_pb2.PredictRequest(output_filter=outputs)
    request.model_spec.name = spec.pop("name", MODEL)
    for name, value in spec.items():
        if name == "version":
            request.model_spec.version.value = value
        else:
            setattr(request.model_spec, name, value)
    for name, array in ({"image": image} if inputs is None else inputs).items():
        request.inputs[name].CopyFrom(array_to_tensor(array))
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    return stub.Predict(request, timeout=5)


def refusal(channel, **request):
    with pytest.raises(grpc.RpcError) as caught:
        predict(channel, **request)
    return caught.value.code().name, caught.value.details()


def test_embeddings_follow_the_picture(client):
    red = client.predict(RED, model=MODEL, version=3, timeout=5, embedding_size=64)
    blue = client.predict(BLUE, model=MODEL, version=3, timeout=5)

    assert red.embedding @ red.embedding.T > 0.99
    assert (red.embedding @ blue.embedding.T).item() < 0.2
    assert red.scores.shape == red.class_ids.shape == (1, 0)


def test_every_size_and_several_pictures_at_once(client):
    for size in TINY.input_sizes:
        pictures = np.zeros((3, size.height, size.width, 3), np.uint8)
        pictures[1] = 255

        reply = client.predict(pictures, model=MODEL, version=1, timeout=5)

        assert reply.embedding.shape == (3, 64)
        assert (reply.embedding[0] == reply.embedding[2]).all()


def test_latest_is_the_newest_that_runs(channel):
    assert predict(channel).model_spec.version.value == 3
    assert predict(channel, version=0).model_spec.version.value == 3


def test_a_label_names_a_version(channel):
    answer = predict(channel, version_label="stable")

    assert answer.model_spec.version.value == 1
    assert answer.model_spec.signature_name == "serving_default"


def test_only_the_asked_outputs_are_sent(channel):
    answer = predict(channel, outputs=["embedding", "embedding"])

    assert list(answer.outputs) == ["embedding"]


@pytest.mark.parametrize(
    ("request_fields", "code", "words"),
    [
        ({"name": "other"}, "NOT_FOUND", "Servable not found for request: Latest(other)"),
        ({"version": 9}, "NOT_FOUND", f"Servable not found for request: Specific({MODEL}, 9)"),
        ({"version": 4}, "NOT_FOUND", "Specific"),
        ({"version_label": "canary"}, "INVALID_ARGUMENT", "Unrecognized servable version label"),
        ({"name": ""}, "INVALID_ARGUMENT", "Missing ModelSpec"),
        ({"signature_name": "train"}, "INVALID_ARGUMENT", '"train" not found'),
        ({"outputs": ["logits"]}, "INVALID_ARGUMENT", "output tensor alias not found"),
        ({"inputs": {}}, "INVALID_ARGUMENT", "Missing but required: ['image']"),
        ({"inputs": {"image": RED, "x": RED}}, "INVALID_ARGUMENT", "Sent extra: ['x']"),
        ({"image": RED.astype(np.float32)}, "INVALID_ARGUMENT", "uint8"),
        ({"image": RED[0]}, "INVALID_ARGUMENT", "[N, H, W, 3]"),
        ({"image": RED[..., :1]}, "INVALID_ARGUMENT", "[N, H, W, 3]"),
        ({"image": RED[:, :50]}, "INVALID_ARGUMENT", "50x64"),
        ({"image": RED[:0]}, "INVALID_ARGUMENT", "holds 0"),
        ({"image": np.repeat(RED, 33, axis=0)}, "INVALID_ARGUMENT", "holds 33"),
    ],
)
def test_what_cannot_be_answered_is_refused_clearly(channel, request_fields, code, words):
    found, details = refusal(channel, **request_fields)

    assert found == code
    assert words in details


@pytest.mark.parametrize("method", ["Classify", "Regress", "MultiInference"])
def test_other_methods_are_not_implemented(channel, method):
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(f"/tensorflow.serving.PredictionService/{method}")(b"", timeout=5)

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "Predict" in caught.value.details()


def test_status_lists_good_and_damaged_versions(client):
    statuses = client.status(model=MODEL, timeout=5)

    assert [(entry.version, entry.state) for entry in statuses] == [
        (4, "END"),
        (3, "AVAILABLE"),
        (1, "AVAILABLE"),
    ]
    assert "model.onnx" in statuses[0].error
    assert client.status(model=MODEL, version=1, timeout=5)[0].error == ""


def test_status_of_what_is_not_served(client):
    with pytest.raises(ModelNotFound, match="Could not find any versions of model other"):
        client.status(model="other", timeout=5)
    with pytest.raises(ModelNotFound, match="version 9"):
        client.status(model=MODEL, version=9, timeout=5)


def test_metadata_names_the_signature(client):
    metadata = client.metadata(model=MODEL, version=3, timeout=5)

    assert metadata.version == 3
    assert metadata.inputs == {"image": (-1, -1, -1, 3)}
    assert metadata.outputs == {"embedding": (-1, 64), "scores": (-1, 0), "class_ids": (-1, 0)}


def test_other_metadata_is_refused(channel):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["weights"])
    request.model_spec.name = MODEL

    with pytest.raises(grpc.RpcError, match="not supported"):
        stub.GetModelMetadata(request, timeout=5)


def test_reload_reads_the_config_again(client, channel, config):
    models = model_service_pb2_grpc.ModelServiceStub(channel)
    before = config.read_text()
    config.write_text(config_text("model_version_policy { specific { versions: 3 } }"))
    try:
        answer = models.HandleReloadConfigRequest(
            model_management_pb2.ReloadConfigRequest(), timeout=30
        )
        only = client.status(model=MODEL, timeout=5)
        refused = refusal(channel, version_label="stable")
    finally:
        config.write_text(before)
        models.HandleReloadConfigRequest(model_management_pb2.ReloadConfigRequest(), timeout=30)

    assert answer.status.error_code == 0
    assert [entry.version for entry in only] == [3]
    assert refused[0] == "INVALID_ARGUMENT"
    assert len(client.status(model=MODEL, timeout=5)) == 3


@pytest.mark.parametrize("path", ["/etc", "..", "landmarks-other"])
def test_reload_refuses_folders_outside(client, channel, path):
    request = model_management_pb2.ReloadConfigRequest()
    request.config.model_config_list.config.add(name="other", base_path=path)

    answer = model_service_pb2_grpc.ModelServiceStub(channel).HandleReloadConfigRequest(
        request, timeout=5
    )

    assert answer.status.error_code == 3
    assert "base_path" in answer.status.error_message
    assert client.status(model=MODEL, timeout=5)


@pytest.mark.slow
def test_many_clients_at_once_get_their_own_answers(client):
    wrong = []

    def ask(colour):
        picture = np.full((1, 64, 64, 3), colour, np.uint8)
        first = client.predict(picture, model=MODEL, version=1, timeout=20).embedding
        for _ in range(20):
            again = client.predict(picture, model=MODEL, version=1, timeout=20).embedding
            if not (first == again).all():
                wrong.append(colour)

    threads = [threading.Thread(target=ask, args=(30 * number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_cleanly(models, number):
    process = subprocess.Popen(
        [sys.executable, "-m", "ml.serving", "--models", str(models), "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    process.send_signal(number)

    assert process.wait(timeout=10) == 0
    assert line.startswith(READY)
    assert process.stdout.read() == ""
    process.stdout.close()


@pytest.mark.slow
def test_a_port_that_is_taken_is_named(models, server):
    port = server.address.split(":")[1]

    process = subprocess.run(
        [sys.executable, "-m", "ml.serving", "--models", str(models), "--port", port],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert process.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in process.stderr


@pytest.mark.slow
def test_a_folder_that_is_absent_is_named(tmp_path):
    with pytest.raises(ServerDidNotStart), ModelServerProcess(tmp_path / "absent"):
        pass


@pytest.mark.slow
def test_a_stopped_server_is_unavailable(models):
    with ModelServerProcess(models) as running:
        client = ServingClient(running.address)
        assert client.predict(RED, model=MODEL, version=1, timeout=5).version == 1

    with pytest.raises(ServingUnavailable):
        client.predict(RED, model=MODEL, version=1, timeout=5)
    client.close()


def test_sizes_that_are_not_listed_are_told_with_those_that_are(client):
    with pytest.raises(RequestRefused, match="64x48"):
        client.predict(RED[:, :, :40], model=MODEL, version=1, timeout=5)
