"""A browser that watches what it sees."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.environment import ROOT
from tests.running import Portal

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SAMPLES = ROOT / "ml" / "demo" / "pictures"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium), which is not here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_browser(browser: Browser, running_portal: Portal) -> Iterator[Callable[..., Page]]:
    """Open a page of the portal; at the end, nothing went wrong in it and nobody else was asked."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # What the page explains itself: a refused upload, and a line that a test broke.
        broken = ("net::ERR_FAILED", "net::ERR_INTERNET_DISCONNECTED")
        explained = "status of 4" in message.text or any(text in message.text for text in broken)
        if message.type == "error" and not explained:
            faults.append(message.text)

    def open_page(path: str = "/", **options) -> Page:
        # A worker answers before routes that a test sets; tests of it say "allow".
        options.setdefault("service_workers", "block")
        context = browser.new_context(base_url=running_portal.address, locale="ko-KR", **options)
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: _note_other_host(request.url, running_portal, faults))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


def _note_other_host(url: str, portal: Portal, faults: list[str]) -> None:
    if not url.startswith((f"{portal.address}/", "data:", "blob:")):
        faults.append(f"asked another host: {url}")


@pytest.fixture
def sample() -> Callable[[str], Path]:
    """Return a picture to try, never used as a reference, of a place or of no place."""

    def picture(slug: str) -> Path:
        if (SAMPLES / "samples" / slug).is_dir():
            return sorted((SAMPLES / "samples" / slug).glob("*.jpg"))[0]
        # Odd ones in name order are for trying; the even ones taught the rejection.
        return SAMPLES / "nonlandmarks" / slug / f"{slug}-02.jpg"

    return picture
