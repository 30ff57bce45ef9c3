"""Landmarks as TourAPI's items: every value a text, an empty one where we know nothing."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html

from apps.api.tourapi.answers import KOREA
from apps.catalogue.models import Landmark, Photo
from apps.guide.models import Article

# Of our provinces: TourAPI's own number, and that of the legal districts.
PROVINCES = {
    "KR-11": ("1", "11"),
    "KR-28": ("2", "28"),
    "KR-30": ("3", "30"),
    "KR-27": ("4", "27"),
    "KR-29": ("5", "29"),
    "KR-26": ("6", "26"),
    "KR-31": ("7", "31"),
    "KR-50": ("8", "36110"),
    "KR-41": ("31", "41"),
    "KR-42": ("32", "51"),
    "KR-43": ("33", "43"),
    "KR-44": ("34", "44"),
    "KR-47": ("35", "47"),
    "KR-48": ("36", "48"),
    "KR-45": ("37", "52"),
    "KR-46": ("38", "46"),
    "KR-49": ("39", "50"),
}
TOURIST_SIGHT = "12"
COMMON = (
    *("contentid", "contenttypeid", "title", "addr1", "addr2", "zipcode", "tel"),
    *("areacode", "sigungucode", "lDongRegnCd", "lDongSignguCd", "cat1", "cat2", "cat3"),
    *("lclsSystm1", "lclsSystm2", "lclsSystm3", "mapx", "mapy", "mlevel"),
    *("firstimage", "firstimage2", "cpyrhtDivCd", "createdtime", "modifiedtime"),
)


def item(landmark: Landmark, *, base: str) -> dict[str, str]:
    """Return what every list says of a landmark fetched `for_items`.

    base: scheme and host, for the addresses of pictures. Categories are ours (slugs), as TourAPI
    has none for a landmark of ours.
    """
    area, district = _province(landmark)
    path = _path(landmark)
    located = landmark.latitude is not None
    return {
        **dict.fromkeys(COMMON, ""),
        "contentid": str(landmark.pk),
        "contenttypeid": TOURIST_SIGHT,
        "title": landmark.name_in("ko"),
        "addr1": landmark.address,
        "tel": landmark.phone,
        "areacode": area,
        "lDongRegnCd": district,
        **dict(zip(("cat1", "cat2", "cat3"), path, strict=False)),
        "mapx": f"{landmark.longitude:.10f}" if located else "",
        "mapy": f"{landmark.latitude:.10f}" if located else "",
        "mlevel": "6" if located else "",
        **_pictures(landmark, base),
        "createdtime": moment(landmark.created_at),
        "modifiedtime": moment(landmark.content_changed_at or landmark.updated_at),
    }


def hidden(landmark_id: int, changed_at: datetime) -> dict[str, str]:
    """Return what remains of a landmark that is not public any more."""
    values = {"contentid": str(landmark_id), "modifiedtime": moment(changed_at)}
    return {**dict.fromkeys(COMMON, ""), **values, "showflag": "0"}


def details(landmark: Landmark, *, base: str) -> dict[str, str]:
    """Return an item with homepage and text."""
    at = timezone.now()
    article = Article.objects.published(at=at).filter(landmark=landmark, language="ko").first()
    homepage = (
        format_html('<a href="{}" target="_blank">{}</a>', landmark.website, landmark.website)
        if landmark.website
        else ""
    )
    return {
        **item(landmark, base=base),
        "telname": "",
        "homepage": str(homepage),
        "overview": article.body if article else "",
    }


def moment(at: datetime) -> str:
    """Return a time as TourAPI writes it: 20260131093000, in Korea's time."""
    return at.astimezone(KOREA).strftime("%Y%m%d%H%M%S")


def _province(landmark: Landmark) -> tuple[str, str]:
    region = landmark.region
    code = region.parent.code if region.parent else region.code
    return PROVINCES.get(code, ("", ""))


def _path(landmark: Landmark) -> list[str]:
    category = landmark.category
    return [category.parent.slug, category.slug] if category.parent else [category.slug]


def _pictures(landmark: Landmark, base: str) -> dict[str, str]:
    photo: Photo | None = next(iter(landmark.shown_photos), None)
    if photo is None:
        return {}
    small = photo.sizes_of("whole")
    address = photo.rendition_url("whole", small[0][0]) if small else photo.url
    return {
        "firstimage": base + photo.url,
        "firstimage2": address if "://" in address else base + address,
        # Type 1: with the source. Type 3: with the source, and unchanged.
        "cpyrhtDivCd": "Type1" if photo.license.may_modify else "Type3",
    }
