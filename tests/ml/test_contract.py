import dataclasses
import json

import pytest

from ml.contract import (
    PROFILES,
    ImageSize,
    InvalidLabels,
    Labels,
    ModelClass,
    UnknownProfile,
    profile_named,
    read_labels,
    sizes_up_to,
)

LABELS = Labels(
    model="landmarks-small",
    version=3,
    profile="lite2",
    recipe=1,
    input_sizes=(ImageSize(320, 320), ImageSize(240, 320)),
    embedding_size=1280,
    classes=(ModelClass("sungnyemun", {"aihub": "1024"}),),
    calibration={"temperature": 40.0},
)


def test_labels_survive_json():
    assert Labels.from_json(LABELS.to_json()) == LABELS


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("schema", 2, "schema"),
        ("model", "", "model"),
        ("version", 0, "version"),
        ("version", True, "version"),
        ("recipe", None, "recipe"),
        ("input_sizes", [], "input_sizes"),
        ("input_sizes", [[320]], "input_sizes"),
        ("embedding_size", "2560", "embedding_size"),
        ("classes", [{"name": "x"}], "slug"),
        ("calibration", 1, "calibration"),
    ],
)
def test_labels_name_the_wrong_field(field, value, named):
    fields = {**json.loads(LABELS.to_json()), field: value}

    with pytest.raises(InvalidLabels, match=named):
        Labels.from_json(json.dumps(fields))


def test_labels_that_are_no_object_are_refused():
    for text in ("[]", "{", "null"):
        with pytest.raises(InvalidLabels):
            Labels.from_json(text)


def test_read_labels_says_which_file_is_absent(tmp_path):
    with pytest.raises(InvalidLabels, match=r"labels\.json"):
        read_labels(tmp_path)


def test_sizes_come_in_both_directions():
    assert sizes_up_to(64, (48,)) == (ImageSize(64, 64), ImageSize(48, 64), ImageSize(64, 48))


def test_profiles_have_their_own_model_names():
    assert len({profile.model_name for profile in PROFILES.values()}) == len(PROFILES)


def test_an_unknown_profile_names_the_known_ones():
    with pytest.raises(UnknownProfile, match="lite2"):
        profile_named("resnet101")


def test_labels_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        LABELS.version = 4
