"""Boxes and tags: what may be submitted, and how alike two boxes are; pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SMALLEST_SIDE = 8  # pixels of the image
TAGS = ("truncated", "occluded", "reflection", "none_of_these")

NO_BOX = _("Please draw a box.")
NO_TAG = _("At least one tag has to be chosen.")
TAGS_IN_CONFLICT = _("These tags do not go together.")
NOT_A_BOX = _("A box is four whole numbers: x, y, width and height.")
OUTSIDE = _("The box reaches beyond the picture.")
TOO_SMALL = _("The box is too small: each side needs at least 8 pixels.")
NOT_A_TAG = _("A tag is either true or false.")

Number = int | Decimal


class Box(NamedTuple):
    """A box in pixels of the upright image; the corner is the upper left one."""

    x: Number
    y: Number
    width: Number
    height: Number

    @property
    def right(self) -> Number:
        return self.x + self.width

    @property
    def bottom(self) -> Number:
        return self.y + self.height


class Tags(NamedTuple):
    truncated: bool
    occluded: bool
    reflection: bool
    none_of_these: bool


class ShapeRefused(Exception):
    """What was sent is no box or no allowed set of tags; the message speaks to the annotator."""

    def __init__(self, message: str | Promise):
        super().__init__(str(message))
        self.message = message


def parse_box(value: Any, *, width: int, height: int) -> Box:
    """Return a drawn box that lies inside an image of this size. Raises ShapeRefused."""
    if value is None or value == []:
        raise ShapeRefused(NO_BOX)
    if not isinstance(value, list) or len(value) != 4:
        raise ShapeRefused(NOT_A_BOX)
    if any(type(number) is not int for number in value):  # True is an int to isinstance
        raise ShapeRefused(NOT_A_BOX)
    box = Box(*value)
    if box.width < SMALLEST_SIDE or box.height < SMALLEST_SIDE:
        raise ShapeRefused(TOO_SMALL)
    if box.x < 0 or box.y < 0 or box.right > width or box.bottom > height:
        raise ShapeRefused(OUTSIDE)
    return box


def parse_tags(values: Mapping[str, Any]) -> Tags:
    """Return the four tags; one that is not named is false. Raises ShapeRefused."""
    given = [values.get(name, False) for name in TAGS]
    if any(type(value) is not bool for value in given):
        raise ShapeRefused(NOT_A_TAG)
    tags = Tags(*given)
    if not any(tags):
        raise ShapeRefused(NO_TAG)
    if tags.none_of_these and sum(tags) > 1:
        raise ShapeRefused(TAGS_IN_CONFLICT)
    return tags


def overlap(one: Box, other: Box) -> float:
    """Return the intersection over the union of two boxes, 0 to 1."""
    width = min(one.right, other.right) - max(one.x, other.x)
    height = min(one.bottom, other.bottom) - max(one.y, other.y)
    if width <= 0 or height <= 0:
        return 0.0
    shared = float(width * height)
    return shared / (float(one.width * one.height) + float(other.width * other.height) - shared)


def from_corners(x1: Number, y1: Number, x2: Number, y2: Number) -> Box:
    """Return the box between two corners, as AI Hub writes boxes."""
    return Box(x1, y1, x2 - x1, y2 - y1)
