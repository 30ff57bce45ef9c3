"""The search against a plain reference, and its entries against what is written."""

from __future__ import annotations

import random
import threading
import unicodedata

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.catalogue.merging import merge_landmarks
from apps.catalogue.models import Landmark, LandmarkName, NamePiece, Region, SearchEntry
from apps.catalogue.searching import MEANT, matching_landmarks
from apps.catalogue.spelling import CONSONANTS, search_form
from bench.filling import SYLLABLES, places
from tests.catalogue.test_spelling import dictionary, misspelt
from tests.factories.catalogue import CategoryFactory, LandmarkFactory

SEED = 11
KINDS = ("official", "alias", "former", "romanized")
WRITERS, CHANGES = 4, 40


def initials(text: str) -> str:
    """Return the first consonant of each syllable."""
    return "".join(
        CONSONANTS[(ord(letter) - ord("가")) // 588] if "가" <= letter <= "힣" else letter
        for letter in "".join(text.lower().split())
    )


def is_hangul(text: str) -> bool:
    return any("가" <= letter <= "힣" for letter in text)


def expected_entries() -> set[tuple]:
    """Return what the entries must hold, from landmarks and names alone."""
    found = set()
    for landmark in Landmark.objects.prefetch_related("names"):
        names = sorted(landmark.names.all(), key=lambda name: name.pk)
        texts = []
        for write, take in ((search_form, str), (initials, is_hangul)):
            official = [write(n.text) for n in names if n.kind == "official" and take(n.text)]
            others = [write(n.text) for n in names if n.kind != "official" and take(n.text)]
            texts.append(
                ("\n{}\n".format("\n".join(official)) if official else "")
                + ("\t{}\t".format("\t".join(others)) if others else "")
            )
        if landmark.address:
            texts[0] += f"\v{search_form(landmark.address)}\v"
        found.add((landmark.pk, landmark.state == "published", landmark.slug, *texts))
    return found


def entries() -> set[tuple]:
    return set(SearchEntry.objects.values_list("pk", "published", "slug", "form", "initials"))


def reference(names: dict[str, list[tuple[str, str]]], query: str, write) -> list[str]:
    """Return the slugs that a plain search finds: same name, beginning, part; official first."""
    found = []
    for slug, held in names.items():
        ranks = []
        for kind, text in held:
            form = write(text)
            if query in form:
                rank = 0 if form == query else 1 if form.startswith(query) else 2
                ranks.append(rank + (0 if kind == "official" else 0.5))
        if ranks:
            found.append((min(ranks), slug))
    return [slug for _, slug in sorted(found)]


@pytest.fixture
def catalogue() -> dict[str, list[tuple[str, str]]]:
    """Store 60 places of few syllables, so that a query finds several in every way."""
    chance = random.Random(SEED)
    names = {}
    for number in range(60):
        slug = f"place-{chance.randrange(10**6)}-{number}"
        landmark = LandmarkFactory(slug=slug, address="", names={"ko": _name(chance)})
        for kind in chance.sample(KINDS[1:], chance.randrange(3)):
            LandmarkName.objects.create(
                landmark=landmark, language="ko", kind=kind, text=_name(chance)
            )
        names[slug] = list(landmark.names.values_list("kind", "text"))
    return names


def _name(chance: random.Random) -> str:
    words = ["".join(chance.choices(SYLLABLES[:8], k=chance.randint(2, 4))) for _ in range(2)]
    return " ".join(words[: chance.randint(1, 2)])


@pytest.mark.django_db
def test_infixes_beginnings_and_initials_find_what_a_plain_reference_finds(catalogue):
    chance = random.Random(SEED)
    texts = [text for held in catalogue.values() for _, text in held]
    several = 0
    for _ in range(60):
        form = "".join(chance.choice(texts).split())
        start = chance.randrange(len(form) - 1)
        part = form[start : start + chance.randint(2, 4)]
        asked = [(part, search_form)]
        if len(part) > 2:
            asked.append((initials(part), initials))
        for query, write in asked:
            wanted = reference(catalogue, write(query) if write is search_form else query, write)

            written = SearchEntry.objects.search(query).filter(search_rank__lt=MEANT)
            everywhere = list(Landmark.objects.search(query).values_list("pk", flat=True))

            assert list(written.values_list("slug", flat=True)) == wanted, query
            assert matching_landmarks(query) == everywhere, query
            assert matching_landmarks(query, most=3) == everywhere[:3], query
            several += len(wanted) > 1
    assert several > 20


@pytest.mark.django_db
def test_a_place_is_found_by_its_name_with_another_letter(catalogue):
    chance = random.Random(SEED)
    for slug, held in catalogue.items():
        text = "".join(held[0][1].split())
        if len(text) < 3:
            continue
        query = misspelt(text, chance)

        assert slug in Landmark.objects.search(query).values_list("slug", flat=True), query


@pytest.mark.django_db
def test_what_is_meant_comes_after_what_is_written_and_not_where_that_is_enough():
    for number in range(20):
        LandmarkFactory(slug=f"same-{number:02}", address="", names={"ko": f"경북궁 {number}호"})
    palace = LandmarkFactory(slug="palace", address="", names={"ko": "경복궁"})

    assert palace.pk not in matching_landmarks("경북궁")
    Landmark.objects.filter(slug="same-00").update(state="draft")
    assert matching_landmarks("경북궁")[-1] == palace.pk
    assert Landmark.objects.search("경북궁").last() == palace


@pytest.mark.django_db
def test_addresses_come_after_names_and_long_names_with_two_slips_are_found():
    by_address = LandmarkFactory(slug="a", address="경상북도 경주시 첨성로 1")
    by_name = LandmarkFactory(slug="b", address="", names={"ko": "첨성로 공원"})
    museum = LandmarkFactory(slug="c", address="", names={"ko": "국립중앙박물관"})

    assert matching_landmarks("첨성로") == [by_name.pk, by_address.pk]
    assert matching_landmarks("경주시 첨성로") == [by_address.pk]
    assert matching_landmarks("국립증앙박물간") == [museum.pk]


@pytest.mark.django_db
def test_one_open_syllable_finds_names_that_begin_with_it_else_names_that_have_it():
    LandmarkFactory(slug="middle", address="", names={"ko": "한가람"})

    assert Landmark.objects.search("가").get().slug == "middle"
    LandmarkFactory(slug="first", address="", names={"ko": "가람"})
    assert Landmark.objects.search("가").get().slug == "first"
    assert [each.slug for each in Landmark.objects.search("람")] == ["first", "middle"]


@pytest.mark.django_db
def test_entries_follow_every_kind_of_change(admin_user):
    at = timezone.now()
    first, second, third = (LandmarkFactory(names={"ko": f"첨성대 {n}"}) for n in range(3))
    LandmarkName.objects.bulk_create(
        LandmarkName(landmark=landmark, language="en", kind=kind, text=f"{kind} Park")
        for landmark in (first, second)
        for kind in KINDS
    )
    assert entries() == expected_entries()

    LandmarkName.objects.filter(landmark=first, kind="former").update(text="옛 이름")
    LandmarkName.objects.filter(landmark=first, kind="alias").update(landmark=third)
    LandmarkName.objects.filter(landmark=second, kind="romanized").delete()
    Landmark.objects.filter(pk=second.pk).update(state="withdrawn", address="")
    assert entries() == expected_entries()

    merge_landmarks(first, into=third, by=admin_user, at=at)
    assert entries() == expected_entries()
    first.refresh_from_db()
    LandmarkName.objects.filter(landmark=second).delete()
    second.delete()
    assert entries() == expected_entries()
    assert not SearchEntry.objects.filter(pk=second.pk).exists()


@pytest.mark.django_db
def test_the_pieces_of_names_are_those_that_a_query_is_looked_up_by():
    names = [each for place in places(40) for each in (place.korean, place.english) if each]
    names += ["N서울 타워", "국립·중앙(박물관)", "63빌딩", "Café Été", "ab"]
    landmark = LandmarkFactory(names={"ko": "가"})
    LandmarkName.objects.bulk_create(
        LandmarkName(landmark=landmark, language="ko", kind="alias", text=text) for text in names
    )

    held = set(NamePiece.objects.values_list("text", flat=True))

    assert dictionary(names) - held <= {"é", "été", "café"}
    assert NamePiece.objects.count() == len(held)
    assert all(unicodedata.is_normalized("NFC", piece) for piece in held)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_writers_at_once_leave_entries_that_say_what_is_written():
    """Without the lock on entries one of two writers to a landmark would miss the other's name."""
    region = Region.objects.get_or_create(code="KR-TEST")[0]
    category = CategoryFactory()
    held = [LandmarkFactory(region=region, category=category).pk for _ in range(2)]
    together, errors = threading.Barrier(WRITERS), []

    def write(number: int) -> None:
        chance = random.Random(f"{SEED} {number}")
        try:
            for turn in range(CHANGES):
                together.wait()
                with transaction.atomic():
                    _change(chance.choice(held), f"이름 {number} {turn}", chance)
        except Exception as error:
            errors.append(error)
            together.abort()
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=[number]) for number in range(WRITERS)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()

    assert not errors
    assert entries() == expected_entries()
    assert LandmarkName.objects.count() > CHANGES


def _change(landmark: int, text: str, chance: random.Random) -> None:
    names = LandmarkName.objects.filter(landmark=landmark)
    what = chance.randrange(6)
    if what == 0 and (last := names.order_by("-pk").first()):
        names.filter(pk=last.pk).delete()
    elif what == 1 and (last := names.order_by("-pk").first()):
        names.filter(pk=last.pk).update(text=text)
    elif what == 2:
        state = chance.choice(["published", "draft"])
        Landmark.objects.filter(pk=landmark).update(state=state, address=text)
    else:
        LandmarkName.objects.create(landmark_id=landmark, language="ko", kind="alias", text=text)
