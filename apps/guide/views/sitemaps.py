"""Every page that search engines may show, with its other languages and its last change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from django.conf import settings
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.http import require_safe

from apps.catalogue.models import Landmark
from apps.guide.models import Route
from apps.operations.statements import fetch_all

FIRST_LANGUAGE = "ko"
# The protocol allows 50,000 addresses and 50 MB; a part of this size is written in a second.
LANDMARKS_A_PART = 5_000
XML = "application/xml; charset=utf-8"
BEGIN = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
PAGES = ("home", "landmark_list", "route_list", "recognize")
# A language has a page of its own where it has a text; Korean always has.
LANDMARKS = """
SELECT part.slug, greatest(content.changed_at, part.updated_at),
       ARRAY(SELECT language FROM guide_article
              WHERE landmark_id = part.id AND state = 'published'
                AND published_at <= statement_timestamp())
  FROM (SELECT id, slug, updated_at FROM catalogue_landmark WHERE state = 'published'
         ORDER BY id LIMIT %(most)s OFFSET %(from)s) part
  LEFT JOIN catalogue_landmarkcontent content ON content.landmark_id = part.id
 ORDER BY part.id"""


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Name the parts. One more or less is there as the catalogue grows."""
    count = Landmark.objects.published().count()
    parts = [f"/sitemap-{name}.xml" for name in ("pages", "routes")]
    parts += [f"/sitemap-places-{n + 1}.xml" for n in range(-(-count // LANDMARKS_A_PART))]
    places = "".join(
        f"<sitemap><loc>{escape(request.build_absolute_uri(part))}</loc></sitemap>\n"
        for part in parts
    )
    text = f'{BEGIN}<sitemapindex xmlns="{NAMESPACE}">\n{places}</sitemapindex>\n'
    return HttpResponse(text, content_type=XML)


@require_safe
def pages(request: HttpRequest) -> StreamingHttpResponse:
    codes = [code for code, _ in settings.LANGUAGES]
    return _answer(request, ((_addresses(f"guide:{name}", codes), None) for name in PAGES))


@require_safe
def routes(request: HttpRequest) -> StreamingHttpResponse:
    found = Route.objects.published().annotate(stops_on_it=Count("stops")).order_by("slug")
    languages: dict[int, list[str]] = {}
    for route, language in found.values_list("pk", "texts__language"):
        languages.setdefault(route, []).append(language)
    return _answer(
        request,
        (
            (_addresses("guide:route", languages[route.pk], route.slug), route.updated_at)
            for route in found
        ),
    )


@require_safe
def places(request: HttpRequest, number: int) -> StreamingHttpResponse:
    start = (number - 1) * LANDMARKS_A_PART
    if not 0 <= start < 2**31:
        raise Http404
    rows = fetch_all(LANDMARKS, {"most": LANDMARKS_A_PART, "from": start})
    if not rows:
        raise Http404
    # One address of each language is reversed; the others differ in the slug alone.
    patterns = _addresses("guide:landmark", [code for code, _ in settings.LANGUAGES], "SLUG")
    return _answer(
        request,
        (
            (
                {
                    code: pattern.replace("SLUG", slug)
                    for code, pattern in patterns.items()
                    if code == FIRST_LANGUAGE or code in texts
                },
                changed_at,
            )
            for slug, changed_at, texts in rows
        ),
    )


def _addresses(name: str, languages: Iterable[str], *arguments: str) -> dict[str, str]:
    """Return the address of a page in the languages that the portal speaks."""
    known = {code for code, _ in settings.LANGUAGES}
    found = {}
    for code in dict.fromkeys([FIRST_LANGUAGE, *languages]):
        if code in known:
            with override(code):
                found[code] = reverse(name, args=arguments)
    return found


def _answer(request: HttpRequest, entries: Iterable[tuple]) -> StreamingHttpResponse:
    site = request.build_absolute_uri("/").rstrip("/")
    return StreamingHttpResponse(_lines(site, entries), content_type=XML)


def _lines(site: str, entries: Iterable[tuple]) -> Iterator[str]:
    yield f'{BEGIN}<urlset xmlns="{NAMESPACE}" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
    for addresses, changed_at in entries:
        others = "".join(
            f'<xhtml:link rel="alternate" hreflang="{code}" href={quoteattr(site + address)}/>'
            for code, address in addresses.items()
        )
        changed = f"<lastmod>{changed_at:%Y-%m-%dT%H:%M:%S+00:00}</lastmod>" if changed_at else ""
        for address in addresses.values():
            yield f"<url><loc>{escape(site + address)}</loc>{changed}{others}</url>\n"
    yield "</urlset>\n"
