"""The product's own catalogue: complete, in its place, and its own words."""

from __future__ import annotations

import csv
import json
import math
import re
from collections import Counter
from datetime import datetime
from itertools import combinations
from pathlib import Path

import pytest
from django.utils import timezone

from apps.catalogue.models import Category, Landmark, LandmarkName, LandmarkRedirect, Region
from apps.catalogue.opening_hours import parse
from apps.catalogue.seeding import add_missing_landmarks, read_seed
from tests.environment import ROOT

ARTICLES = ROOT / "apps" / "guide" / "seed" / "articles.csv"
DISTRICTS = ROOT / "static" / "map" / "korean-districts.json"
FIRST_SLUGS = """
sungnyemun n-seoul-tower lotte-world-tower cheomseongdae gwangandaegyo
gwanghwamun-yi-sun-sin-statue dongdaemun-design-plaza independence-gate gyeongbokgung bulguksa
hwaseong-fortress seongsan-ilchulbong haeinsa-janggyeongpanjeon gwanghallu jeondong-cathedral
gongsanseong beopjusa-palsangjeon hanbit-tower suncheon-bay-national-garden ganjeolgot
daegu-83-tower ganghwa-bugeun-ri-dolmen asia-culture-center jukseoru seokguram byeongsanseowon
gyeongbokgung-geunjeongjeon dabotap seokgatap hwaseong-fortress-hwaseomun
""".split()
# They lie in the sea, or on an island that the simplified outlines leave out.
OFFSHORE = {"gwangandaegyo", "incheon-bridge", "tomb-of-king-munmu", "dokdo", "oedo-botania"}
# The outlines are simplified to about 300 m.
OUTLINE_TOLERANCE_KM = 1.0
NEAR_KM = 0.6
LANGUAGES = ("ko", "en")


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return read_seed("landmarks.csv")


@pytest.fixture(scope="module")
def articles() -> dict[tuple[str, str], dict[str, str]]:
    with ARTICLES.open(encoding="utf-8", newline="") as lines:
        read = list(csv.DictReader(lines))
    assert len({(row["slug"], row["language"]) for row in read}) == len(read)
    return {(row["slug"], row["language"]): row for row in read}


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    north = (one[0] - other[0]) * 111.2
    east = (one[1] - other[1]) * 111.2 * math.cos(math.radians(one[0]))
    return math.hypot(north, east)


def test_the_first_thirty_keep_their_addresses(rows):
    assert [row["slug"] for row in rows][:30] == FIRST_SLUGS


def test_there_are_places_of_every_province_and_many_themes(rows):
    provinces = Counter(row["region1"] for row in rows)
    themes = {row["category"] for row in rows}

    assert len(rows) >= 100
    assert set(provinces) == {row["ko"] for row in read_seed("regions.csv")}
    assert min(provinces.values()) >= 2
    assert len(themes) >= 30
    assert {theme.split("/")[0] for theme in themes} == {
        *("문화유산", "자연", "건축물", "문화", "기념물")
    }


def test_nothing_is_there_twice(rows):
    for column in ("slug", "name_ko", "name_en"):
        assert [value for value, n in Counter(r[column] for r in rows).items() if n > 1] == []
    for one, other in combinations(rows, 2):
        apart = kilometres(position(one), position(other))
        assert apart > 0.01, (one["slug"], other["slug"])


def position(row: dict[str, str]) -> tuple[float, float]:
    return float(row["latitude"]), float(row["longitude"])


def test_addresses_names_and_regions_are_well_formed(rows):
    districts = {(row["province"], row["ko"]) for row in read_seed("districts.csv")}
    codes = {row["ko"]: row["code"] for row in read_seed("regions.csv")}
    slugs = {row["slug"] for row in rows}
    for row in rows:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row["slug"])
        assert re.search("[가-힣]", row["name_ko"])
        assert not re.search("[가-힣]", row["name_en"])
        assert row["romanized"].isascii()
        assert row["address"].startswith(" ".join(filter(None, (row["region1"], row["region2"]))))
        if row["region1"] != "세종특별자치시":
            assert (codes[row["region1"]], row["region2"]) in districts
        assert row["category"] in {each["path"] for each in read_seed("categories.csv")}
        assert not row["parent"] or row["parent"] in slugs
        assert row["source"] == "gilnun-seed"
        parse(row["opening_hours"])


