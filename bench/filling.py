"""Rows of a national catalogue, always the same ones, as list pages and searches meet them."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

DISTRICTS = Path(__file__).resolve().parent.parent / "static" / "map" / "korean-districts.json"
SEED = 25
ROWS_AT_ONCE = 5000
SYLLABLES = (
    "가경고관구금나남대덕동명무문미백봉부북불비산상서석선성송수신안양"
    "연영오용운원월은인장정제조주중진창천청초태통평포풍한해현호홍화황효"
)
# Category, its English name, and how a place of it is called in both languages.
CATEGORIES = {
    "문화유산": ("Heritage", {"사적": ("Historic Site", "터"), "보물": ("Treasure", "석탑")}),
    "자연": ("Nature", {"산": ("Mountain", "산"), "폭포": ("Waterfall", "폭포")}),
    "관광지": ("Tourist Site", {"공원": ("Park", "공원"), "마을": ("Village", "마을")}),
    "문화시설": ("Culture", {"박물관": ("Museum", "박물관"), "미술관": ("Art Museum", "미술관")}),
    "종교": ("Religion", {"사찰": ("Temple", "사"), "성당": ("Cathedral", "성당")}),
}


class Place(NamedTuple):
    """What is made up of one landmark; `english` is "" where it has no English name."""

    korean: str
    english: str
    category: tuple[str, str]
    district: tuple[str, str]
    latitude: float | None
    longitude: float | None
    address: str


def places(count: int) -> list[Place]:
    """Return so many made-up places in the real districts of Korea, the same ones each time."""
    chance = random.Random(SEED)
    districts = json.loads(DISTRICTS.read_text())["features"]
    kinds = [
        (group, kind, english, ending)
        for group, (_, below) in CATEGORIES.items()
        for kind, (english, ending) in below.items()
    ]
    return [_place(chance, chance.choice(kinds), chance.choice(districts), n) for n in range(count)]


def _place(chance: random.Random, kind: tuple[str, str, str, str], district: dict, n: int) -> Place:
    from apps.catalogue.romanization import ascii_slug

    group, name, english, ending = kind
    stem = "".join(chance.choices(SYLLABLES, k=chance.choice((2, 2, 3))))
    where = district["properties"]
    ring = district["geometry"]["coordinates"][0][0]
    # Between two corners of the border lies mostly the district itself.
    corners = [chance.choice(ring) for _ in range(2)]
    longitude, latitude = (sum(values) / 2 for values in zip(*corners, strict=True))
    placed = chance.random() > 0.05
    return Place(
        korean=f"{stem}{ending}",
        english=f"{ascii_slug(stem).title()} {english}" if chance.random() < 0.6 else "",
        category=(group, name),
        district=(where["province"], where["district"] or where["province"]),
        latitude=round(latitude, 6) if placed else None,
        longitude=round(longitude, 6) if placed else None,
        address=f"{where['province']} {where['district']} {stem}로 {n % 300 + 1}",
    )


def fill(landmarks: int, photos: int) -> None:
    """Store places with names, texts in Korean and often in English, and rows of photos."""
    from django.utils import timezone

    from apps.catalogue.models import Landmark, LandmarkName
    from apps.guide.models import Article

    chance = random.Random(SEED)
    now = timezone.now()
    made = places(landmarks)
    categories, regions = _categories(), _regions(made)
    rows = [
        Landmark(
            slug=f"place-{n}",
            state=chance.choices(["published", "draft", "withdrawn"], [80, 18, 2])[0],
            category=categories[place.category],
            region=regions[place.district],
            latitude=place.latitude,
            longitude=place.longitude,
            address=place.address,
            source="bench",
            created_at=now,
            updated_at=now - timedelta(minutes=n),
        )
        for n, place in enumerate(made)
    ]
    Landmark.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
    names = []
    texts = []
    for row, place in zip(rows, made, strict=True):
        names.append(LandmarkName(landmark=row, language="ko", text=place.korean))
        if place.english:
            names.append(LandmarkName(landmark=row, language="en", text=place.english))
        if chance.random() < 0.2:
            alias = f"{place.district[1]} {place.korean}"
            names.append(LandmarkName(landmark=row, language="ko", kind="alias", text=alias))
        for language, share in (("ko", 0.8), ("en", 0.4)):
            if chance.random() < share:
                texts.append(_text(Article, row, language, place, now))
    LandmarkName.objects.bulk_create(names, batch_size=ROWS_AT_ONCE)
    Article.objects.bulk_create(texts, batch_size=ROWS_AT_ONCE)
    _store_photos(rows, photos, chance, now)


def _text(article, row, language: str, place: Place, now):
    return article(
        landmark=row,
        language=language,
        title=place.english if language == "en" and place.english else place.korean,
        body=f"{place.korean}. " * 20,
        state="published",
        published_at=now,
        created_at=now,
        updated_at=now,
    )


def _categories() -> dict[tuple[str, str], object]:
    from apps.catalogue.models import Category, CategoryName

    found = {}
    for top, (top_english, below) in CATEGORIES.items():
        root = Category.objects.create(slug=f"bench-{len(found)}")
        names = [(root, "ko", top), (root, "en", top_english)]
        for name, (english, _) in below.items():
            category = Category.objects.create(
                slug=f"{root.slug}-{name.encode().hex()}", parent=root
            )
            names += [(category, "ko", name), (category, "en", english)]
            found[top, name] = category
        CategoryName.objects.bulk_create(
            CategoryName(category=category, language=language, text=text)
            for category, language, text in names
        )
    return found


def _regions(made: list[Place]) -> dict[tuple[str, str], object]:
    from apps.catalogue.models import Region, RegionName
    from apps.catalogue.romanization import ascii_slug

    provinces = {
        name.text: name.region
        for name in RegionName.objects.filter(language="ko", region__parent=None)
    }
    found = {}
    for province, district in sorted({place.district for place in made}):
        parent = provinces[province]
        region = Region.objects.create(code=f"{parent.code}-b{len(found)}", parent=parent)
        english = ascii_slug(district).title()
        RegionName.objects.bulk_create(
            RegionName(region=region, language=language, text=text)
            for language, text in (("ko", district), ("en", english))
        )
        found[province, district] = region
    return found


def _store_photos(rows: list, photos: int, chance: random.Random, now) -> None:
    """A few landmarks have many photos, some none. There are rows only, no files."""
    from apps.catalogue.models import License, Photo

    licenses = list(License.objects.order_by("pk"))
    shown = rows[: len(rows) * 9 // 10]
    for start in range(0, photos, ROWS_AT_ONCE):
        Photo.objects.bulk_create(
            Photo(
                id=uuid.UUID(int=chance.getrandbits(128), version=4),
                landmark=shown[int(len(shown) * chance.random() ** 2)],
                file=f"bench/{n}.jpg",
                sha256=hashlib.sha256(str(n).encode()).hexdigest(),
                bytes=400_000,
                width=1600,
                height=1200,
                license=chance.choice(licenses),
                credit=chance.choice(["", "A photographer"]),
                alt_texts={"ko": f"돌로 쌓은 탑 {n}", "en": f"A tower built of stone, number {n}"},
                captions={"ko": "남쪽에서 본 모습", "en": "Seen from the south"},
                source="bench",
                created_at=now,
            )
            for n in range(start, min(start + ROWS_AT_ONCE, photos))
        )
