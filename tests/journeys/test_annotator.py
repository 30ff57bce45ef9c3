"""Claim → draw → tags → submit → next, and back from the reviewer, in a browser."""

from __future__ import annotations

import csv
import hashlib
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.environment import ROOT
from tests.journeys.conftest import PHONE
from tests.running import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = ROOT / "tests" / "vendor" / "axe-core-4.14.1" / "axe.min.js"
PASSWORD = "a long password for tests"
ORIENTATION = 0x0112


def picture(path: Path, size: tuple[int, int], colour: int, orientation: int = 1) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    Image.new("RGB", size, (colour, 120, 90)).save(path, exif=exif)


class Bench:
    """A dataset with a person who works on it."""

    def __init__(self, portal: Portal, folder: Path, *options: str):
        # The portal of earlier runs is there still.
        number = uuid.uuid4().hex[:8]
        self.portal = portal
        self.annotator, self.reviewer = f"annotator-{number}", f"reviewer-{number}"
        for name, role in ((self.annotator, "annotator"), (self.reviewer, "annotation_reviewer")):
            portal.manage("create_user", name, "--role", role, "--password", PASSWORD)
        made = portal.manage(
            *("create_dataset", f"journey {number}", "--images", str(folder), "--license", "OWN"),
            *("--annotator", self.annotator, *options),
        )
        self.dataset = made["id"]

    def boxes(self, folder: Path) -> dict[str, list[int]]:
        """Return the completed boxes by file name."""
        target = folder / "boxes.csv"
        self.portal.manage(
            *("export_annotations", "--dataset", str(self.dataset)),
            *("--format", "csv", "--output", str(target)),
        )
        with target.open(newline="") as lines:
            return {
                row["file"]: [int(row[name]) for name in ("x", "y", "width", "height")]
                for row in csv.DictReader(lines)
            }


