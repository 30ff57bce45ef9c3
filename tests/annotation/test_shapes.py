from decimal import Decimal

import pytest
from django.utils import translation

from apps.annotation.shapes import Box, ShapeRefused, from_corners, overlap, parse_box, parse_tags

NO_BOX = "바운딩 작업을 해주세요."
NO_TAG = "태그 중 최소 하나는 선택되어야 합니다."
CONFLICT = "태그 선택이 잘 못되었습니다."


@pytest.mark.parametrize(
    "value", [[0, 0, 3000, 2000], [2992, 1992, 8, 8], [1500, 900, 600, 600]], ids=str
)
def test_parse_box_takes_boxes_up_to_the_edges(value):
    assert parse_box(value, width=3000, height=2000) == Box(*value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        [1, 2, 3],
        [1, 2, 3, 4, 5],
        "1,2,3,4",
        {"left": 1},
        [10.0, 10, 20, 20],
        [10, 10, True, 20],
        ["10", 10, 20, 20],
        [-1, 10, 20, 20],
        [10, -1, 20, 20],
        [2981, 10, 20, 20],
        [10, 1981, 20, 20],
        [10, 10, 7, 20],
        [10, 10, 20, 7],
        [10, 10, -500, 20],
        [0, 0, 3001, 2000],
        [10**30, 0, 20, 20],
        [None, 0, 20, 20],
    ],
    ids=str,
)
def test_parse_box_refuses_everything_else(value):
    with pytest.raises(ShapeRefused):
        parse_box(value, width=3000, height=2000)


@pytest.mark.parametrize(
    "names",
    [
        {"truncated"},
        {"occluded"},
        {"reflection"},
        {"truncated", "occluded", "reflection"},
        {"none_of_these"},
    ],
    ids=sorted,
)
def test_parse_tags_takes_one_or_more_or_none_of_these_alone(names):
    tags = parse_tags(dict.fromkeys(names, True))

    assert {name for name, value in tags._asdict().items() if value} == names


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, NO_TAG),
        ({"truncated": False}, NO_TAG),
        ({"truncated": True, "none_of_these": True}, CONFLICT),
        (dict.fromkeys(("truncated", "occluded", "none_of_these"), True), CONFLICT),
    ],
    ids=str,
)
def test_parse_tags_says_in_korean_what_is_wrong(values, message):
    with translation.override("ko"), pytest.raises(ShapeRefused) as refused:
        parse_tags(values)

    assert str(refused.value.message) == message


@pytest.mark.parametrize("value", [1, "1", "true", None, []])
def test_parse_tags_refuses_values_that_are_not_true_or_false(value):
    with pytest.raises(ShapeRefused):
        parse_tags({"truncated": value})


def test_parse_box_asks_for_a_box_in_korean():
    with translation.override("ko"), pytest.raises(ShapeRefused) as refused:
        parse_box(None, width=100, height=100)

    assert str(refused.value.message) == NO_BOX


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Box(0, 0, 10, 10), Box(0, 0, 10, 10), 1.0),
        (Box(0, 0, 10, 10), Box(10, 0, 10, 10), 0.0),
        (Box(0, 0, 10, 10), Box(5, 0, 10, 10), 50 / 150),
        (Box(0, 0, 10, 10), Box(2, 2, 5, 5), 25 / 100),
    ],
)
def test_overlap_is_the_shared_part(one, other, expected):
    assert overlap(one, other) == pytest.approx(expected)
    assert overlap(other, one) == pytest.approx(expected)


def test_from_corners_keeps_the_decimals_of_ai_hub():
    corners = map(Decimal, ("1115.06", "768.19", "3113.64", "1877.7"))

    assert from_corners(*corners)[2:] == (Decimal("1998.58"), Decimal("1109.51"))
