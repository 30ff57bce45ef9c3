"""The feed of changes: what triggers noted, put in order.

Writers only add rows (ContentChange); `settle_changes` gives them their places, one process
after the other under a lock. So a place is given after the change was committed, and before any
higher one is: whoever read up to a place has missed nothing below it, in whatever order
transactions end. What a row says is the state at that moment, not a story of how it came about.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from apps.catalogue.models import ContentChange

AT_ONCE = 50_000

# A copy of the database is another feed: where it goes on, others' cursors mean nothing. A dump
# makes the table anew, a base backup that is recovered begins a timeline.
#
# This is the lock as well: it holds the one row until the transaction ends, also where nothing
# changes, and the statement after it sees what the holder before committed.
_KEEP_EPOCH = """
    INSERT INTO catalogue_contentfeed AS held (id, epoch, place)
    SELECT 1, substr(md5(gen_random_uuid()::text), 1, 12), concat_ws('/',
               (SELECT system_identifier FROM pg_control_system()),
               (SELECT timeline_id FROM pg_control_checkpoint()),
               (SELECT oid FROM pg_database WHERE datname = current_database()),
               'catalogue_landmarkcontent'::regclass::oid)
    ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, place = excluded.place
    WHERE held.place <> excluded.place
"""
# Names of a category, a region or a license show in many landmarks. The trigger noted those that
# it saw; another transaction may have moved a landmark below it meanwhile, so look again.
_SETTLE = """
    WITH RECURSIVE taken AS (
        DELETE FROM catalogue_contentchange WHERE id IN (
            SELECT id FROM catalogue_contentchange ORDER BY id LIMIT %(at_once)s)
        RETURNING landmark_id, category_id, region_id, license_id, at
    ), category AS (
        SELECT category_id AS id, at FROM taken WHERE category_id IS NOT NULL
        UNION
        SELECT below.id, category.at FROM catalogue_category below
          JOIN category ON below.parent_id = category.id
    ), region AS (
        SELECT region_id AS id, at FROM taken WHERE region_id IS NOT NULL
        UNION
        SELECT below.id, region.at FROM catalogue_region below
          JOIN region ON below.parent_id = region.id
    ), touched AS (
        SELECT landmark_id, at, 1 AS own, 0 AS shared FROM taken WHERE landmark_id IS NOT NULL
        UNION ALL
        SELECT landmark.id, category.at, 0, 1 FROM catalogue_landmark landmark
          JOIN category ON landmark.category_id = category.id
        UNION ALL
        SELECT landmark.id, region.at, 0, 1 FROM catalogue_landmark landmark
          JOIN region ON landmark.region_id = region.id
        UNION ALL
        SELECT photo.landmark_id, taken.at, 0, 1 FROM catalogue_photo photo
          JOIN taken ON photo.license_id = taken.license_id WHERE photo.landmark_id IS NOT NULL
    ), changed AS (
        SELECT landmark_id, max(at) AS at, sum(own) + max(shared) AS steps
        FROM touched GROUP BY landmark_id
    ), present AS (
        SELECT changed.*, redirect.landmark_id AS merged_into,
               CASE WHEN landmark.id IS NULL THEN 'deleted'
                    WHEN landmark.state = 'published' THEN 'public'
                    WHEN redirect.id IS NOT NULL THEN 'merged'
                    ELSE 'unpublished' END AS kind
        FROM changed
        LEFT JOIN catalogue_landmark landmark ON landmark.id = changed.landmark_id
        LEFT JOIN catalogue_landmarkredirect redirect
               ON redirect.old_slug = landmark.slug AND landmark.state <> 'published'
    ), placed AS (
        SELECT *, row_number() OVER (ORDER BY at, landmark_id)
                  + coalesce((SELECT max(position) FROM catalogue_landmarkcontent), 0) AS position
        FROM present
        WHERE kind = 'public' OR EXISTS (
            SELECT FROM catalogue_landmarkcontent held
             WHERE held.landmark_id = present.landmark_id)
    ), settled AS (
        INSERT INTO catalogue_landmarkcontent AS held
            (landmark_id, version, changed_at, position, kind, merged_into, public_since)
        SELECT landmark_id, steps, at, position, kind, merged_into, position FROM placed
        ON CONFLICT (landmark_id) DO UPDATE SET
            version = held.version + excluded.version,
            changed_at = greatest(held.changed_at, excluded.changed_at),
            position = excluded.position,
            kind = excluded.kind,
            merged_into = excluded.merged_into,
            public_since = CASE WHEN held.kind = 'public' THEN held.public_since
                                ELSE excluded.public_since END
        WHERE held.kind = 'public' OR held.kind <> excluded.kind
           OR held.merged_into IS DISTINCT FROM excluded.merged_into
    )
    SELECT count(*) FROM taken
