"""What search engines and link previews are told about a page, in the words of schema.org."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.catalogue.models import Photo
from apps.guide.landmark_pages import LandmarkPage

SHARED_WIDTH = 1280
SHARED_DRAWINGS = ("architecture", "culture", "heritage", "monument", "nature")
DRAWING_SIZE = (1200, 630)
# JSON inside a page: none of these may end the element or begin another one.
ESCAPED = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}
Absolute = Callable[[str], str]


def as_script(data: object) -> SafeString:
    """Return a `<script>` block that no browser runs and that programs read."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(ESCAPED)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # nosec B308, B703


def landmark_data(page: LandmarkPage, *, absolute: Absolute) -> list[dict]:
    """Return the landmark and its place among the pages."""
    return [_place(page, absolute), _breadcrumbs(crumbs_of(page), absolute)]


def crumbs_of(page: LandmarkPage) -> list[tuple[str, str]]:
    """Return name and address of each page above, and of the page itself."""
    crumbs = [(_("Places"), reverse("guide:landmark_list"))]
    if page.whole:
        crumbs.append((page.whole.name, reverse("guide:landmark", args=[page.whole.slug])))
    elif page.regions:
        top = page.regions[0]
        crumbs.append((top.name, f"{reverse('guide:landmark_list')}?region={top.code}"))
    return [*crumbs, (page.name, page.landmark.get_absolute_url())]


def share_picture(page: LandmarkPage, *, absolute: Absolute) -> dict[str, object]:
    """Return address, width and height of the picture that a shared link shows."""
    photo = page.cover
    if photo is None:
        code = page.categories[0].code if page.categories else ""
        drawing = code if code in SHARED_DRAWINGS else "place"
        width, height = DRAWING_SIZE
        address = static(f"img/share/{drawing}.png")
        return {"url": absolute(address), "width": width, "height": height}
    url, width, height = _rendition(photo)
    return {"url": absolute(url), "width": width, "height": height}


def _rendition(photo: Photo) -> tuple[str, int, int]:
    sizes = [size for size in photo.sizes_of("whole") if size[0] <= SHARED_WIDTH]
    if not sizes:
        return photo.url, photo.width, photo.height
    width, height = sizes[-1]
    return photo.rendition_url("whole", width), width, height


def _place(page: LandmarkPage, absolute: Absolute) -> dict:
    landmark = page.landmark
    others = sorted({name.text for name in page.names} - {page.name})
    data = {
        "@context": "https://schema.org",
        "@type": ["TouristAttraction", "LandmarksOrHistoricalBuildings"],
        "@id": absolute(landmark.get_absolute_url()),
        "url": absolute(landmark.get_absolute_url()),
        "name": page.name,
        "inLanguage": page.language,
        "address": {
            "@type": "PostalAddress",
            "addressCountry": "KR",
            "addressRegion": page.regions[0].name if page.regions else None,
            "addressLocality": page.regions[-1].name if len(page.regions) > 1 else None,
            "streetAddress": landmark.address,
        },
        "alternateName": others,
        "description": page.article.first_sentence if page.article else None,
        "image": [_image(photo, absolute) for photo in page.photos],
        "telephone": landmark.phone,
        "sameAs": landmark.website,
    }
    if landmark.latitude is not None:
        data["geo"] = {
            "@type": "GeoCoordinates",
            "latitude": landmark.latitude,
            "longitude": landmark.longitude,
        }
    if landmark.adult_fee is not None:
        data["isAccessibleForFree"] = landmark.adult_fee == 0
    if page.whole:
        data["containedInPlace"] = {
            "@type": "TouristAttraction",
            "name": page.whole.name,
            "@id": absolute(reverse("guide:landmark", args=[page.whole.slug])),
        }
    return _without_empty(data)


def _image(photo: Photo, absolute: Absolute) -> dict:
    url, width, height = _rendition(photo)
    return {
        "@type": "ImageObject",
        "contentUrl": absolute(url),
        "caption": photo.caption,
        "width": width,
        "height": height,
        "license": photo.license.url,
        "creditText": photo.credit or photo.license.name,
        "copyrightNotice": photo.credit or photo.license.name,
        "creator": {"@type": "Person", "name": photo.author} if photo.author else None,
        "acquireLicensePage": photo.source_url,
    }


def _breadcrumbs(crumbs: Sequence[tuple[str, str]], absolute: Absolute) -> dict:
    return {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": absolute(address)}
            for place, (name, address) in enumerate(crumbs, 1)
        ],
    }


def _without_empty(data: dict) -> dict:
    """Leave out what is not known, at every depth: an empty value would be a claim."""
    kept = {}
    for name, value in data.items():
        if isinstance(value, dict):
            value = _without_empty(value)
        elif isinstance(value, list):
            value = [_without_empty(each) if isinstance(each, dict) else each for each in value]
        if value not in (None, "", [], {}):
            kept[name] = value
    return kept
