"""The protocol on made-up landmarks; the metrics themselves are tested in test_metrics."""

import numpy as np
import pytest

from ml.evaluation import NOTHING, Collection, Pictures, evaluate
from tests.ml.test_building import clouds, strangers

pytestmark = pytest.mark.slow
NUMBERS = (
    "top1",
    "top5",
    "gap",
    "ece",
    "auroc_nonlandmark",
    "auroc_unknown",
    "new_top1",
    "new_top5",
)


def collection(landmarks=12, each=8, others=40, **more):
    return Collection(
        Pictures(*clouds(landmarks, each)),
        Pictures(*clouds(landmarks, 4, seed=1)),
        strangers(others),
        **more,
    )


def assert_numbers(report):
    for name in NUMBERS:
        low, high = report.intervals[name]
        assert 0 <= low <= high <= 1
        assert 0 <= report.values[name] <= 1
    assert np.isfinite(list(report.values.values())).all()


def test_easy_landmarks_are_known_and_all_is_measured():
    report = evaluate(collection())

    assert_numbers(report)
    assert report.notes == []
    assert report.values["n"] == 48
    assert report.values["top1"] > 0.95
    assert report.values["new_top5"] > 0.9
    assert report.values["auroc_nonlandmark"] > 0.95


def test_the_same_collection_gives_the_same_numbers():
    assert evaluate(collection(6, 6)) == evaluate(collection(6, 6))


def test_odd_nonlandmarks_do_not_touch_the_fit():
    pictures = collection(6, 6)
    changed = pictures.nonlandmarks.copy()
    changed[1::2] = strangers(20, seed=99)

    before, after = evaluate(pictures), evaluate(pictures._replace(nonlandmarks=changed))

    for name in ("top1", "ece", "new_top1", "auroc_unknown"):
        assert before.values[name] == after.values[name]


def test_queries_do_not_touch_the_fit():
    pictures = collection(6, 6)
    half = Pictures(pictures.queries.embeddings[::2], pictures.queries.labels[::2])

    report = evaluate(pictures._replace(queries=half))

    assert report.values["n"] == 12
    assert_numbers(report)


def test_given_new_landmarks_join_the_references():
    embeddings, labels = clouds(12, 8)
    photos, truths = clouds(12, 4, seed=1)
    old, new, asked = labels < 109, labels >= 109, truths >= 109

    report = evaluate(
        Collection(
            Pictures(embeddings[old], labels[old]),
            Pictures(photos[~asked], truths[~asked]),
            strangers(40),
            new_references=Pictures(embeddings[new], labels[new]),
            new_queries=Pictures(photos[asked], truths[asked]),
        )
    )

    assert_numbers(report)
    assert report.values["n"] == 36
    assert report.values["new_top1"] > 0.8


def test_given_unknown_landmarks_are_told_apart():
    embeddings, labels = clouds(12, 8)
    far = embeddings[labels >= 108]
    stay = labels < 108

    report = evaluate(
        collection(8, 8, unknown=far)._replace(references=Pictures(embeddings[stay], labels[stay]))
    )

    assert_numbers(report)
    assert report.values["auroc_unknown"] > 0.7


@pytest.mark.parametrize(("landmarks", "each", "others"), [(1, 2, 0), (2, 3, 0), (3, 1, 2)])
def test_what_cannot_be_measured_is_noted_and_still_a_number(landmarks, each, others):
    report = evaluate(collection(landmarks, each, others))

    assert_numbers(report)
    assert any("new_top1" in note for note in report.notes)
    assert report.values["new_top1"] == 0
    assert report.intervals["new_top1"] == NOTHING


def test_a_query_of_an_unknown_landmark_counts_as_wrong():
    pictures = collection(6, 6)
    labels = pictures.queries.labels.copy()
    labels[:4] = 999

    report = evaluate(pictures._replace(queries=Pictures(pictures.queries.embeddings, labels)))

    assert report.values["top5"] <= 20 / 24
