"""Every public page can be used by everybody: axe looks at it in each language and theme."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from apps.guide.urls import urlpatterns
from tests.environment import ROOT
from tests.journeys.conftest import PHONE
from tests.journeys.public_pages import NO_PAGES, OTHER_PAGES, PAGES, PALACE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = ROOT / "tests" / "vendor" / "axe-core-4.14.1" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The theme changes nothing else, and the size of the window little more.
OF_THE_THEME = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
OF_THE_SIZE = {
    "type": "rule",
    "values": ["color-contrast", "target-size", "scrollable-region-focusable", "heading-order"],
}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
# More than the web server itself takes.
TOO_LONG = "/landmarks/?q=" + "a" * 9000
WITHDRAWN = """
import json
from apps.catalogue.models import Landmark
from apps.guide.models import Route
Landmark.objects.filter(slug="bijarim").update(state={landmark!r})
Route.objects.filter(slug="jeju-east").update(state={route!r})
print(json.dumps(Landmark.objects.get(slug="bijarim").state))
"""
ANSWER = re.compile(r"/recognize/([0-9a-f-]{36})/$")
ASK_FOR_A_PLACE = """(answer) => {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: `${answer}feedback/` });
  form.innerHTML = '<input name="answer" value="search"><input name="place" value="경복">';
  document.body.append(form);
  form.submit();
}"""


def test_every_address_of_the_guide_is_looked_at_or_is_no_page():
    names = {f"guide:{each.name}" for each in urlpatterns}

    assert names == PAGES.keys() | NO_PAGES
    assert not PAGES.keys() & NO_PAGES


@pytest.mark.parametrize(
    ("prefix", "device", "other"), [("", PHONE, DESKTOP), ("/en", DESKTOP, PHONE)], ids=["ko", "en"]
)
def test_axe_finds_nothing_on_any_page_in_either_theme_and_size(
    open_browser, sample, prefix, device, other
):
    page = open_browser(f"{prefix}{PALACE}", reduced_motion="reduce", **device)
    known = {"photo": page.locator(".picture-report").first.get_attribute("href")[-36:]}
    for name in ("deleted", "answer"):
        page.goto(f"{prefix}/recognize/")
        page.set_input_files("#photo-file", sample("seokgatap"))
        page.wait_for_url(ANSWER)
        known[name] = ANSWER.search(page.url)[1]
        if name == "deleted":
            page.wait_for_load_state("load")
            page.locator("[data-delete]").click()
            page.wait_for_load_state("load")

    found = {}
    # In the other size a page is looked at once, whatever it is asked for.
    first = {paths[0] for paths in PAGES.values()} | {PALACE, *OTHER_PAGES, TOO_LONG}
    pages = [*(each for paths in PAGES.values() for each in paths), *OTHER_PAGES, TOO_LONG]
    for address in pages:
        page.goto(prefix * (not address.startswith("/accounts/")) + address.format(**known))
        found |= faults(page, device, other if address in first else None)
    page.goto(f"{prefix}/recognize/{known['answer']}/")
    page.evaluate(ASK_FOR_A_PLACE, page.url)
    page.wait_for_url("**/feedback/")
    found |= faults(page, device, other)

    assert not found


def test_axe_finds_nothing_where_a_place_or_a_route_was_taken_back(
    open_browser, taken_back, running_portal
):
    found = {}
    for prefix, device, other in (("", PHONE, DESKTOP), ("/en", DESKTOP, PHONE)):
        page = open_browser(f"{prefix}/", reduced_motion="reduce", **device)
        for address in taken_back:
            assert page.goto(f"{prefix}{address}").status == 410
            found |= faults(page, device, other)

    assert not found


@pytest.fixture
def taken_back(running_portal) -> Iterator[list[str]]:
    """A place and a route that are withdrawn meanwhile."""
    running_portal.manage("shell", "-c", WITHDRAWN.format(landmark="withdrawn", route="withdrawn"))
    yield ["/landmarks/bijarim/", "/routes/jeju-east/"]
    running_portal.manage("shell", "-c", WITHDRAWN.format(landmark="published", route="published"))


def faults(page: Page, device: dict, other: dict | None) -> dict[tuple[str, str, str], list]:
    """Return what axe finds on a page, also in the other size: by address, view and rule."""
    page.evaluate(AXE.read_text())
    found = {}

    def look(where: str, rules: list | dict) -> None:
        report = page.evaluate("rules => axe.run({ runOnly: rules })", rules)
        for rule in report["violations"]:
            found[page.url[:200], where, rule["id"]] = [node["target"] for node in rule["nodes"]]

    look("light", RULES)
    page.emulate_media(color_scheme="dark")
    look("dark", OF_THE_THEME)
    if other:
        page.set_viewport_size(other["viewport"])
        look("dark, other size", OF_THE_THEME)
        page.emulate_media(color_scheme="light")
        look("light, other size", OF_THE_SIZE)
        page.set_viewport_size(device["viewport"])
    page.emulate_media(color_scheme="light")
    return found
