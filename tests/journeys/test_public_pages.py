"""The public pages in a browser: found, read and used by everybody."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.journeys.conftest import PHONE

pytestmark = pytest.mark.slow
MOST_SHIFT = 0.02
MOST_FONTS = 150_000
MOST_FIRST_VIEW = 200_000
# Of what a browser loads before anybody does something.
SHIFTS = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
})"""
WEIGHTS = """() => performance.getEntriesByType("resource").map(
  (entry) => [entry.name, entry.encodedBodySize])"""


@pytest.mark.parametrize(
    ("words", "first"),
    [
        *(("경복궁", "경복궁"), ("첨성", "첨성대"), ("첨성데", "첨성대"), ("ㅅㄱㅇ", "석굴암")),
        *(("gyeongbokgung", "경복궁"), ("사직로 161", "경복궁")),
    ],
)
def test_a_place_is_found_in_every_way(open_browser, words, first):
    page = open_browser("/landmarks/")
    page.fill("#q", words)
    page.keyboard.press("Enter")
    page.wait_for_url("**/landmarks/?q=*")

    assert first in page.locator(".cards h3").first.inner_text()


def test_names_are_chosen_by_keyboard_while_one_types(open_browser):
    page = open_browser("/en/")
    field = page.locator("#q")
    field.press_sequentially("경복")
    page.locator("[role=option]").first.wait_for()

    assert field.get_attribute("aria-expanded") == "true"
    field.press("ArrowDown")
    chosen = page.locator(f"#{field.get_attribute('aria-activedescendant')}")
    assert chosen.get_attribute("aria-selected") == "true"
    field.press("Escape")
    assert field.get_attribute("aria-expanded") == "false"
    field.press_sequentially("궁")
    page.locator("[role=option]").first.wait_for()
    field.press("ArrowDown")
    field.press("Enter")
    page.wait_for_url("**/en/landmarks/gyeongbokgung*/")


def test_the_list_is_narrowed_down_and_the_language_keeps_it(open_browser):
    page = open_browser("/landmarks/")
    page.get_by_role("link", name="궁궐").or_(
        page.get_by_role("link", name="문화유산")
    ).first.click()
    page.get_by_role("link", name="서울특별시").first.click()
    page.wait_for_url("**region=KR-11**")
    korean = page.locator("[data-landmark]").count()

    page.locator("[data-language=en]").click()
    page.wait_for_url("**/en/landmarks/?**region=KR-11**")

    assert page.locator("[data-landmark]").count() == korean > 0


def test_a_visitor_reports_what_is_wrong(open_browser):
    page = open_browser("/en/landmarks/cheomseongdae/", **PHONE)
    page.get_by_role("link", name="Tell our editors").click()
    page.get_by_label("hours, fee, address or position").check()
    page.get_by_label("What should it say?").fill("It closes an hour earlier in winter.")
    page.get_by_role("button", name="Send").click()

    page.get_by_role("heading", name="Thank you").wait_for()


@pytest.mark.parametrize(
    "path", ["/", "/landmarks/", "/landmarks/gyeongbokgung-geunjeongjeon/", "/en/"]
)
def test_the_first_view_is_light_and_stays_where_it_is(open_browser, path):
    page = open_browser(path, **PHONE)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")

    assert page.evaluate(SHIFTS) <= MOST_SHIFT
    weights = _weights(page)
    assert weights["font"] <= MOST_FONTS
    assert weights["other"] <= MOST_FIRST_VIEW


def test_nothing_moves_for_who_does_not_want_it(open_browser):
    page = open_browser("/", reduced_motion="reduce", **PHONE)

    moving = page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((each) => {
          const { transitionDuration, scrollBehavior } = getComputedStyle(each);
          return transitionDuration !== "0s" || scrollBehavior === "smooth";
        }).map((each) => each.outerHTML.slice(0, 80))"""
    )
    assert moving == []


def _weights(page: Page) -> dict[str, int]:
    """Return the bytes of fonts, of pictures and of everything else, as they travelled."""
    sums = {"font": 0, "picture": 0, "other": 0}
    for name, size in page.evaluate(WEIGHTS):
        path = name.split("?")[0]
        kind = "font" if path.endswith(".woff2") else "other"
        if path.endswith((".jpg", ".webp", ".avif", ".png")):
            kind = "picture"
        sums[kind] += size
    return sums
