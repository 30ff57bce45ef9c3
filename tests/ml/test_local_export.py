"""Local features as they are served: over the wire, checked, and refused where they are not."""

import subprocess

import numpy as np
import pytest
from PIL import Image

from ml.client import BadServingReply, RequestRefused, ServingClient
from ml.contract import LOCAL_PROFILE, LOCAL_SIGNATURE, SIGNATURE_NAME, read_labels
from ml.inference.local_features import stored
from ml.inference.local_matching import match
from ml.inference.preparing import fit_to_model_size
from ml.inference.verification import strongest_served
from ml.serving.process import ModelServerProcess
from ml.verify import Checked, reordered, shares, threshold_for
from tests.environment import ROOT, TEST_DATA
from tests.ml.tiny_local import exported

pytestmark = pytest.mark.slow
MODEL = LOCAL_PROFILE.model_name
PICTURES = ROOT / "ml" / "demo" / "pictures" / "samples"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    from ml.export import ensure_exported

    models = tmp_path_factory.mktemp("models")
    for folder in (exported(), ensure_exported(TEST_DATA / "models", "tiny")):
        target = models / folder.parent.name / folder.name
        target.parent.mkdir()
        subprocess.run(["cp", "-r", folder, target], check=True)
    with ModelServerProcess(models) as server:
        client = ServingClient(server.address)
        yield client
        client.close()


def pixels(file) -> np.ndarray:
    with Image.open(file) as image:
        return fit_to_model_size(image, LOCAL_PROFILE.input_sizes)


def features(client, image: np.ndarray):
    return client.local_features(image, model=MODEL, version=1, timeout=20)


def test_labels_say_signature_and_threshold():
    labels = read_labels(exported())

    assert (labels.signature, labels.embedding_size) == (LOCAL_SIGNATURE, 40)
    assert labels.calibration["least_inliers"] > 3


def test_served_features_have_places_in_the_picture_and_unit_descriptors(client):
    image = pixels(sorted((PICTURES / "dabotap").glob("*.jpg"))[0])

    found = features(client, image)

    count = len(found.attention)
    assert 100 < count <= 700
    assert found.locations.shape == (count, 2)
    assert found.descriptors.shape == (count, 32)  # the tiny map has no more channels
    assert np.linalg.norm(found.descriptors, axis=1) == pytest.approx(np.ones(count), abs=1e-4)
    assert (found.locations >= 0).all() and (found.locations < image.shape[1:3]).all()
    assert (np.diff(found.attention) <= 0).all()


def test_a_picture_is_found_in_itself_shifted_and_not_in_another(client):
    one, other = (
        pixels(sorted((PICTURES / slug).glob("*.jpg"))[0]) for slug in ("dabotap", "n-seoul-tower")
    )
    shifted = np.roll(one, (32, 48), axis=(1, 2))

    kept = [stored(strongest_served(features(client, each))) for each in (one, shifted, other)]
    same, different = match(kept[0], kept[1]), match(kept[0], kept[2])

    assert same.inliers > 100
    assert different.inliers < same.inliers / 3
    moved = np.median(same.reference - same.query, axis=0)
    assert moved == pytest.approx([32, 48], abs=4)


def test_a_model_answers_its_own_signature_only(client):
    image = pixels(sorted((PICTURES / "dabotap").glob("*.jpg"))[0])

    with pytest.raises(RequestRefused, match=SIGNATURE_NAME):
        client.predict(image, model=MODEL, version=1, timeout=5)
    with pytest.raises(RequestRefused, match=LOCAL_SIGNATURE):
        client.local_features(image, model="landmarks-tiny", version=1, timeout=5)
    with pytest.raises(RequestRefused, match="1 to 1 pictures"):
        features(client, np.concatenate([image, image]))


def test_metadata_name_the_signature_of_embeddings_only(client):
    with pytest.raises(BadServingReply, match=SIGNATURE_NAME):
        client.metadata(model=MODEL, timeout=5)


def test_the_threshold_lets_through_so_many_wrong_candidates():
    wrong = [Checked(0, False, inliers) for inliers in range(100)]
    right = [Checked(0, True, inliers) for inliers in (10, 50, 97, 98, 200)]

    least = threshold_for([*wrong, *right], 0.02)

    assert least == 98
    assert shares([*wrong, *right], least) == (0.4, 0.02, 5, 100)


def test_the_order_by_inliers_counts_only_where_geometry_confirms_something():
    found = [
        [(True, 5), (False, 3)],  # right as found, nothing confirmed
        [(False, 2), (True, 40)],  # put right
        [(True, 10), (False, 60)],  # put wrong
        [(False, 4), (True, 9)],  # too few to change it
    ]
    checked = [
        Checked(query, right, inliers)
        for query, candidates in enumerate(found)
        for right, inliers in candidates
    ]

    assert reordered(checked, 30) == (0.5, 0.5, 4)
    assert reordered(checked, 1) == (0.5, 0.75, 4)
