"""A partner's copy of the catalogue, kept by following the feed of changes."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import psycopg
import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.catalogue.content import settle_changes
from apps.catalogue.history import change_many
from apps.catalogue.merging import NotMergeable, merge_landmarks
from apps.catalogue.models import (
    Category,
    ContentFeed,
    Landmark,
    LandmarkContent,
    LandmarkRedirect,
    License,
    Region,
)
from apps.guide.models import Article
from tests.environment import CLUSTER, OWNER
from tests.factories.catalogue import CategoryFactory, LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory
from tests.running import wait_until

CHANGES = "/api/v1/changes/"
LANDMARKS = "/api/v1/landmarks/"
WRITERS = 4
STEPS = 40


@pytest.fixture(autouse=True)
def no_limit(settings) -> None:
    settings.ANONYMOUS_PER_MINUTE = 1_000_000


class Copy:
    """What a partner holds, and how far it got."""

    def __init__(self, client: Client):
        self.client = client
        self.rows: dict[int, dict] = {}
        self.cursor = ""

    def follow(self, page_size: int) -> int:
        """Do what one page of the feed says; return how many changes it had."""
        query = {"cursor": self.cursor, "page_size": page_size}
        answer = self.client.get(CHANGES, query)
        assert answer.status_code == 200, answer.content
        page = answer.json()
        for change in page["results"]:
            key = change["id"]
            if change["kind"] in ("created", "updated"):
                found = self.client.get(f"{LANDMARKS}{key}/")
                # Gone again meanwhile: the feed says so further on.
                if found.status_code == 200:
                    self.rows[key] = found.json()
            else:
                self.rows.pop(key, None)
        self.cursor = page["cursor"]
        return len(page["results"])

    def follow_to_the_end(self) -> None:
        while self.follow(1000):
            pass


def whole_catalogue(client: Client) -> dict[int, dict]:
    rows, address = {}, f"{LANDMARKS}?page_size=200"
    while address:
        page = client.get(address).json()
        rows |= {row["id"]: row for row in page["results"]}
        address = page["next"]
    return rows


class Writer(NamedTuple):
    """Somebody who changes the catalogue at random, in transactions of different lengths."""

    chance: random.Random
    staff: User

    def some(self, count: int = 1) -> list[Landmark]:
        """Return so many landmarks. Raises Landmark.DoesNotExist where others took them away."""
        keys = list(Landmark.objects.order_by("pk").values_list("pk", flat=True))
        chosen = self.chance.sample(keys, min(count, len(keys)))
        found = list(Landmark.objects.filter(pk__in=chosen).order_by("pk"))
        if len(found) < count:
            raise Landmark.DoesNotExist
        return found

    def work(self) -> None:
        for _ in range(STEPS):
            doing = self.chance.choice(DOINGS)
            try:
                with transaction.atomic():
                    doing(self)
                    # Transactions end in another order than the one they wrote in.
                    time.sleep(self.chance.choice((0, 0, 0.002, 0.02)))
            except (NotMergeable, ObjectDoesNotExist):
                continue
            except Exception as error:
                # What the other writers removed or hold: this one does something else.
                if not is_collision(error):
                    raise


def is_collision(error: Exception) -> bool:
    """Say whether a row that a writer held was removed, taken or locked by another one."""
    code = getattr(error.__cause__, "sqlstate", "") or ""
    gone = isinstance(error, DatabaseError) and "did not affect any rows" in str(error)
    return gone or code.startswith("23") or code in ("40001", "40P01", "55P03")


def state(name: str) -> Callable[[Writer], object]:
    def set_state(writer: Writer) -> None:
        for landmark in writer.some():
            Landmark.objects.filter(pk=landmark.pk).update(state=name)

    return set_state


def rename(writer: Writer) -> None:
    for landmark in writer.some(2):
        landmark.names.update(text=f"이름 {writer.chance.random()}")


def move(writer: Writer) -> None:
    category = writer.chance.choice(list(Category.objects.order_by("pk")))
    keys = [landmark.pk for landmark in writer.some(5)]
    rows = Landmark.objects.filter(pk__in=keys)
    change_many(rows, {"category": category}, by=writer.staff, at=timezone.now())


def rename_category(writer: Writer) -> None:
    category = writer.chance.choice(list(Category.objects.order_by("pk")))
    category.names.update(text=f"분류 {writer.chance.random()}")


def rename_region(writer: Writer) -> None:
    Region.objects.get(code="KR-TEST").names.update(text=f"지역 {writer.chance.random()}")


def merge(writer: Writer) -> None:
    landmark, into = writer.chance.sample(writer.some(2), 2)
    merge_landmarks(landmark, into=into, by=writer.staff, at=timezone.now())


def delete(writer: Writer) -> None:
    (landmark,) = writer.some()
    landmark.delete()


def create(writer: Writer) -> None:
    LandmarkFactory(
        slug=f"new-{writer.chance.getrandbits(60)}",
        category=Category.objects.order_by("pk").first(),
        region=Region.objects.get(code="KR-TEST"),
        state=writer.chance.choice(("draft", "published")),
    )


def give_photo(writer: Writer) -> None:
    (landmark,) = writer.some()
    license = License.objects.get(code="CC0-1.0")
    PhotoFactory(
        landmark=landmark, license=license, sha256=f"{writer.chance.getrandbits(256):064x}"
    )


def turn_license(writer: Writer) -> None:
    License.objects.filter(code="CC0-1.0").update(may_show=writer.chance.random() < 0.5)


def write_article(writer: Writer) -> None:
    (landmark,) = writer.some()
    text = f"글 {writer.chance.random()}"
    if not Article.objects.filter(landmark=landmark).update(body=text):
        ArticleFactory(landmark=landmark, body=text)


DOINGS = [
    *(state("published"), state("published"), state("published"), state("withdrawn")),
    *(rename, rename, move, rename_category, rename_region, merge, delete, create, create),
    *(give_photo, turn_license, write_article),
]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(3))
def test_whoever_follows_the_feed_holds_the_present_catalogue(client, seed):
    License.objects.get_or_create(
        code="CC0-1.0", defaults={"may_show": True, "needs_credit": False}
    )
    region = Region.objects.get_or_create(code="KR-TEST")[0]
    region.names.get_or_create(language="ko", defaults={"text": "서울특별시"})
    root = CategoryFactory(slug="root")
    for number in range(4):
        category = CategoryFactory(slug=f"category-{number}", parent=root)
        for _ in range(6):
            LandmarkFactory(category=category, region=region)
    staff = User.objects.create_superuser(f"staff-{seed}")
    early, late = Copy(client), Copy(client)
    working, done = threading.Barrier(WRITERS + 1), threading.Event()
    errors: list[Exception] = []

    def write(number: int) -> None:
        try:
            working.wait()
            Writer(random.Random(f"{seed} {number}"), staff).work()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    def sweep() -> None:
        try:
            while not done.is_set():
                settle_changes()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    sweeper = threading.Thread(target=sweep)
    writers = [threading.Thread(target=write, args=[number]) for number in range(WRITERS)]
    for each in (sweeper, *writers):
        each.start()
    working.wait()
    chance = random.Random(seed)
    while any(writer.is_alive() for writer in writers):
        early.follow(chance.choice((1, 5, 50)))
        if not late.cursor and chance.random() < 0.1:
            late.follow_to_the_end()
    done.set()
    for each in (sweeper, *writers):
        each.join()
    assert not errors

    anew = Copy(client)
    present = None
    for copy in (early, late, anew):
        copy.follow_to_the_end()
        present = present or whole_catalogue(client)
        assert copy.rows == present
    assert present
    assert LandmarkRedirect.objects.exists()


@pytest.fixture
def other() -> Iterator[psycopg.Connection]:
    """A second connection, whose transaction ends when the test says so."""
    with psycopg.connect(CLUSTER.url(OWNER, connection.settings_dict["NAME"])) as opened:
        yield opened


def two_landmarks() -> list[Landmark]:
    region = Region.objects.get_or_create(code="KR-TEST")[0]
    return [LandmarkFactory(region=region, address="before") for _ in range(2)]


def set_address(through, landmark: Landmark, text: str) -> None:
    through.execute("UPDATE catalogue_landmark SET address = %s WHERE id = %s", [text, landmark.pk])


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_was_written_first_and_committed_last_is_not_missed(client, other):
    slow, quick = two_landmarks()
    copy = Copy(client)
    copy.follow_to_the_end()

    # The slow one is noted first, with the lower number, and nobody sees it yet.
    set_address(other, slow, "slow")
    Landmark.objects.filter(pk=quick.pk).update(address="quick")
    copy.follow_to_the_end()
    seen = {key: row["address"] for key, row in copy.rows.items()}
    other.commit()
    copy.follow_to_the_end()

    assert seen == {slow.pk: "before", quick.pk: "quick"}
    assert {key: row["address"] for key, row in copy.rows.items()} == {
        slow.pk: "slow",
        quick.pk: "quick",
    }
    assert copy.rows == whole_catalogue(client)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_who_settle_at_once_give_no_place_twice(client, other):
    first, second = two_landmarks()
    settle_changes()
    errors: list[Exception] = []

    def settle() -> None:
        try:
            settle_changes()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    meanwhile = threading.Thread(target=settle)
    with transaction.atomic():
        set_address(other, first, "one")
        other.commit()
        settle_changes()
        # The places of the first are given, and not committed, when the second is to have one.
        set_address(other, second, "two")
        other.commit()
        meanwhile.start()
        wait_until(lambda: waiting(other), seconds=60, what="the second to wait for the first")
    meanwhile.join()

    assert not errors
    places = list(LandmarkContent.objects.order_by("position").values_list("landmark_id"))
    assert places == [(first.pk,), (second.pk,)]
    copy = Copy(client)
    while copy.follow(1):
        pass
    assert copy.rows == whole_catalogue(client)


def waiting(through: psycopg.Connection) -> bool:
    """Say whether a process of this database waits for what another one holds."""
    found = through.execute(
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND datname = current_database()"
    ).fetchone()
    through.commit()
    return found[0] > 0


@pytest.mark.django_db
def test_a_change_has_the_shape_that_partners_rely_on(client):
    landmark = LandmarkFactory()

    page = client.get(CHANGES).json()

    (change,) = page["results"]
    assert {**change, "at": ""} == {
        "cursor": page["cursor"],
        "at": "",
        "kind": "created",
        "id": landmark.pk,
        "merged_into": None,
    }
    assert (page["next"], page["previous"]) == (None, None)
    after = client.get(CHANGES, {"cursor": page["cursor"]}).json()
    assert (after["results"], after["cursor"]) == ([], page["cursor"])


@pytest.mark.django_db
def test_next_leads_through_the_feed(client):
    made = [LandmarkFactory().pk for _ in range(5)]

    seen, address = [], f"{CHANGES}?page_size=2"
    while address:
        page = client.get(address).json()
        seen += [change["id"] for change in page["results"]]
        address = page["next"]

    assert seen == made


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("cursor=nonsense", "cursor", "invalid_cursor"),
        ("cursor=%ED%95%9C", "cursor", "invalid_cursor"),
        ("page_size=1001", "page_size", "out_of_range"),
    ],
)
def test_what_is_no_cursor_is_refused(client, query, field, code):
    answer = client.get(f"{CHANGES}?{query}")

    assert answer.status_code == 400
    assert (answer.json()["field"], answer.json()["code"]) == (field, code)


@pytest.mark.django_db
def test_a_cursor_from_before_a_restore_is_gone(client):
    LandmarkFactory()
    cursor = client.get(CHANGES).json()["cursor"]
    ContentFeed.objects.update(place="where the backup came from")

    answer = client.get(CHANGES, {"cursor": cursor})

    assert answer.status_code == 410
    assert answer.json()["code"] == "cursor_expired"
    assert client.get(CHANGES).json()["results"]
