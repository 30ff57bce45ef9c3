"""Every public page by keyboard alone: all that can be used is reached, in order, and seen."""

from __future__ import annotations

import pytest

from tests.journeys.public_pages import PALACE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MOST_STEPS = 140
USABLE = """() => {
  const usable = [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")];
  const seen = usable.filter((each) => each.checkVisibility({ visibilityProperty: true })
    && !each.disabled && each.tabIndex >= 0 && !(each.type === "radio" && !each.checked));
  seen.forEach((each, place) => { each.dataset.place = place; });
  return seen.length;
}"""
# What has the focus: its place, and whether an outline or a border of its own shows it.
FOCUSED = """() => {
  const each = document.activeElement;
  if (!each || each === document.body) return null;
  const marks = (one) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  };
  let near = each, marked = false;
  for (let up = 0; near && up < 5 && !marked; up += 1, near = near.parentElement) {
    marked = marks(near);
  }
  const label = each.labels?.[0];
  return { place: each.dataset.place ?? "", marked: marked || Boolean(label && marks(label)),
    what: each.outerHTML.slice(0, 90) };
}"""


@pytest.mark.parametrize(
    "path",
    [
        # The list of the map is made anew while it loads; test_map goes through it.
        *("/", "/en/landmarks/?q=gyeongbok", PALACE, "/en/recognize/"),
        "/routes/plan/?places=udo,bijarim",
    ],
)
def test_everything_is_reached_and_seen(open_browser, path):
    page = open_browser(path, reduced_motion="reduce")
    page.wait_for_load_state("networkidle")
    count = page.evaluate(USABLE)

    reached, unseen = [], []
    for _ in range(min(count + 15, MOST_STEPS)):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None:
            break
        # A date has several stops inside, which the browser itself marks.
        again = focused["place"] and reached[-1:] == [int(focused["place"])]
        if focused["place"]:
            reached.append(int(focused["place"]))
        if not focused["marked"] and not again:
            unseen.append(focused["what"])

    assert not unseen
    once = list(dict.fromkeys(reached))
    assert once == sorted(once)
    assert set(range(min(count, MOST_STEPS))) <= set(once)
