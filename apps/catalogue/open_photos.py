"""Asks Wikimedia Commons for photos that anybody may use; the only module that speaks to it.

Nothing is asked of a host that settings.OPEN_PHOTO_HOSTS does not name, also not on the way of
a redirect; what comes back is bounded in size and time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

import httpx
from django.conf import settings

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 3
TOTAL_SECONDS = 10
ANSWER_MAX_BYTES = 5 * 1024 * 1024
THUMBNAIL_MAX_BYTES = 2 * 1024 * 1024
MOST_REDIRECTS = 3
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# One of the widths that Wikimedia keeps ready; others are made while one waits.
THUMBNAIL_WIDTH = 330
MOST_FOUND = 40
FARTHEST_METRES = 10_000  # the interface takes no more
PHOTO_TYPES = ("image/jpeg", "image/png", "image/webp")


class OpenPhotosUnavailable(Exception):
    """Wikimedia Commons gave no usable answer; asking again later may help."""


class AddressRefused(Exception):
    """The address lies outside the hosts that may be asked; asking again does not help."""


class TooLarge(Exception):
    """The answer is larger than it may be."""


class OpenPhotoGone(Exception):
    """Wikimedia Commons has no such photo, or has none any more."""


class OpenPhoto(NamedTuple):
    """A photo on Wikimedia Commons, as it says itself; texts are plain."""

    page_id: int
    title: str
    page_url: str
    file_url: str
    thumbnail_url: str
    sha1: str
    mime: str
    width: int
    height: int
    bytes: int
    author: str
    license_code: str  # that of our licenses; "" where it is none that is known to be free
    license_name: str

    @property
    def credit(self) -> str:
        """What the photo is credited with."""
        said = [self.author, self.license_name, "via Wikimedia Commons"]
        return ", ".join(filter(None, said))


def find_open_photos(
    *, names: Sequence[str], place: tuple[float, float] | None, radius: int
) -> list[OpenPhoto]:
    """Return photos taken near a place, and then those that speak of one of the names.

    Raises OpenPhotosUnavailable or AddressRefused.
    """
    questions = []
    if place is not None:
        questions.append(
            {
                "generator": "geosearch",
                "ggscoord": f"{place[0]}|{place[1]}",
                "ggsradius": max(10, min(radius, FARTHEST_METRES)),
                "ggsnamespace": 6,
                "ggslimit": MOST_FOUND,
            }
        )
    quoted = ['"{}"'.format(name.replace('"', " ").strip()) for name in names if name.strip()]
    if quoted:
        questions.append(
            {
                "generator": "search",
                "gsrsearch": " OR ".join(quoted) + " filetype:bitmap",
                "gsrnamespace": 6,
                "gsrlimit": MOST_FOUND,
            }
        )
    found: dict[int, OpenPhoto] = {}
    for question in questions:
        for photo in parse_answer(_ask(question)):
            found.setdefault(photo.page_id, photo)
    return list(found.values())


def open_photo(page_id: int) -> OpenPhoto:
    """Return one photo as it is now.

    Raises OpenPhotoGone, OpenPhotosUnavailable or AddressRefused.
    """
    for photo in parse_answer(_ask({"pageids": page_id})):
        if photo.page_id == page_id:
            return photo
    raise OpenPhotoGone(str(page_id))


def fetch_picture(url: str, *, most: int) -> bytes:
    """Return a file of at most so many bytes.

    Raises TooLarge, OpenPhotoGone, OpenPhotosUnavailable or AddressRefused.
    """
    return asyncio.run(_fetch(url, most=most))


def parse_answer(answer: dict) -> list[OpenPhoto]:
    """Return the photos of an answer of the interface, in its order.

    Raises OpenPhotosUnavailable where the answer has another shape.
    """
    try:
        pages = answer.get("query", {}).get("pages", [])
        # Without search results "index" is missing.
        listed = sorted(pages, key=lambda page: page.get("index", 0))
        return [_photo(page) for page in listed if page.get("imageinfo")]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise OpenPhotosUnavailable(f"an answer of another shape: {error!r}") from error


def _photo(page: dict) -> OpenPhoto:
    info = page["imageinfo"][0]
    said = {name: str(each.get("value", "")) for name, each in info["extmetadata"].items()}
    page_url = info["descriptionurl"]
    if len(page_url) > 500:
        page_url = info["descriptionshorturl"]
    for url in (page_url, info["url"]):
        _check_address(url)
    return OpenPhoto(
        page_id=int(page["pageid"]),
        title=str(page["title"]).removeprefix("File:")[:300],
        page_url=page_url,
        file_url=info["url"],
        thumbnail_url=info.get("thumburl", ""),
        sha1=str(info.get("sha1", "")),
        mime=str(info.get("mime", "")),
        width=int(info.get("width", 0)),
        height=int(info.get("height", 0)),
        bytes=int(info.get("size", 0)),
        # Some pictures say with which words their author wants to be named.
        author=plain_text(said.get("Attribution") or said.get("Artist", ""))[:200].strip(),
        license_code=license_code(said),
        license_name=plain_text(said.get("LicenseShortName", ""))[:60].strip(),
    )


CREATIVE_COMMONS = re.compile(r"cc-by(-sa)?-\d\.\d(-[a-z]{2,5})?")


def license_code(said: dict[str, str]) -> str:
    """Return the code that our licenses use for what a photo says of its own; "" for others.

    Versions and countries are licenses of their own: nothing is taken for something like it.
    """
    code = said.get("License", "").strip().lower()
    if said.get("NonFree", "").strip().lower() in ("true", "1", "yes"):
        return ""
    if code in ("cc0", "cc-zero", "cc0-1.0"):
        return "CC0-1.0"
    if code == "pd" or code.startswith("pd-"):
        return "PD"
    if CREATIVE_COMMONS.fullmatch(code):
        return code.upper()
    kogl = said.get("LicenseShortName", "").strip().lower()
    return "KOGL-1" if kogl in ("kogl type 1", "kogl-1") else ""


class _Text(HTMLParser):
    """Keeps what a reader would see."""

    UNSEEN = ("script", "style", "template")
    # They have no end.
    EMPTY = ("br", "img", "hr", "wbr", "input", "link", "meta")

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.kept: list[str] = []
        self.unseen: list[str] = []

    def handle_starttag(self, tag, attributes):
        style = (dict(attributes).get("style") or "").replace(" ", "").lower()
        if tag in self.EMPTY:
            self.kept.append(" ")
        elif self.unseen or tag in self.UNSEEN or "display:none" in style:
            self.unseen.append(tag)

    def handle_endtag(self, tag):
        if self.unseen and tag in self.unseen:
            while self.unseen.pop() != tag:
                pass

    def handle_data(self, data):
        if not self.unseen:
            self.kept.append(data)


def plain_text(html: str) -> str:
    """Return the words of a piece of HTML, without its marks."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    words = "".join(parser.kept).replace("\x00", "")
    return " ".join(words.split())


