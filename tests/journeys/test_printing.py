"""A place and a route on paper: what one reads on the way, without what only screens can do."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.public_pages import PALACE
from tests.journeys.test_everybody import AXE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# A4 less a margin of 1 cm, at 96 pixels an inch.
PAPER = {"viewport": {"width": 718, "height": 1046}}
MARGIN = dict.fromkeys(("top", "right", "bottom", "left"), "1cm")
ONLY_ON_SCREENS = (
    ".site-header, .site-footer, nav, button, input, keep-place, near-map, my-route, "
    ".report-link, .picture-report"
)
CUT_OFF = """() => [...document.querySelectorAll("main *")].filter((each) => {
  const box = each.getBoundingClientRect();
  // A sketch is cut at its own frame.
  const inside = each.closest("svg, .only-heard");
  const shown = box.width > 1 && box.height > 1 && (!inside || inside === each);
  return shown && (box.left < -1 || box.right > innerWidth + 1 || each.scrollWidth > innerWidth);
}).map((each) => each.outerHTML.slice(0, 80))"""
OVER_THE_PICTURE = """() => {
  const picture = document.querySelector(".landmark-picture").getBoundingClientRect();
  return [...document.querySelectorAll(".landmark-text p")].filter((each) => {
    const range = document.createRange();
    range.selectNodeContents(each);
    return [...range.getClientRects()].some((line) => line.right > picture.left
      && line.bottom > picture.top && line.top < picture.bottom);
  }).length;
}"""


def on_paper(page: Page) -> int:
    """Show a page as it is printed; return how many sheets it takes."""
    page.emulate_media(media="print", color_scheme="light")
    assert page.locator(ONLY_ON_SCREENS).filter(visible=True).count() == 0
    assert page.evaluate(CUT_OFF) == []
    page.evaluate(AXE.read_text())
    report = page.evaluate("axe.run({ runOnly: { type: 'rule', values: ['color-contrast'] } })")
    assert report["violations"] == []
    pdf = page.pdf(format="A4", margin=MARGIN)
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize(
    ("prefix", "caption"), [("", "여름, 밝은 한낮"), ("/en", "Summer, at bright noon")]
)
def test_a_place_on_paper_has_its_address_and_credits_on_two_sheets(
    open_browser, running_portal, prefix, caption
):
    page = open_browser(f"{prefix}{PALACE}", **PAPER)
    assert page.locator(".photos li").count() == 19
    assert page.locator(".picture-report").first.is_visible()

    sheets = on_paper(page)

    assert sheets <= 2
    expect(page.get_by_text("서울특별시 종로구 사직로 161")).to_be_visible()
    cover = page.locator(".landmark-picture figcaption")
    expect(cover.get_by_text(caption)).to_be_visible()
    expect(cover.get_by_text("CC0-1.0")).to_be_visible()
    assert all(
        figure.locator("[rel~=license]").is_visible()
        for figure in page.locator(".photos li").filter(visible=True).all()
    )
    expect(page.get_by_text(f"{running_portal.address}{prefix}{PALACE}")).to_be_visible()
    assert page.evaluate(OVER_THE_PICTURE) == 0
    assert page.locator(".not-on-paper").filter(visible=True).count() == 0


def test_a_route_on_paper_has_every_stop_in_order(open_browser, running_portal):
    page = open_browser("/en/routes/seoul-palaces-on-foot/", **PAPER)
    stops = page.locator(".stop")
    count = stops.count()

    sheets = on_paper(page)

    assert sheets <= 2
    assert count == 5 and all(stop.is_visible() for stop in stops.all())
    assert page.locator(".stop-number").all_inner_texts() == ["1", "2", "3", "4", "5"]
    expect(page.get_by_text("서울특별시 종로구 사직로 161")).to_be_visible()
    expect(page.get_by_text("District borders")).to_be_visible()
    expect(page.get_by_text(f"{running_portal.address}/en/routes/")).to_be_visible()
