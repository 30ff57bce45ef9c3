from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_info

from apps.catalogue.models import Photo
from apps.guide.addresses import home_in
from apps.guide.presenting import kind_code

register = template.Library()
# The drawings of static/img/places.svg, by the code of the category.
ART = frozenset({"architecture", "culture", "heritage", "monument", "nature"})


@register.simple_tag(takes_context=True)
def language_links(context: template.Context) -> list[dict]:
    """Return the address of this page in every language; [] where there is no request."""
    request: HttpRequest | None = context.get("request")
    if request is None:
        return []
    links = []
    language, query = get_language(), request.META.get("QUERY_STRING", "")
    match = request.resolver_match
    # A page that is not there has no other language; the first page has.
    translated = match is not None and match.app_name == "guide"
    below = request.path.removeprefix(home_in(language)) if translated else ""
    for code, _name in settings.LANGUAGES:
        current = code == language
        path = request.path if current else home_in(code) + below
        links.append(
            {
                "code": code,
                "name": get_language_info(code)["name_local"],
                "path": path,
                # Who changes the language keeps what they searched for or chose.
                "here": f"{path}?{query}" if query and path != home_in(code) else path,
                "url": request.build_absolute_uri(path),
                "current": current,
            }
        )
    return links


@register.simple_tag(takes_context=True)
def absolute_static(context: template.Context, name: str) -> str:
    """Return the whole address of a static file, as link previews need it."""
    request: HttpRequest | None = context.get("request")
    return request.build_absolute_uri(static(name)) if request else static(name)


@register.simple_tag(takes_context=True)
def prefers_english(context: template.Context) -> bool:
    """Say whether a Korean page has a reader whose browser asks for another language first."""
    request: HttpRequest | None = context.get("request")
    if request is None or get_language() != "ko":
        return False
    asked = request.headers.get("Accept-Language", "")
    return bool(asked) and "ko" not in asked.lower()


@register.simple_tag
def picture(
    photo: Photo, shape: str, *, sizes: str, alt: str = "", css: str = "", first: bool = False
) -> SafeString:
    """Return the `<picture>` of a photo: fixed sizes in three formats, the browser chooses.

    shape "card": cropped around the focal point. While there are no renditions, or where the
    license forbids changes, it is the stored picture, whole.
    first: seen at once when the page opens.
    """
    made = photo.sizes_of(shape)
    width, height = made[-1] if made else (photo.width, photo.height)
    if photo.whole_only:
        css = f"{css} picture-whole".strip()
    image = format_html(
        '<img src="{}" width="{}" height="{}" alt="{}"{}{} decoding="async">',
        photo.rendition_url(shape, width) if made else photo.url,
        width,
        height,
        alt,
        format_html(' class="{}"', css) if css else "",
        mark_safe(' fetchpriority="high"' if first else ' loading="lazy"'),  # nosec B308, B703
    )
    sources = format_html_join(
        "",
        '<source type="{}" srcset="{}" sizes="{}">',
        ((source.type, source.srcset, sizes) for source in photo.sources(shape)),
    )
    return format_html("<picture>{}{}</picture>", sources, image)


@register.filter
def item(values: Mapping, key: object) -> object:
    """Return the value of a key; None where there is none."""
    return values.get(key) if values else None


@register.filter
def percent(probability: float) -> str:
    """Return 0.874 as 87%; never a certainty that no model has."""
    if probability < 0.005:
        return "<1%"
    return f"{min(max(round(probability * 100), 1), 99)}%"


@register.filter
def exactly(probability: float) -> str:
    """Return a probability for programs: four decimals and a point in every language."""
    return f"{probability:.4f}"


@register.filter
def bar_width(probability: float) -> str:
    """Return the width of a bar out of 100; the smallest one stays visible."""
    return f"{max(probability * 100, 1):.1f}"


@register.filter
def distance(metres: float) -> str:
    if metres < 950:
        return f"{max(round(metres, -1), 10):.0f} m"
    return f"{metres / 1000:.1f} km" if metres < 9950 else f"{metres / 1000:.0f} km"


@register.filter
def whole_distance(metres: int) -> str:
    """Return a round distance without decimals: 5000 is 5 km."""
    return f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"


@register.filter
def coordinates(landmark) -> str:
    return f"{landmark.latitude:.5f}, {landmark.longitude:.5f}"


@register.filter
def position(landmark) -> str:
    """Return latitude and longitude as an address carries them."""
    return f"{landmark.latitude:.5f},{landmark.longitude:.5f}"


@register.filter
def art(code: str) -> str:
    """Return which drawing stands for places of a category of the first level."""
    return code if code in ART else "place"


register.filter("kind_code", kind_code)


@register.filter
def unlocalized(number: int) -> str:
    """Return a number for programs: digits alone, in every language."""
    return str(number)


@register.filter
def named_in(named, language: str) -> str:
    """Return the name of a landmark, category or region in a language."""
    return named.name_in(language)
