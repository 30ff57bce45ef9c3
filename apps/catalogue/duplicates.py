"""Finding entries that may be the same place."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from apps.catalogue.models import Landmark
from apps.catalogue.models.photo import ALIKE_BITS

# About a kilometre to each side in Korea.
DEGREES_NORTH = 0.01
DEGREES_EAST = 0.0125
ALIKE = 0.5
# 명동성당 in 서울명동성당: nearly all of the shorter name is in the longer one.
CONTAINED = 0.8
PICTURES_LOOKED_AT = 6

PAIRS = """
WITH named AS (
    SELECT landmark.id, landmark.parent_id, landmark.latitude, landmark.longitude,
           name.search_form
      FROM catalogue_landmark landmark
      JOIN catalogue_landmarkname name ON name.landmark_id = landmark.id
       AND name.kind = 'official' AND name.language = 'ko'
     WHERE NOT EXISTS (SELECT FROM catalogue_landmarkredirect WHERE old_slug = landmark.slug)
), cells AS (
    -- Neighbours are looked for in the same and the eight next cells of a grid: a hash join.
    SELECT named.*, floor(latitude / %(north)s) AS y, floor(longitude / %(east)s) AS x
      FROM named
     WHERE latitude IS NOT NULL
), near AS (
    SELECT one.id AS first, other.id AS second,
           one.search_form AS first_name, other.search_form AS second_name,
           earth_distance(
               ll_to_earth(one.latitude, one.longitude),
               ll_to_earth(other.latitude, other.longitude)
           ) AS metres
      FROM cells one
     CROSS JOIN generate_series(-1, 1) AS north
     CROSS JOIN generate_series(-1, 1) AS east
      JOIN cells other ON other.y = one.y + north AND other.x = one.x + east
       AND other.id > one.id
     WHERE one.parent_id IS DISTINCT FROM other.id AND other.parent_id IS DISTINCT FROM one.id
), alike AS (
    SELECT first, second, metres, similarity(first_name, second_name) AS likeness
      FROM near
     WHERE similarity(first_name, second_name) >= %(alike)s
        OR greatest(word_similarity(first_name, second_name),
                    word_similarity(second_name, first_name)) >= %(contained)s
), looks AS (
    -- A few pictures of each place: enough to know it again, however many there are.
    SELECT landmark_id, perceptual_hash
      FROM (SELECT landmark_id, perceptual_hash,
                   row_number() OVER (PARTITION BY landmark_id ORDER BY created_at, id) AS number
              FROM catalogue_photo
             WHERE perceptual_hash IS NOT NULL AND landmark_id IS NOT NULL) numbered
     WHERE number <= %(looked_at)s
), shared AS (
    SELECT one.landmark_id AS first, other.landmark_id AS second, one.id::text AS picture
      FROM catalogue_photo one
      JOIN catalogue_photo other ON other.sha256 = one.sha256
       AND other.landmark_id > one.landmark_id
     UNION
    SELECT one.landmark_id, other.landmark_id, one.id::text
      FROM catalogue_photo one
      JOIN catalogue_photo other ON other.perceptual_hash = one.perceptual_hash
       AND other.landmark_id > one.landmark_id
     UNION
    -- Of places that lie near each other also pictures that merely look alike.
    SELECT near.first, near.second, one.perceptual_hash::text
      FROM near
      JOIN looks one ON one.landmark_id = near.first
      JOIN looks other ON other.landmark_id = near.second
     WHERE bit_count(one.perceptual_hash # other.perceptual_hash) BETWEEN 1 AND %(bits)s
), pictured AS (
    SELECT first, second, count(*) AS pictures
      FROM shared
      JOIN named n1 ON n1.id = first
      JOIN named n2 ON n2.id = second
     WHERE n1.parent_id IS DISTINCT FROM n2.id AND n2.parent_id IS DISTINCT FROM n1.id
     GROUP BY 1, 2
)
SELECT coalesce(alike.first, pictured.first), coalesce(alike.second, pictured.second),
       alike.likeness, alike.metres, coalesce(pictured.pictures, 0)
  FROM alike FULL JOIN pictured
    ON pictured.first = alike.first AND pictured.second = alike.second
 ORDER BY coalesce(pictured.pictures, 0) DESC, alike.likeness DESC NULLS LAST, 1, 2
 LIMIT %(most)s
"""


class Pair(NamedTuple):
    """Two entries, how alike their names are, how far apart they lie, and pictures of one
    that are or look like pictures of the other."""

    first: Landmark
    second: Landmark
    likeness: float | None
    metres: float | None
    pictures: int

    @property
    def percent(self) -> int | None:
        return None if self.likeness is None else round(100 * self.likeness)


def find_duplicates(*, most: int = 100) -> list[Pair]:
    """Return pairs of entries that may be one place, the likeliest first, in a few queries."""
    wanted = {"north": DEGREES_NORTH, "east": DEGREES_EAST, "alike": ALIKE}
    wanted |= {"looked_at": PICTURES_LOOKED_AT, "bits": ALIKE_BITS}
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, {**wanted, "contained": CONTAINED, "most": most})
        found = cursor.fetchall()
    keys = {key for pair in found for key in pair[:2]}
    landmarks = Landmark.objects.select_related("region__parent").with_names().in_bulk(keys)
    return [Pair(landmarks[pair[0]], landmarks[pair[1]], *pair[2:]) for pair in found]
