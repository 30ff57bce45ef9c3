"""Two photos side by side, with lines between the places that agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from apps.catalogue.models import Photo
from apps.recognition.models import Candidate, PhotoMatch, RecognitionRequest

HEIGHT = 300
GAP = 8


class Line(NamedTuple):
    """From a place of the sent photo to one of the reference, in units of the drawing."""

    x1: float
    y1: float
    x2: float
    y2: float


class MatchDrawing(NamedTuple):
    """Both pictures at one height, side by side; sent and reference are widths."""

    photo: Photo
    sent: float
    reference: float
    lines: list[Line]

    @property
    def start(self) -> float:
        """Where the reference begins."""
        return self.sent + GAP

    @property
    def width(self) -> float:
        return self.start + self.reference


def match_drawings(
    question: RecognitionRequest, candidates: Sequence[Candidate]
) -> dict[int, MatchDrawing]:
    """Return the drawings of verified candidates by their keys, of references anybody may see.

    One query, and none where nothing was verified.
    """
    verified = [each for each in candidates if each.match_lines and each.match_photo_id]
    sent = next(iter(question.photos.all()), None)
    if not verified or sent is None:
        return {}
    shown = Photo.objects.shown().select_related("license")
    photos = shown.in_bulk({each.match_photo_id for each in verified})
    return {
        each.pk: _drawn(photos[each.match_photo_id], sent.width / sent.height, each.match_lines)
        for each in verified
        if each.match_photo_id in photos
    }


def match_drawing(photo: Photo, match: PhotoMatch, other: Photo) -> MatchDrawing:
    """Return the drawing of two photos of the catalogue that are verified to show the same."""
    return _drawn(other, photo.width / photo.height, match.lines)


def _drawn(photo: Photo, aspect: float, lines: Sequence[Sequence[float]]) -> MatchDrawing:
    sent = round(HEIGHT * aspect, 1)
    reference = round(HEIGHT * photo.width / photo.height, 1)
    return MatchDrawing(
        photo,
        sent,
        reference,
        [
            Line(
                round(x1 * sent, 1),
                round(y1 * HEIGHT, 1),
                round(sent + GAP + x2 * reference, 1),
                round(y2 * HEIGHT, 1),
            )
            for x1, y1, x2, y2 in lines
        ],
    )
