"""Every public page can be used by everybody: axe looks at it in each language and theme."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from apps.guide.urls import urlpatterns
from tests.environment import ROOT
from tests.journeys.conftest import PHONE
from tests.journeys.public_pages import NO_PAGES, OTHER_PAGES, PAGES, PALACE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = ROOT / "tests" / "vendor" / "axe-core-4.14.1" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The theme changes nothing else.
OF_THE_THEME = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
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


@pytest.mark.parametrize(("prefix", "device"), [("", PHONE), ("/en", DESKTOP)], ids=["ko", "en"])
def test_axe_finds_nothing_on_any_page_in_either_theme(open_browser, sample, prefix, device):
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
    for address in [*(each for paths in PAGES.values() for each in paths), *OTHER_PAGES]:
        page.goto(prefix * (not address.startswith("/accounts/")) + address.format(**known))
        found |= faults(page)
    page.goto(f"{prefix}/recognize/{known['answer']}/")
    page.evaluate(ASK_FOR_A_PLACE, page.url)
    page.wait_for_url("**/feedback/")
    found |= faults(page)

    assert not found


def faults(page: Page) -> dict[tuple[str, str, str], list]:
    """Return what axe finds on a page: by address, theme and rule."""
    page.evaluate(AXE.read_text())
    found = {}
    for scheme, rules in (("light", RULES), ("dark", OF_THE_THEME)):
        page.emulate_media(color_scheme=scheme)
        report = page.evaluate("rules => axe.run({ runOnly: rules })", rules)
        for rule in report["violations"]:
            found[page.url, scheme, rule["id"]] = [node["target"] for node in rule["nodes"]]
    page.emulate_media(color_scheme="light")
    return found
