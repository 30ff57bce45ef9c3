"""A visitor keeps a place and opens it in a valley without a network."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.environment import ROOT
from tests.journeys.conftest import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = ROOT / "tests" / "vendor" / "axe-core-4.14.1" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# A phone says that it has a network again, and the guide does not answer.
ONLINE_FOR_A_MOMENT = """async () => {
  window.stayed = true;
  window.dispatchEvent(new Event("online"));
  await fetch(location.href, { method: "HEAD" }).catch(() => {});
  return window.stayed;
}"""
WORKS = "navigator.serviceWorker.ready.then(() => true)"
SHOWN = "image => image.complete && image.naturalWidth > 0"


def keep(page: Page) -> None:
    page.evaluate(WORKS)
    page.locator("keep-place button").click()
    expect(page.locator("keep-place button")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_a_kept_place_opens_without_a_network(open_browser, device):
    slug = "gyeongbokgung-geunjeongjeon"
    page = open_browser(f"/en/landmarks/{slug}/", service_workers="allow", **device)
    name = page.locator("h1").inner_text()
    keep(page)
    page.context.set_offline(True)

    page.reload()
    expect(page.locator("h1")).to_have_text(name)
    expect(page.get_by_text("You are offline. This page is as it was kept:")).to_be_visible()
    expect(page.locator("[data-part=kept-notice] time")).to_have_text(re.compile(r"20\d\d"))
    picture = page.locator(".landmark-picture img")
    if picture.count():
        picture.first.scroll_into_view_if_needed()
        page.wait_for_function(f"({SHOWN})(document.querySelector('.landmark-picture img'))")

    page.get_by_role("button", name="A map to move").click()
    expect(page.locator(".near-map-canvas canvas").first).to_be_visible()

    page.goto(f"/landmarks/{slug}/")  # in the other language too
    expect(page.locator("html")).to_have_attribute("lang", "ko")

    page.goto("/en/kept/")
    expect(page.locator(".kept-place a")).to_have_text(name)
    expect(page.locator(".kept-place img")).to_have_attribute("src", re.compile("^/en/photos/"))
    page.wait_for_function(f"({SHOWN})(document.querySelector('.kept-place img'))")
    page.locator(".kept-place a").click()
    expect(page.locator("h1")).to_have_text(name)


def test_a_page_that_is_not_kept_says_so_and_shows_what_is(open_browser):
    page = open_browser("/landmarks/cheomseongdae/", service_workers="allow")
    keep(page)
    page.context.set_offline(True)

    page.goto("/landmarks/udo/")
    expect(page.locator("h1")).to_have_text("인터넷에 연결되어 있지 않습니다")
    expect(page.locator("[data-landmark=cheomseongdae]")).to_be_visible()
    assert page.evaluate(ONLINE_FOR_A_MOMENT)
    page.goto("/en/routes/")
    expect(page.locator("h1")).to_have_text("No connection")

    page.context.set_offline(False)
    expect(page.locator("h1")).to_have_text("Routes", timeout=15_000)


def test_a_place_is_given_up_and_nothing_of_it_stays(open_browser):
    page = open_browser("/en/landmarks/cheomseongdae/", service_workers="allow")
    keep(page)
    page.goto("/en/kept/")
    page.get_by_role("button", name="Bring up to date: Cheomseongdae").click()
    expect(page.get_by_text("It is up to date.")).to_be_visible()

    page.get_by_role("button", name="Remove from here: Cheomseongdae").click()

    expect(page.get_by_text("Nothing is kept yet.")).to_be_visible()
    left = "caches.open('gilnun-kept').then(c => c.keys()).then(keys => keys.length)"
    assert page.evaluate(left) == 0


def test_answers_and_staff_pages_are_never_kept(open_browser, sample):
    page = open_browser("/en/recognize/", service_workers="allow")
    page.evaluate(WORKS)
    page.set_input_files("#photo-file", sample("cheomseongdae"))
    page.wait_for_url(re.compile(r"/recognize/[0-9a-f-]{36}/$"))
    page.goto("/accounts/login/")

    held = page.evaluate(
        """async () => {
          const opened = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
          const all = await Promise.all(opened.map((cache) => cache.keys()));
          return all.flat().map((request) => new URL(request.url).pathname);
        }"""
    )

    assert held
    assert not [path for path in held if re.search(r"/(recognize|accounts|admin|api)/", path)]


def test_an_update_removes_what_the_last_version_kept(open_browser):
    page = open_browser("/robots.txt", service_workers="allow")
    page.evaluate("caches.open('gilnun-shell-000000000000').then(() => true)")

    page.goto("/en/kept/")
    page.evaluate(WORKS)

    page.wait_for_function("caches.has('gilnun-shell-000000000000').then((there) => !there)")
    names = page.evaluate("caches.keys()")
    assert len([name for name in names if name.startswith("gilnun-shell-")]) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/kept/", "/offline/", "/en/kept/", "/en/offline/"])
def test_pages_without_a_network_can_be_used_by_everybody(open_browser, path, scheme):
    page = open_browser("/landmarks/udo/", service_workers="allow", color_scheme=scheme, **PHONE)
    keep(page)
    page.goto(path)
    expect(page.locator(".kept-place")).to_be_visible()

    page.evaluate(AXE.read_text())
    report = page.evaluate("rules => axe.run({ runOnly: rules })", RULES)

    assert not [(rule["id"], rule["nodes"][0]["target"]) for rule in report["violations"]]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