def _ask(question: dict) -> dict:
    asked = {
        "action": "query",
        "format": "json",
        "formatversion": 2,
        "prop": "imageinfo",
        "iiprop": "url|size|mime|sha1|extmetadata",
        "iiurlwidth": THUMBNAIL_WIDTH,
        **question,
    }
    url = f"{settings.OPEN_PHOTO_API}?{urlencode(asked)}"
    try:
        answer = json.loads(asyncio.run(_fetch(url, most=ANSWER_MAX_BYTES)))
    except (ValueError, TooLarge, OpenPhotoGone) as error:
        raise OpenPhotosUnavailable(repr(error)) from error
    if not isinstance(answer, dict) or "error" in answer:
        raise OpenPhotosUnavailable(f"it refused the question: {str(answer)[:300]}")
    return answer


async def _fetch(url: str, *, most: int) -> bytes:
    # A file that drips in would keep each single read short: the whole has a limit of its own.
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            return await _follow(url, most=most)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        logger.warning("No answer from %s: %r", urlsplit(url).hostname, error)
        raise OpenPhotosUnavailable(repr(error)) from error


async def _follow(url: str, *, most: int) -> bytes:
    headers = {"User-Agent": f"Gilnun/1.0 (landmark portal; {settings.DEFAULT_FROM_EMAIL})"}
    timeout = httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS)
    for _ in range(MOST_REDIRECTS + 1):
        loopback = _check_address(url)
        # A proxy of the machine is for the world outside.
        async with (
            httpx.AsyncClient(timeout=timeout, headers=headers, trust_env=not loopback) as client,
            client.stream("GET", url) as answer,
        ):
            if not answer.is_redirect:
                return await _read(answer, most=most)
            url = urljoin(url, answer.headers["Location"])
    raise OpenPhotosUnavailable("it redirects too often")


async def _read(answer: httpx.Response, *, most: int) -> bytes:
    if answer.status_code in (404, 410):
        raise OpenPhotoGone(str(answer.status_code))
    if answer.status_code != 200:
        raise OpenPhotosUnavailable(f"it answered {answer.status_code}")
    kept = bytearray()
    async for piece in answer.aiter_bytes():
        kept += piece
        if len(kept) > most:
            raise TooLarge(f"more than {most} bytes")
    return bytes(kept)


def _check_address(url: str) -> bool:
    """Raise AddressRefused unless an address may be asked; say whether it is this machine's."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressRefused(url[:200]) from error
    loopback = host in LOOPBACK
    named = {host, f"{host}:{port}"} & set(settings.OPEN_PHOTO_HOSTS)
    safe = parts.scheme == "https" and port in (None, 443)
    if not named or parts.username or not (safe or (loopback and parts.scheme == "http")):
        raise AddressRefused(url[:200])
    return loopback
