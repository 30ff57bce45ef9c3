"""The content version of a landmark and the feed of changes, kept by the database itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.catalogue.content import (
    CursorExpired,
    CursorUnknown,
    changes_after,
    cursor_at,
    feed_end,
    settle_changes,
)
from apps.catalogue.history import change_many
from apps.catalogue.merging import merge_landmarks
from apps.catalogue.models import (
    Category,
    ContentChange,
    ContentFeed,
    Landmark,
    LandmarkNote,
    License,
    Region,
)
from apps.catalogue.unmerging import undo_merge
from apps.guide.models import Article
from apps.guide.services import announce_due
from tests.factories.catalogue import CategoryFactory, LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory

pytestmark = pytest.mark.django_db


def version(landmark: Landmark) -> str:
    return Landmark.objects.with_content_version().get(pk=landmark.pk).content_version


def kinds(cursor: str = "") -> list[tuple[str, int]]:
    return [(row.kind, row.landmark_id) for row in changes_after(cursor, limit=1000).rows]


def end() -> str:
    return changes_after("", limit=1000).cursor


def everything(landmark: Landmark) -> dict:
    """Give a landmark one of everything that it can show."""
    landmark.parent = LandmarkFactory()
    landmark.category = CategoryFactory(slug="palaces", parent=CategoryFactory())
    landmark.save()
    return {
        "photo": PhotoFactory(landmark=landmark),
        "article": ArticleFactory(landmark=landmark),
        "note": LandmarkNote.objects.create(landmark=landmark, language="ko", text="오른쪽 길로"),
    }


def rename(named) -> None:
    named.names.update(text="다른 이름")


CHANGES = {
    "address": lambda place: Landmark.objects.filter(pk=place.pk).update(address="다른 곳"),
    "position": lambda place: Landmark.objects.filter(pk=place.pk).update(latitude=37.1),
    "category": lambda place: Landmark.objects.filter(pk=place.pk).update(
        category=CategoryFactory(slug="towers")
    ),
    "parent": lambda place: Landmark.objects.filter(pk=place.pk).update(parent=None),
    "state": lambda place: Landmark.objects.filter(pk=place.pk).update(state="withdrawn"),
    "name of the parent": lambda place: rename(place.parent),
    "parent withdrawn": lambda place: Landmark.objects.filter(pk=place.parent_id).update(
        state="withdrawn"
    ),
    "name": rename,
    "new name": lambda place: place.names.create(language="en", text="A place"),
    "name gone": lambda place: place.names.all().delete(),
    "note": lambda place: place.notes.update(text="왼쪽 길로"),
    "name of the category": lambda place: rename(place.category),
    "name of the category above": lambda place: rename(place.category.parent),
    "category moved": lambda place: Category.objects.filter(pk=place.category_id).update(
        parent=None
    ),
    "name of the region": lambda place: place.region.names.filter(kind="official").update(
        text="다른 지역"
    ),
    "new name of the region": lambda place: place.region.names.create(language="fr", text="Seoul"),
    "code of the region": lambda place: Region.objects.filter(pk=place.region_id).update(code="X"),
    "photo gone": lambda place: place.photos.all().delete(),
    "new photo": lambda place: PhotoFactory(landmark=place),
    "credit": lambda place: place.photos.update(credit="A photographer"),
    "license of the photo": lambda place: place.photos.update(
        license=License.objects.exclude(code="CC0-1.0").first()
    ),
    "license itself": lambda place: License.objects.filter(code="CC0-1.0").update(may_show=False),
    "renditions": lambda place: place.photos.update(renditions_key="abc"),
    "text": lambda place: place.articles.update(body="다른 글."),
    "text withdrawn": lambda place: place.articles.update(
        state="withdrawn", withdrawn_at=timezone.now()
    ),
    "text gone": lambda place: place.articles.all().delete(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_a_landmark_shows_changes_its_version_and_the_feed(name):
    landmark = LandmarkFactory()
    everything(landmark)
    other = LandmarkFactory(
        region=Region.objects.get(code="KR-26"), category=CategoryFactory(slug="beaches")
    )
    cursor, before, others = end(), version(landmark), version(other)

    CHANGES[name](landmark)

    noted = version(landmark)
    assert noted != before
    assert version(other) == others
    assert landmark.pk in {key for _kind, key in kinds(cursor)}
    assert other.pk not in {key for _kind, key in kinds(cursor)}


@pytest.mark.parametrize(
    "change",
    [
        lambda place: Landmark.objects.filter(pk=place.pk).update(
            address=place.address, version=7, updated_at=timezone.now()
        ),
        lambda place: Landmark.objects.get(pk=place.pk).save(),
        lambda place: place.photos.update(renditions_error="no", perceptual_hash=None),
        lambda place: ArticleFactory(landmark=place, language="en", state="draft"),
        lambda place: CategoryFactory(slug="new", name="새 분류"),
    ],
    ids=["same values", "saved as it was", "bookkeeping", "a draft", "another category"],
)
def test_what_nobody_sees_changes_nothing(change):
    landmark = LandmarkFactory()
    everything(landmark)
    cursor, before = end(), version(landmark)

    change(landmark)

    assert version(landmark) == before
    assert kinds(cursor) == []


def test_a_change_has_its_version_before_and_after_it_is_settled():
    landmark = LandmarkFactory()
    settle_changes()
    rename(landmark)
    noted = version(landmark)

    assert settle_changes() == 1

    assert version(landmark) == noted
    assert not ContentChange.objects.exists()


def test_a_text_goes_live_at_its_moment_and_the_feed_hears_of_it():
    landmark = LandmarkFactory()
    text = ArticleFactory(landmark=landmark, published_at=timezone.now() + timedelta(days=1))
    cursor, before = end(), version(landmark)

    # Times are given; no trigger runs when one comes.
    with connection.cursor() as query:
        query.execute("SET CONSTRAINTS ALL IMMEDIATE")
        query.execute("ALTER TABLE guide_article DISABLE TRIGGER USER")
        Article.objects.filter(pk=text.pk).update(published_at=timezone.now())
        query.execute("ALTER TABLE guide_article ENABLE TRIGGER USER")

    assert version(landmark) != before
    live = version(landmark)
    assert announce_due() == 1
    assert version(landmark) != live
    assert kinds(cursor) == [("updated", landmark.pk)]


def test_the_feed_names_what_became_of_a_landmark():
    staff = User.objects.create_superuser("staff")
    draft, other = LandmarkFactory(state="draft"), LandmarkFactory()
    cursor = end()
    assert draft.pk not in {key for _kind, key in kinds()}

    Landmark.objects.filter(pk=draft.pk).update(state="published")
    assert kinds(cursor) == [("created", draft.pk)]
    cursor = end()
    rename(draft)
    assert kinds(cursor) == [("updated", draft.pk)]
    assert ("created", draft.pk) in kinds()
    cursor = end()
    Landmark.objects.filter(pk=draft.pk).update(state="withdrawn")
    assert kinds(cursor) == [("unpublished", draft.pk)]
    cursor = end()
    rename(draft)
    assert kinds(cursor) == []

    Landmark.objects.filter(pk=draft.pk).update(state="published")
    cursor = end()
    merge_landmarks(draft, into=other, by=staff, at=timezone.now())
    merged = {row.landmark_id: row for row in changes_after(cursor, limit=10).rows}
    assert (merged[draft.pk].kind, merged[draft.pk].merged_into) == ("merged", other.pk)
    assert merged[other.pk].kind == "updated"
    cursor = end()
    undo_merge(other.redirects.get(), by=staff, at=timezone.now())
    assert ("created", draft.pk) in kinds(cursor)
    cursor = end()
    key = draft.pk
    draft.delete()
    assert kinds(cursor) == [("deleted", key)]


def test_pages_of_the_feed_go_on_where_the_last_one_ended():
    made = [LandmarkFactory() for _ in range(5)]

    first = changes_after("", limit=2)
    rename(made[0])
    rest = changes_after(first.cursor, limit=10)

    assert first.more and not rest.more
    assert [row.landmark_id for row in first.rows] == [made[0].pk, made[1].pk]
    assert [row.landmark_id for row in rest.rows] == [*(row.pk for row in made[2:]), made[0].pk]
    assert changes_after(rest.cursor, limit=10).rows == []
    assert changes_after(rest.cursor, limit=10).cursor == rest.cursor


@pytest.mark.parametrize("cursor", ["x", "AAAA", "한글", "MTIzOi01", "a" * 500])
def test_a_text_that_is_no_cursor_is_refused(cursor):
    LandmarkFactory()

    with pytest.raises(CursorUnknown):
        changes_after(cursor, limit=1)


def test_a_restored_copy_is_another_feed():
    landmark = LandmarkFactory()
    cursor, before = end(), version(landmark)
    last = feed_end()[1]
    # What a dump brings along: the place where the feed was.
    ContentFeed.objects.update(place="another cluster")

    with pytest.raises(CursorExpired):
        changes_after(cursor, limit=1)

    assert version(landmark) != before
    assert kinds() == [("created", landmark.pk)]
    with pytest.raises(CursorExpired):
        changes_after(cursor_at(feed_end()[0], last + 1), limit=1)


@pytest.mark.parametrize("count", [3, 30])
def test_a_change_of_many_costs_as_many_statements_as_one_of_few(count):
    staff = User.objects.create_superuser("staff")
    for _ in range(count):
        LandmarkFactory()
    category = CategoryFactory(slug="many")
    settle_changes()
    rows = Landmark.objects.order_by("pk")

    with CaptureQueriesContext(connection) as captured:
        change_many(rows, {"category": category}, by=staff, at=timezone.now())

    assert len(captured) == 5
    assert ContentChange.objects.count() == count
    assert settle_changes() == count
