"""Landmarks that look like another one, by what the served model sees in their references."""

from __future__ import annotations

from typing import NamedTuple

from apps.operations.statements import fetch_all

# Of one landmark there may be many references among the nearest.
NEAREST = 60
# Places that have nothing in common are around 0 in the space of an index.
LEAST_ALIKE = 0.05
# The mean of a landmark's references asks the index of all references, which finds its own first.
ALIKE = """
SELECT landmark_id, 1 - min(apart)
  FROM (SELECT photo.landmark_id, nearest.embedding <=> own.embedding AS apart
          FROM recognition_referenceindex served
          JOIN recognition_prototype own
            ON own.index_id = served.id AND own.landmark_id = %(landmark)s
         CROSS JOIN LATERAL (
               SELECT reference.photo_id, reference.embedding
                 FROM recognition_referenceembedding reference
                WHERE reference.index_id = served.id AND reference.landmark_id <> own.landmark_id
                ORDER BY reference.embedding <=> own.embedding
                LIMIT %(nearest)s) nearest
          JOIN catalogue_photo photo ON photo.id = nearest.photo_id AND photo.reference
          JOIN catalogue_landmark landmark
            ON landmark.id = photo.landmark_id AND landmark.state = 'published'
         WHERE served.active AND photo.landmark_id <> %(landmark)s) found
 GROUP BY landmark_id
HAVING min(apart) <= 1 - %(least)s
 ORDER BY min(apart), landmark_id
 LIMIT %(limit)s"""


class Alike(NamedTuple):
    """A published landmark and how much its likest reference resembles: a cosine, −1 to 1."""

    landmark_id: int
    similarity: float


def landmarks_like(landmark_id: int, *, limit: int) -> list[Alike]:
    """Return the published landmarks that look most like one, the likest first: one query.

    There are none where nothing resembles it, or it has no references in the served index.
    """
    rows = fetch_all(
        ALIKE,
        {"landmark": landmark_id, "nearest": NEAREST, "least": LEAST_ALIKE, "limit": limit},
    )
    return [Alike(*row) for row in rows]