def test_each_place_has_a_text_of_its_own_in_both_languages(rows, articles):
    assert set(articles) == {(row["slug"], language) for row in rows for language in LANGUAGES}
    lengths = {"ko": (120, 420), "en": (240, 800)}
    for (slug, language), text in articles.items():
        shortest, longest = lengths[language]
        assert shortest <= len(text["body"]) <= longest, (slug, language, len(text["body"]))
        assert 2 <= len(text["body"].split("\n\n")) <= 3, (slug, language)
        assert len(text["title"]) <= 60
        hangul = len(re.findall("[가-힣]", text["body"]))
        assert hangul > 60 if language == "ko" else hangul == 0, (slug, language)


def test_korean_texts_are_polite_throughout(articles):
    polite = re.compile(r"(니다|세요|까요)[.!?]?[’”\")]?$")
    for (slug, language), text in articles.items():
        if language == "ko":
            sentences = re.split(r"(?<=[.!?])\s+", text["body"])
            assert [each for each in sentences if not polite.search(each)] == [], slug


def test_no_sentence_is_used_twice(articles):
    seen: dict[str, str] = {}
    for (slug, language), text in articles.items():
        for sentence in re.split(r"(?<=[.!?])\s+", text["body"]):
            assert sentence not in seen or len(sentence) < 25, (slug, language, seen[sentence])
            seen[sentence] = slug
    titles = Counter((language, text["title"]) for (_, language), text in articles.items())
    assert max(titles.values()) == 1


def test_notes_come_in_both_languages(rows):
    notes = read_seed("notes.csv")
    by_language = {
        language: {(note["slug"], note["kind"]) for note in notes if note["language"] == language}
        for language in LANGUAGES
    }

    assert by_language["ko"] == by_language["en"]
    assert {note["slug"] for note in notes} <= {row["slug"] for row in rows}
    assert {note["kind"] for note in notes} <= {"access", "opening", "fee"}


def rings_of_provinces() -> dict[str, list[list[list[float]]]]:
    rings: dict[str, list] = {}
    for feature in json.loads(DISTRICTS.read_text(encoding="utf-8"))["features"]:
        name = feature["properties"]["province"].replace("전라북도", "전북특별자치도")
        for polygon in feature["geometry"]["coordinates"]:
            rings.setdefault(name, []).append(polygon[0])
    return rings


def inside(ring: list[list[float]], latitude: float, longitude: float) -> bool:
    found = False
    for (x, y), (px, py) in zip(ring, ring[-1:] + ring[:-1], strict=True):
        if (y > latitude) != (py > latitude):
            found ^= longitude < (px - x) * (latitude - y) / (py - y) + x
    return found


def test_each_place_lies_in_its_province(rows):
    rings = rings_of_provinces()
    for row in rows:
        latitude, longitude = position(row)
        own = rings[row["region1"]]
        if row["slug"] in OFFSHORE or any(inside(ring, latitude, longitude) for ring in own):
            continue
        nearest = min(kilometres((latitude, longitude), (y, x)) for ring in own for x, y in ring)
        assert nearest < OUTLINE_TOLERANCE_KM, (row["slug"], nearest)
        assert not any(
            inside(ring, latitude, longitude)
            for name, others in rings.items()
            if name != row["region1"]
            for ring in others
        ), row["slug"]


