"""A row of a list of landmarks: its columns, and its text checked; pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.catalogue.importing.cells import one_line, split_many, split_pairs
from apps.catalogue.importing.columns import Column
from apps.catalogue.importing.problems import RowRefused, UnreadableFile
from apps.catalogue.opening_hours import WrongOpeningHours, parse

COLUMNS = (
    Column("slug", gettext_lazy("address on the site"), ("식별자", "사이트 주소", "landmark")),
    Column(
        "name_ko",
        gettext_lazy("Korean name"),
        (
            "이름",
            "한국어 이름",
            "한글명",
            "명칭",
            "관광지명",
            "국가유산명",
            "문화재명",
            "랜드마크명",
            "korean name",
        ),
    ),
    Column(
        "name_en",
        gettext_lazy("English name"),
        ("영문명", "영어 이름", "영문 이름", "영문명칭", "english name", "name english"),
    ),
    Column(
        "category",
        gettext_lazy("category"),
        ("분류", "카테고리", "구분", "관광지구분", "유형", "종류", "type", "supercategory"),
    ),
    Column("region1", gettext_lazy("province"), ("시도", "시도명", "광역시도", "province", "sido")),
    Column("region2", gettext_lazy("district"), ("시군구", "시군구명", "district", "sigungu")),
    Column(
        "address",
        gettext_lazy("address"),
        ("주소", "도로명주소", "소재지", "소재지도로명주소", "소재지지번주소", "add"),
    ),
    Column("latitude", gettext_lazy("latitude"), ("위도", "lat", "y", "mapy")),
    Column("longitude", gettext_lazy("longitude"), ("경도", "lon", "lng", "long", "x", "mapx")),
    Column("source", gettext_lazy("source"), ("출처", "자료 출처")),
    Column("parent", gettext_lazy("part of"), ("상위", "상위 장소", "part of")),
    Column(
        "aliases",
        gettext_lazy("also called"),
        ("다른 이름", "별칭", "이칭", "alias", "also called"),
    ),
    Column("romanized", gettext_lazy("romanized"), ("로마자", "로마자 표기")),
    # What lists call opening hours or a fee is mostly prose, which these do not take.
    Column("opening_hours", gettext_lazy("opening hours")),
    Column("adult_fee", gettext_lazy("fee for an adult")),
    Column("wheelchair", gettext_lazy("with a wheelchair"), ("휠체어",)),
    Column("website", gettext_lazy("website"), ("홈페이지", "누리집", "url", "homepage")),
    Column(
        "phone",
        gettext_lazy("telephone"),
        ("전화", "전화번호", "관리기관전화번호", "tel", "phone number"),
    ),
    Column("external_ids", gettext_lazy("numbers elsewhere"), ("외부 번호", "numbers elsewhere")),
    Column(
        "aihub", gettext_lazy("AI Hub class number"), ("AI Hub 번호", "landmark id", "class id")
    ),
    Column("kto", gettext_lazy("KTO content number"), ("콘텐츠 ID", "contentid", "content id")),
    Column("heritage", gettext_lazy("heritage number"), ("국가유산번호", "문화재번호")),
    Column("wikidata", gettext_lazy("Wikidata number"), ("qid",)),
)
# A new landmark needs them; a known one, named by its slug or a number elsewhere, does not.
REQUIRED_COLUMNS = ("name_ko", "category", "region1")
IDENTIFYING_COLUMNS = ("slug", "external_ids", "aihub", "kto", "heritage", "wikidata")
SYSTEMS = ("aihub", "kto", "heritage", "wikidata")
LONGEST = {
    "name_ko": 200,
    "name_en": 200,
    "romanized": 200,
    "address": 300,
    "source": 100,
    "category": 200,
    "opening_hours": 300,
    "website": 200,
    "phone": 40,
}
WHEELCHAIR = ("", "yes", "limited", "no")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class LandmarkRow(NamedTuple):
    """One checked row; "" and None say nothing. Coordinates are WGS84 degrees or both None.

    category: the path as written. swapped: the coordinates stood in the other order.
    """

    slug: str
    name_ko: str
    name_en: str
    category: str
    regions: tuple[str, ...]
    address: str
    latitude: float | None
    longitude: float | None
    source: str
    parent: str
    aliases: tuple[str, ...]
    romanized: str
    external_ids: dict[str, str]
    opening_hours: str = ""
    adult_fee: int | None = None
    wheelchair: str = ""
    website: str = ""
    phone: str = ""
    swapped: bool = False


class CheckedLine(NamedTuple):
    line: int
    row: LandmarkRow | None
    refused: str


def missing_columns(known: Iterable[str]) -> list[str]:
    """Return what a list lacks with these columns; nothing where its rows name known landmarks."""
    known = set(known)
    if known & {*IDENTIFYING_COLUMNS}:
        return []
    return [name for name in REQUIRED_COLUMNS if name not in known]


def read_rows(lines: Iterable[str]) -> Iterator[CheckedLine]:
    """Yield each row of our own CSV with its line number, checked. Raises UnreadableFile."""
    reader = csv.DictReader(lines)
    if missing := missing_columns(reader.fieldnames or []):
        raise UnreadableFile(", ".join(missing))
    for values in reader:
        try:
            yield CheckedLine(reader.line_num, check_row(values), "")
        except RowRefused as reason:
            yield CheckedLine(reader.line_num, None, str(reason))


def check_row(values: Mapping[str, str | None], *, swap: bool = False) -> LandmarkRow:
    """Return the row with types. `swap` mends swapped coordinates. Raises RowRefused."""
    text = {column.name: one_line(values.get(column.name) or "") for column in COLUMNS}
    refuse_letters(text)
    external_ids = _external_ids(text)
    if not text["slug"] and not external_ids:
        for name in REQUIRED_COLUMNS:
            if not text[name]:
                raise RowRefused(_("%(column)s is empty"), name)
    refuse_length(text, LONGEST)
    if text["slug"] and (len(text["slug"]) > 120 or not SLUG.fullmatch(text["slug"])):
        reason = _("%(value)r is no address: only a-z, 0-9 and single hyphens")
        raise RowRefused(reason % {"value": text["slug"]}, "slug")
    if text["region2"] and not text["region1"]:
        raise RowRefused(_("%(column)s is empty"), "region1")
    aliases = tuple(dict.fromkeys(split_many(text["aliases"])))
    if any(len(alias) > 200 for alias in aliases):
        raise RowRefused(too_long(200), "aliases")
    latitude, longitude, swapped = _coordinates(text["latitude"], text["longitude"], swap)
    return LandmarkRow(
        slug=text["slug"],
        name_ko=text["name_ko"],
        name_en=text["name_en"],
        category=category_path(text["category"]),
        regions=tuple(part for part in (text["region1"], text["region2"]) if part),
        address=text["address"],
        latitude=latitude,
        longitude=longitude,
        source=text["source"],
        parent=text["parent"],
        aliases=aliases,
        romanized=text["romanized"],
        external_ids=external_ids,
        swapped=swapped,
        **_facts(text),
    )


def category_path(text: str) -> str:
    """Return the levels of a category joined as everywhere: 문화유산/사적."""
    return "/".join(part.strip() for part in text.split("/") if part.strip())


def swapped_reason() -> str:
    return _("latitude must lie in -90…90 and longitude in -180…180: the two seem to be swapped")


def _facts(text: Mapping[str, str]) -> dict[str, object]:
    """Return what visitors want to know. Raises RowRefused."""
    try:
        parse(text["opening_hours"])
    except WrongOpeningHours as wrong:
        reason = _("“%(part)s” is not understood. Write it like “Tu-Su 09:00-18:00; Mo off”.")
        raise RowRefused(reason % {"part": wrong.part}, "opening_hours") from None
    fee = text["adult_fee"].replace(",", "")
    if fee and not (fee.isascii() and fee.isdecimal() and len(fee) < 10):
        reason = _("%(column)s is no whole number of won")
        raise RowRefused(reason, "adult_fee")
    if text["wheelchair"] not in WHEELCHAIR:
        reason = _("%(value)r is none of %(known)s")
        known = ", ".join(filter(None, WHEELCHAIR))
        raise RowRefused(reason % {"value": text["wheelchair"], "known": known}, "wheelchair")
    if text["website"] and not re.fullmatch(r"https?://[^\s/]+\S*", text["website"]):
        reason = _("%(column)s must begin with https:// or http://")
        raise RowRefused(reason, "website")
    return {
        "opening_hours": text["opening_hours"],
        "adult_fee": int(fee) if fee else None,
        "wheelchair": text["wheelchair"],
        "website": text["website"],
        "phone": text["phone"],
    }


def refuse_letters(text: Mapping[str, str], *, lines_in: str = "") -> None:
    """Raise RowRefused for letters that no name or text has; `lines_in` may have several lines."""
    for name, value in text.items():
        allowed = "\n\t" if name == lines_in else ""
        if not value.isprintable() and any(
            (ord(letter) < 32 and letter not in allowed) or letter == "\x7f" for letter in value
        ):
            if "\x00" in value:
                raise RowRefused(_("contains a NUL character"), name)
            raise RowRefused(_("%(column)s holds a control character"), name)
        if "\ufffd" in value:
            reason = _("%(column)s holds “�”: letters were lost when the file was saved")
            raise RowRefused(reason, name)


def refuse_length(text: Mapping[str, str], longest: Mapping[str, int]) -> None:
    """Raise RowRefused for a value that does not fit."""
    for name, length in longest.items():
        if len(text[name]) > length:
            raise RowRefused(too_long(length), name)


def too_long(length: int) -> str:
    return _("%(column)s has more than %(length)d characters").replace("%(length)d", str(length))


def _external_ids(text: Mapping[str, str]) -> dict[str, str]:
    try:
        found = split_pairs(text["external_ids"])
    except ValueError as error:
        reason = _("%(value)r is not written like aihub=2501|kto=126508")
        raise RowRefused(reason % {"value": str(error)}, "external_ids") from None
    return found | {name: text[name] for name in SYSTEMS if text[name]}


def _coordinates(
    latitude: str, longitude: str, swap: bool
) -> tuple[float | None, float | None, bool]:
    if not latitude and not longitude:
        return None, None, False
    try:
        position = float(latitude), float(longitude)
    except ValueError:
        reason = _("latitude and longitude must both be numbers, or both empty")
        raise RowRefused(reason, "latitude") from None
    # No latitude is above 90: there stands a longitude.
    swapped = 90 < abs(position[0]) <= 180 and abs(position[1]) <= 90
    if swapped and not swap:
        raise RowRefused(swapped_reason(), "latitude")
    if swapped:
        position = position[::-1]
    if not (-90 <= position[0] <= 90 and -180 <= position[1] <= 180):
        reason = _("latitude must lie in -90…90 and longitude in -180…180")
        raise RowRefused(reason, "latitude")
    return *position, swapped
