"""TourAPI's operations as questions to the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Prefetch, QuerySet

from apps.api.tourapi.answers import KOREA, Found, Refused
from apps.api.tourapi.items import PROVINCES, TOURIST_SIGHT, details, hidden, item
from apps.catalogue import content
from apps.catalogue.models import Landmark, LandmarkContent, Photo
from apps.guide.nearby import metres_of, nearest, within

MOST_ROWS = 1000
MOST_METRES = 20_000
WITH_PICTURE = {"O": "A", "Q": "C", "R": "D"}


def area_based_list(query: Mapping[str, str], base: str) -> Found:
    every = not (_narrows(query) or query.get("modifiedtime"))
    return _page(_sorted(_filtered(query), query, every=every), query, base)


def location_based_list(query: Mapping[str, str], base: str) -> Found:
    longitude = _number(query, "mapX", -180, 180)
    latitude = _number(query, "mapY", -90, 90)
    radius = _number(query, "radius", 1, MOST_METRES)
    rows = nearest(_filtered(query), latitude, longitude)
    inside = within(rows, latitude, longitude, radius)
    if query.get("arrange", "E") in ("E", "S"):
        # The index gives the nearest in their order; what lies beyond the radius has no distance.
        keys = rows.order_by("chord", "pk").values_list("pk", flat=True)
    else:
        keys = _sorted(inside, query)
    return _page(keys, query, base, inside=inside)


def search_keyword(query: Mapping[str, str], base: str) -> Found:
    keyword = _required(query, "keyword")[:100]
    found = _filtered(query).search(keyword)
    keys = _sorted(found, query) if "arrange" in query else found.values_list("pk", flat=True)
    return _page(keys, query, base)


def detail_common(query: Mapping[str, str], base: str) -> Found:
    wanted = _required(query, "contentId")
    if not re.fullmatch(r"[0-9]{1,18}", wanted):
        raise _invalid("contentId")
    landmark = _for_items(Landmark.objects.published()).filter(pk=int(wanted)).first()
    items = [details(landmark, base=base)] if landmark else []
    return Found(items, 1, len(items))


def area_based_sync_list(query: Mapping[str, str], base: str) -> Found:
    """Everything that is or was public, what changed last first; showflag 0: not any more."""
    content.settle_noted()
    rows = LandmarkContent.objects.order_by("-position")
    if flag := query.get("showflag"):
        if flag not in ("0", "1"):
            raise _invalid("showflag")
        public = LandmarkContent.Kind.PUBLIC
        rows = rows.filter(kind=public) if flag == "1" else rows.exclude(kind=public)
    if since := query.get("modifiedtime"):
        rows = rows.filter(changed_at__gte=_day(since))
    if _narrows(query):
        rows = rows.filter(landmark_id__in=_filtered(query, modified=False).values("pk"))
    number, page = _paging(query)
    total = rows.count()
    of_page = list(rows[(page - 1) * number : page * number])
    keys = [row.landmark_id for row in of_page if row.kind == LandmarkContent.Kind.PUBLIC]
    shown = _for_items(Landmark.objects.published()).in_bulk(keys)
    items = [
        {**item(shown[row.landmark_id], base=base), "showflag": "1"}
        if row.landmark_id in shown
        else hidden(row.landmark_id, row.changed_at)
        for row in of_page
    ]
    return Found(items, page, total)


OPERATIONS = {
    "areaBasedList2": area_based_list,
    "locationBasedList2": location_based_list,
    "searchKeyword2": search_keyword,
    "detailCommon2": detail_common,
    "areaBasedSyncList2": area_based_sync_list,
}


def check_caller(query: Mapping[str, str]) -> None:
    """Raise Refused where a request does not say which program it is, or no text can be used."""
    for name in ("MobileOS", "MobileApp"):
        _required(query, name)
    for name, text in query.items():
        if "\0" in text:
            raise _invalid(name)


def _narrows(query: Mapping[str, str]) -> bool:
    names = ("areaCode", "lDongRegnCd", "cat1", "cat2", "cat3", "contentTypeId")
    return any(query.get(name) for name in names)


def _filtered(query: Mapping[str, str], *, modified: bool = True) -> QuerySet[Landmark]:
    rows = Landmark.objects.published()
    kind = query.get("contentTypeId")
    if kind and kind != TOURIST_SIGHT:
        rows = rows.none()
    for place, name in enumerate(("areaCode", "lDongRegnCd")):
        if wanted := query.get(name):
            codes = [code for code, numbers in PROVINCES.items() if numbers[place] == wanted]
            within = rows.filter(region__code__in=codes)
            rows = within | rows.filter(region__parent__code__in=codes)
    for name in ("cat1", "cat2", "cat3"):
        if wanted := query.get(name):
            rows = rows.filter(category__slug=wanted) | rows.filter(category__parent__slug=wanted)
    if modified and (since := query.get("modifiedtime")):
        start = _day(since)
        rows = rows.with_content_version().filter(
            content_changed_at__gte=start, content_changed_at__lt=start + timedelta(days=1)
        )
    return rows


def _sorted(rows: QuerySet[Landmark], query: Mapping[str, str], *, every: bool = False) -> QuerySet:
    """Return the keys of landmarks in the order that was asked for.

    every: whether these are all published ones.
    """
    wanted = query.get("arrange", "C")
    if wanted in WITH_PICTURE:
        every = False
        rows = rows.filter(pk__in=Photo.objects.shown().values("landmark"))
    order = WITH_PICTURE.get(wanted, wanted)
    if order == "A":
        return rows.with_korean_name().order_by("korean_name", "pk").values_list("pk", flat=True)
    if order == "D":
        return rows.order_by("-created_at", "pk").values_list("pk", flat=True)
    if order != "C":
        raise _invalid("arrange")
    # The feed has the times in order; asked of each landmark they would all have to be sorted.
    content.settle_noted()
    changed = LandmarkContent.objects.filter(kind=LandmarkContent.Kind.PUBLIC)
    if not every:
        changed = changed.filter(landmark_id__in=rows.values("pk"))
    return changed.order_by("-changed_at", "landmark_id").values_list("landmark_id", flat=True)


def _for_items(rows: QuerySet[Landmark]) -> QuerySet[Landmark]:
    related = rows.select_related("category__parent", "region__parent")
    # An item shows one picture; some places have hundreds.
    pictures = Photo.objects.shown().select_related("license").order_by("landmark", "pk")
    first = Prefetch("photos", queryset=pictures.distinct("landmark"), to_attr="shown_photos")
    return related.prefetch_related("names", first).with_content_version()


def _page(
    keys: QuerySet,
    query: Mapping[str, str],
    base: str,
    *,
    inside: QuerySet[Landmark] | None = None,
) -> Found:
    """Answer a page of landmarks by their keys.

    inside: only these, with the chord to each, where they have a distance.
    """
    number, page = _paging(query)
    total = (keys if inside is None else inside).count()
    of_page = list(keys[(page - 1) * number : page * number])
    held = _for_items(Landmark.objects.published().filter(pk__in=of_page)).in_bulk()
    items = [item(held[key], base=base) for key in of_page if key in held]
    if inside is not None:
        metres = {
            str(key): metres_of(chord)
            for key, chord in inside.filter(pk__in=of_page).values_list("pk", "chord")
        }
        # One that was moved away or deleted meanwhile has none either.
        items = [
            {**each, "dist": str(metres[each["contentid"]])}
            for each in items
            if each["contentid"] in metres
        ]
    return Found(items, page, total)


def _paging(query: Mapping[str, str]) -> tuple[int, int]:
    return (
        int(_number(query, "numOfRows", 1, MOST_ROWS, usual=10)),
        int(_number(query, "pageNo", 1, 1_000_000, usual=1)),
    )


def _number(
    query: Mapping[str, str], name: str, least: float, most: float, *, usual: float | None = None
) -> float:
    text = query.get(name, "")
    if not text and usual is not None:
        return usual
    whole = r"[0-9]{1,9}" if usual is not None else r"-?[0-9]{1,9}(\.[0-9]{1,20})?"
    if not re.fullmatch(whole, _required(query, name)) or not least <= float(text) <= most:
        raise _invalid(name)
    return float(text)


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text[:8], "%Y%m%d").replace(tzinfo=KOREA)
    except ValueError:
        raise _invalid("modifiedtime") from None


def _required(query: Mapping[str, str], name: str) -> str:
    if text := query.get(name, "").strip():
        return text
    raise Refused("11", f"NO_MANDATORY_REQUEST_PARAMETERS_ERROR({name})")


def _invalid(name: str) -> Refused:
    return Refused("10", f"INVALID_REQUEST_PARAMETER_ERROR({name})")