def test_places_agree_with_the_list_of_facts(rows, shared_data: Path):
    with (shared_data / "landmarks_kr.csv").open(encoding="utf-8", newline="") as lines:
        facts = [row for row in csv.DictReader(lines) if not row["source"].startswith("aihub")]
    compared = 0
    for row in rows:
        names = {row["name_ko"], *row["aliases"].split("|")}
        same = [
            fact for fact in facts if fact["name_ko"] in names and fact["region1"] == row["region1"]
        ]
        if not same:
            continue
        compared += 1
        apart = min(kilometres(position(row), position(fact)) for fact in same)
        assert apart < NEAR_KM, (row["slug"], apart)
        assert row["region2"] in {fact["region2"] for fact in same}, row["slug"]
    assert compared >= 60


@pytest.mark.django_db
def test_the_catalogue_is_added_once_in_a_fixed_number_of_statements(
    rows, django_assert_max_num_queries
):
    at = timezone.now()
    with django_assert_max_num_queries(30):
        assert add_missing_landmarks(at=at) == len(rows)
    with django_assert_max_num_queries(4):
        assert add_missing_landmarks(at=at) == 0

    hall = Landmark.objects.get(slug="gyeongbokgung-geunjeongjeon")
    assert hall.parent.slug == "gyeongbokgung"
    assert str(hall.region) == "서울특별시 종로구"
    assert [node.name_in("en") for node in hall.category.chain()] == ["Heritage", "Palace"]
    assert set(
        LandmarkName.objects.filter(landmark__slug="donggung-and-wolji", kind="former").values_list(
            "text", flat=True
        )
    ) == {"안압지", "임해전지"}
    assert Landmark.objects.get(slug="sejong-lake-park").region.code == "KR-50"
    assert Region.objects.exclude(parent=None).count() == len(read_seed("districts.csv"))


@pytest.mark.django_db
def test_regions_and_categories_that_are_there_already_are_used(rows):
    seoul = Region.objects.get(code="KR-11")
    held = Region.objects.create(code="KR-11-our-own", parent=seoul)
    held.names.create(language="ko", text="종로구")
    nature = Category.objects.create(slug="nature")
    nature.names.create(language="ko", text="우리 자연")

    add_missing_landmarks(at=timezone.now())

    assert Landmark.objects.get(slug="gyeongbokgung").region == held
    assert Landmark.objects.get(slug="udo").category.parent.slug == "nature-seed"


@pytest.mark.django_db
def test_what_staff_changed_withdrew_or_merged_stays():
    at = timezone.now()
    add_missing_landmarks(at=at)
    Landmark.objects.filter(slug="udo").update(state="withdrawn", address="우도")
    kept = Landmark.objects.get(slug="hallasan")
    Landmark.objects.get(slug="bijarim").delete()
    LandmarkRedirect.objects.create(old_slug="bijarim", landmark=kept, created_at=at)

    assert add_missing_landmarks(at=at) == 0
    assert Landmark.objects.get(slug="udo").address == "우도"
    assert not Landmark.objects.filter(slug="bijarim").exists()


@pytest.mark.django_db
def test_places_are_found_by_their_aliases_and_former_names():
    add_missing_landmarks(at=timezone.now())
    first = {
        query: Landmark.objects.published().search(query).first().slug
        for query in (
            "안압지",
            "동대문",
            "창경원",
            "해인사",
            "Dongdaemun Gate",
            "ㄷㅅㅅㅇ",
            "경북궁",
        )
    }

    assert first == {
        "안압지": "donggung-and-wolji",
        "동대문": "heunginjimun",
        "창경원": "changgyeonggung",
        "해인사": "haeinsa-janggyeongpanjeon",
        "Dongdaemun Gate": "heunginjimun",
        "ㄷㅅㅅㅇ": "dosanseowon",
        "경북궁": "gyeongbokgung",
    }


@pytest.mark.django_db
def test_what_is_open_is_asked_by_the_clock_of_korea():
    add_missing_landmarks(at=timezone.now())
    tuesday_noon = datetime.fromisoformat("2026-11-24T12:00:00+09:00")

    open_now = set(Landmark.objects.open_at(tuesday_noon).values_list("slug", flat=True))

    assert "changdeokgung" in open_now
    assert "gyeongbokgung" not in open_now  # closed on Tuesdays
    assert "sungnyemun" not in open_now  # nothing is said of its hours
