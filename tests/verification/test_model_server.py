"""The embedded model server against TensorFlow on the same export, and against a client of others.

Both run in processes of their own: TensorFlow for its size, ovmsclient because
its copies of the messages clash with tensorflow-serving-api's.
"""

import json
import subprocess
import sys

import numpy as np
import pytest

from ml.client import ServingClient
from ml.contract import PROFILES, read_labels
from ml.export import ensure_exported
from ml.serving.process import ModelServerProcess
from tests.environment import ROOT, TEST_DATA
from tests.ml.drawn import drawn_picture
from tests.verification.tensorflow_answers import ask_tensorflow

# Of numbers in a vector of length 1: float32 sums in another order.
TOLERANCE = 1e-5

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exports():
    models = TEST_DATA / "models"
    return {profile: ensure_exported(models, profile) for profile in PROFILES}


@pytest.fixture(scope="module")
def address(exports):
    with ModelServerProcess(TEST_DATA / "models") as server:
        yield server.address


@pytest.mark.parametrize("profile", PROFILES)
def test_the_server_gives_tensorflows_numbers_at_every_size(exports, address, profile):
    labels = read_labels(exports[profile])
    pictures = {
        f"{size.height}x{size.width}": np.stack(
            [drawn_picture(size.height, size.width), 255 - drawn_picture(size.height, size.width)]
        )
        for size in labels.input_sizes
    }
    client = ServingClient(address)

    served = {
        name: client.predict(
            picture,
            model=labels.model,
            version=labels.version,
            timeout=30,
            embedding_size=labels.embedding_size,
        ).embedding
        for name, picture in pictures.items()
    }
    expected = ask_tensorflow(["saved_model", str(exports[profile])], pictures)

    client.close()
    assert served.keys() == expected.keys()
    for name, embedding in expected.items():
        assert np.abs(served[name] - embedding).max() <= TOLERANCE


def test_the_server_describes_the_signature_as_the_saved_model_does(exports, address):
    labels = read_labels(exports["tiny"])
    client = ServingClient(address)

    served = client.metadata(model=labels.model, version=labels.version, timeout=5)
    process = subprocess.run(
        [sys.executable, "-c", SIGNATURE, str(exports["tiny"])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    client.close()
    expected = json.loads(process.stdout.splitlines()[-1])
    assert {name: list(shape) for name, shape in served.inputs.items()} == expected["inputs"]
    assert {name: list(shape) for name, shape in served.outputs.items()} == expected["outputs"]


SIGNATURE = """
import json, sys
from tensorflow.core.protobuf import saved_model_pb2
with open(sys.argv[1] + "/saved_model.pb", "rb") as stream:
    model = saved_model_pb2.SavedModel.FromString(stream.read())
signature = model.meta_graphs[0].signature_def["serving_default"]
def shapes(tensors):
    return {name: [side.size for side in info.tensor_shape.dim] for name, info in tensors.items()}
print(json.dumps({"inputs": shapes(signature.inputs), "outputs": shapes(signature.outputs)}))
"""


OTHER_CLIENT = """
import json, sys
import numpy as np
from ovmsclient import make_grpc_client

address, model, version = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = make_grpc_client(address)
picture = np.load(sys.argv[4])
answer = client.predict({"image": picture}, model, version)
refused = []
for arguments in (({"image": picture}, "other", 0), ({"image": picture[:, :50]}, model, version)):
    try:
        client.predict(*arguments)
    except Exception as error:
        refused.append(type(error).__name__)
print(json.dumps({
    "status": client.get_model_status(model),
    "metadata": client.get_model_metadata(model, version),
    "embedding": answer["embedding"].tolist(),
    "scores": list(answer["scores"].shape),
    "refused": refused,
}))
"""


def test_an_independent_client_talks_to_the_server(exports, address, tmp_path):
    labels = read_labels(exports["lite2"])
    size = labels.input_sizes[1]
    picture = drawn_picture(size.height, size.width)[np.newaxis]
    np.save(tmp_path / "picture.npy", picture)
    ours = ServingClient(address)

    process = subprocess.run(
        [sys.executable, "-c", OTHER_CLIENT]
        + [address, labels.model, str(labels.version), str(tmp_path / "picture.npy")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert process.returncode == 0, process.stderr
    answer = json.loads(process.stdout)
    expected = ours.predict(picture, model=labels.model, version=labels.version, timeout=5)
    ours.close()
    assert np.allclose(answer["embedding"], expected.embedding, atol=1e-7)
    assert answer["scores"] == [1, 0]
    assert answer["status"][str(labels.version)]["state"] == "AVAILABLE"
    assert answer["metadata"]["inputs"]["image"] == {"shape": [-1, -1, -1, 3], "dtype": "DT_UINT8"}
    assert answer["metadata"]["outputs"]["embedding"]["shape"] == [-1, 1280]
    assert answer["refused"] == ["ModelNotFoundError", "InvalidInputError"]