"""
_READ = """
    SELECT position, changed_at, landmark_id, merged_into,
           CASE WHEN kind <> 'public' THEN kind
                WHEN public_since > %(after)s THEN 'created'
                ELSE 'updated' END
    FROM catalogue_landmarkcontent
    WHERE position > %(after)s ORDER BY position LIMIT %(limit)s
"""


class CursorUnknown(Exception):
    """The text is no cursor of a feed."""


class CursorExpired(Exception):
    """The cursor belongs to a feed that ended when the database was restored: begin anew."""


class Change(NamedTuple):
    """A landmark's last change. kind: created, updated, unpublished, deleted or merged."""

    cursor: str
    at: datetime
    landmark_id: int
    merged_into: int | None
    kind: str


class Changes(NamedTuple):
    """Some changes, oldest first, and the cursor after them."""

    rows: list[Change]
    cursor: str
    more: bool


def settle_changes() -> int:
    """Give the noted changes their places in the feed; return how many there were.

    The sweeper asks every few seconds, and whoever reads the feed.
    """
    settled = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_KEEP_EPOCH)
            cursor.execute(_SETTLE, {"at_once": AT_ONCE})
            (count,) = cursor.fetchone()
        settled += count
        if count < AT_ONCE:
            return settled


def settle_noted() -> int:
    """Settle where something waits; where nothing does, nobody has to wait for a lock."""
    return settle_changes() if ContentChange.objects.exists() else 0


def changes_after(cursor: str, *, limit: int) -> Changes:
    """Return up to so many changes after a cursor; "" is the beginning.

    A change is "created" where the landmark became public after the cursor. Raises
    CursorUnknown and CursorExpired.
    """
    settle_changes()
    epoch, last = feed_end()
    after = _position(cursor, epoch=epoch, last=last) if cursor else 0
    with connection.cursor() as query:
        query.execute(_READ, {"after": after, "limit": limit + 1})
        found = query.fetchall()
    rows = [Change(cursor_at(epoch, place), *values) for place, *values in found[:limit]]
    end = rows[-1].cursor if rows else cursor_at(epoch, after)
    return Changes(rows, end, len(found) > limit)


def feed_end() -> tuple[str, int]:
    """Return the epoch of the feed and its last position."""
    with connection.cursor() as query:
        query.execute(
            "SELECT coalesce((SELECT epoch FROM catalogue_contentfeed), ''),"
            " coalesce((SELECT max(position) FROM catalogue_landmarkcontent), 0)"
        )
        return query.fetchone()


def feed_end_cursor() -> str:
    """Return the cursor after everything that is committed now."""
    settle_changes()
    return cursor_at(*feed_end())


def cursor_at(epoch: str, position: int) -> str:
    """Return the cursor after a position, a text that only the feed itself reads."""
    return base64.urlsafe_b64encode(f"{epoch}:{position}".encode()).decode().rstrip("=")


def _position(cursor: str, *, epoch: str, last: int) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        known, _colon, number = text.partition(":")
        position = int(number)
    except (binascii.Error, ValueError) as error:
        raise CursorUnknown(cursor) from error
    if cursor_at(known, position) != cursor or position < 0:
        raise CursorUnknown(cursor)
    # Positions only rise: a higher one was given before an older copy came back.
    if known != epoch or position > last:
        raise CursorExpired(cursor)
    return position