@pytest.fixture
def pictures(tmp_path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    picture(folder / "1-large.jpg", (3000, 2000), 10)
    picture(folder / "2-portrait.jpg", (1600, 1200), 60, orientation=6)
    picture(folder / "3-small.jpg", (400, 300), 110)
    return folder


@pytest.fixture
def sign_in(open_browser) -> Callable[..., Page]:
    def opened(name: str, path: str = "/annotate/", **options) -> Page:
        page = open_browser(path, **options)
        page.fill("[name=username]", name)
        page.fill("[name=password]", PASSWORD)
        page.locator("main [type=submit]").click()
        page.wait_for_url(lambda address: address.endswith(path))
        return page

    return opened


def image_shown(page: Page, width: int, height: int) -> None:
    expect(page.locator("svg[data-editor] image")).to_have_attribute("width", str(width))
    expect(page.locator("svg[data-editor] image")).to_have_attribute("height", str(height))
    expect(page.locator("[data-part=loading]")).to_be_hidden()


def on_screen(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return where a point of the picture is on the screen."""
    return tuple(
        page.evaluate(
            """([x, y]) => {
              const svg = document.querySelector("svg[data-editor]");
              const point = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
              return [point.x, point.y];
            }""",
            [x, y],
        )
    )


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*on_screen(page, *start))
    page.mouse.down()
    page.mouse.move(*on_screen(page, *end), steps=4)
    page.mouse.up()


def box(page: Page) -> list[int] | None:
    if not page.locator("[data-part=box]").is_visible():
        return None
    values = [page.locator(f"[data-number={name}]").input_value() for name in NAMES]
    return [int(value) for value in values]


NAMES = ("x", "y", "width", "height")


def test_the_day_of_an_annotator(running_portal, sign_in, pictures, tmp_path):
    bench = Bench(running_portal, pictures, "--no-review")
    page = sign_in(bench.annotator)

    image_shown(page, 3000, 2000)
    page.locator("[name=submit]").click()
    expect(page.locator("[data-error=bbox]")).to_have_text("바운딩 작업을 해주세요.")
    expect(page.locator("[data-error=tags]")).to_have_text("태그 중 최소 하나는 선택되어야 합니다.")
    drag(page, (1500, 900), (2100, 1500))
    first = box(page)
    assert all(abs(a - b) <= 3 for a, b in zip(first, (1500, 900, 600, 600), strict=True))
    page.keyboard.press("1")
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    expect(page.locator("[data-error=tags]")).to_have_text("태그 선택이 잘 못되었습니다.")
    page.keyboard.press("4")
    page.keyboard.press("Enter")

    # A turned photo stands upright, and its box counts the upright pixels.
    image_shown(page, 1200, 1600)
    page.mouse.move(*on_screen(page, 600, 800))
    for _ in range(3):
        page.mouse.wheel(0, -400)
    drag(page, (500, 700), (700, 900))
    second = box(page)
    assert all(abs(a - b) <= 2 for a, b in zip(second, (500, 700, 200, 200), strict=True))
    page.locator("[name=occluded]").check()
    page.locator("[name=submit]").click()

    image_shown(page, 400, 300)
    page.keyboard.press("b")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Alt+ArrowLeft")
    third = box(page)
    assert third == [110, 76, 199, 150]
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=empty]")).to_contain_text("더 이상 진행할 작업이 없습니다.")

    assert bench.boxes(tmp_path) == {
        "1-large.jpg": first,
        "2-portrait.jpg": second,
        "3-small.jpg": third,
    }


def test_a_box_is_moved_resized_undone_and_done_again(running_portal, sign_in, pictures):
    page = sign_in(Bench(running_portal, pictures).annotator)
    image_shown(page, 3000, 2000)
    drag(page, (600, 600), (1200, 1200))
    drawn = box(page)

    drag(page, (900, 900), (2990, 1990))
    moved = box(page)
    assert moved[2:] == drawn[2:]
    assert (moved[0] + moved[2], moved[1] + moved[3]) == (3000, 2000)
    drag(page, (moved[0], moved[1]), (0, 0))
    whole = box(page)
    assert all(abs(a - b) <= 8 for a, b in zip(whole, (0, 0, 3000, 2000), strict=True))

    page.keyboard.press("z")
    assert box(page) == moved
    page.keyboard.press("Control+z")
    assert box(page) == drawn
    page.keyboard.press("z")
    assert box(page) is None
    page.keyboard.press("x")
    page.keyboard.press("Control+y")
    assert box(page) == moved
    page.keyboard.press("Delete")
    assert box(page) is None


def test_a_finger_draws(running_portal, sign_in, pictures):
    page = sign_in(Bench(running_portal, pictures).annotator, **PHONE)
    image_shown(page, 3000, 2000)
    touch = page.context.new_cdp_session(page)

    start, end = on_screen(page, 600, 500), on_screen(page, 2000, 1500)
    for kind, at in (("touchStart", start), ("touchMove", end)):
        points = [{"x": at[0], "y": at[1]}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    expect(page.locator("[data-part=box]")).to_be_visible()
    assert all(abs(a - b) <= 16 for a, b in zip(box(page), (600, 500, 1400, 1000), strict=True))


def test_a_lost_line_and_a_reload_lose_nothing(running_portal, sign_in, pictures):
    page = sign_in(Bench(running_portal, pictures).annotator)
    image_shown(page, 3000, 2000)
    page.route("**/annotate/api/**", lambda route: route.abort())
    drag(page, (600, 600), (1200, 1200))
    page.keyboard.press("2")
    drawn = box(page)
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=notice]")).to_contain_text("그린 것은 보관되어 있으며")

    page.unroute("**/annotate/api/**")
    page.reload()
    image_shown(page, 3000, 2000)
    assert box(page) == drawn
    expect(page.locator("[name=occluded]")).to_be_checked()

    page.route("**/annotate/api/**", lambda route: route.abort())
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=notice]")).to_have_attribute("data-kind", "error")
    page.unroute("**/annotate/api/**")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    image_shown(page, 1200, 1600)


def test_a_draft_follows_to_another_browser(running_portal, sign_in, pictures):
    bench = Bench(running_portal, pictures)
    page = sign_in(bench.annotator)
    image_shown(page, 3000, 2000)
    with page.expect_response("**/draft**", timeout=5000) as saved:
        drag(page, (600, 600), (1200, 1200))
    assert saved.value.status == 204

    other = sign_in(bench.annotator)
    image_shown(other, 3000, 2000)

    assert box(other) == box(page)


def test_a_picture_that_is_gone_is_set_aside_and_the_next_one_comes(
    running_portal, sign_in, pictures
):
    bench = Bench(running_portal, pictures)
    media = Path(running_portal.environment["GILNUN_DATA_DIR"]) / "media"
    stored = (media / "annotation" / str(bench.dataset)).rglob("*.jpg")
    large = hashlib.sha256((pictures / "1-large.jpg").read_bytes()).hexdigest()
    next(path for path in stored if path.stem == large).unlink()

    page = sign_in(bench.annotator)

    image_shown(page, 1200, 1600)
    expect(page.locator("[data-part=notice]")).to_contain_text("관리자에게 넘겼습니다")


def test_a_reviewer_sends_back_and_then_accepts(running_portal, sign_in, pictures):
    bench = Bench(running_portal, pictures)
    page = sign_in(bench.annotator)
    image_shown(page, 3000, 2000)
    drag(page, (600, 600), (1200, 1200))
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    image_shown(page, 1200, 1600)
    page.keyboard.press("s")
    page.locator("dialog[data-dialog=skip] [type=submit]").click()
    image_shown(page, 400, 300)

    review = sign_in(bench.reviewer, f"/annotate/review/?dataset={bench.dataset}")
    image_shown(review, 3000, 2000)
    assert all(abs(a - b) <= 3 for a, b in zip(box(review), [600] * 4, strict=True))
    review.keyboard.press("r")
    review.keyboard.type("지붕까지 그려 주세요")
    review.keyboard.press("Enter")
    expect(review.locator("[data-part=empty]")).to_be_visible()

    page.keyboard.press("b")
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    image_shown(page, 3000, 2000)
    expect(page.locator("[data-part=notice]")).to_contain_text("지붕까지 그려 주세요")
    assert box(page)[2] > 590
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=empty]")).to_be_visible()

    review.locator("[data-tool=look]").click()
    image_shown(review, 400, 300)
    review.keyboard.press("Enter")
    image_shown(review, 3000, 2000)
    expect(review.locator("[data-part=history] li")).to_have_count(3)
    review.keyboard.press("ArrowLeft")
    expect(review.locator("[data-part=verdict]")).to_have_text("고쳐서 승인")
    review.keyboard.press("Enter")
    expect(review.locator("[data-part=empty]")).to_be_visible()


@pytest.mark.parametrize("path", ["/annotate/", "/annotate/review/"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(running_portal, sign_in, pictures, path, scheme):
    bench = Bench(running_portal, pictures)
    name = bench.annotator if path == "/annotate/" else bench.reviewer
    page = sign_in(name, path, color_scheme=scheme)
    expect(page.locator("[data-part=status]")).to_have_text("")
    page.evaluate(AXE.read_text())

    found = page.evaluate("axe.run(document).then((result) => result.violations)")

    serious = [
        (fault["id"], [node["target"] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert not serious
