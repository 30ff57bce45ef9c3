"""The editor's tools in a browser: each does what its key, button or handle says."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_annotator import (  # noqa: F401
    Bench,
    box,
    drag,
    image_shown,
    on_screen,
    picture,
    pictures,
    sign_in,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def view(page: Page) -> list[float]:
    """Return the part of the picture that is seen: x, y, width, height."""
    seen = page.locator("svg[data-editor]").get_attribute("viewBox")
    return [float(number) for number in seen.split()]


def zoom(page: Page, at: tuple[float, float], *, steps: int) -> None:
    page.mouse.move(*on_screen(page, *at))
    for _ in range(steps):
        before = view(page)
        page.mouse.wheel(0, -460)
        page.wait_for_function(
            "(before) => document.querySelector('svg[data-editor]').getAttribute('viewBox')"
            " !== before",
            arg=" ".join(f"{number:g}" for number in before),
        )


def test_a_box_is_the_same_at_every_zoom(running_portal, sign_in, pictures):  # noqa: F811
    page = sign_in(Bench(running_portal, pictures).annotator)
    for width, height in ((3000, 2000), (1200, 1600), (400, 300)):
        image_shown(page, width, height)
        wanted = [width // 2 - 40, height // 2 - 30, 80, 60]
        start, end = wanted[:2], [wanted[0] + 80, wanted[1] + 60]
        drawn = []
        for steps in (0, 1, 1):
            zoom(page, (width / 2, height / 2), steps=steps)
            page.keyboard.press("Delete")
            drag(page, start, end)
            drawn.append(box(page))
        assert drawn == [wanted] * 3
        page.keyboard.press("4")
        page.keyboard.press("Enter")


def test_handles_resize_the_sides_they_hold(running_portal, sign_in, pictures):  # noqa: F811
    page = sign_in(Bench(running_portal, pictures).annotator)
    image_shown(page, 3000, 2000)
    drag(page, (900, 600), (2100, 1400))
    left, top, right, bottom = 900, 600, 2100, 1400
    spots = {
        "nw": (left, top),
        "n": (1500, top),
        "ne": (right, top),
        "e": (right, 1000),
        "se": (right, bottom),
        "s": (1500, bottom),
        "sw": (left, bottom),
        "w": (left, 1000),
    }
    for name, (x, y) in spots.items():
        before = box(page)
        drag(page, (x, y), (x + 90, y + 60))
        after = box(page)
        x1, y1, x2, y2 = before[0], before[1], before[0] + before[2], before[1] + before[3]
        moved = [
            x1 + 90 * ("w" in name),
            y1 + 60 * ("n" in name),
            x2 + 90 * ("e" in name),
            y2 + 60 * ("s" in name),
        ]
        got = [after[0], after[1], after[0] + after[2], after[1] + after[3]]
        assert all(abs(a - b) <= 3 for a, b in zip(got, moved, strict=True)), name
        page.keyboard.press("z")
        assert box(page) == before


def test_crosshair_brightness_zoom_and_pan(running_portal, sign_in, pictures):  # noqa: F811
    page = sign_in(Bench(running_portal, pictures).annotator)
    image_shown(page, 3000, 2000)
    cross = page.locator("[data-part=crosshair]")
    page.mouse.move(*on_screen(page, 1500, 1000))
    expect(cross).to_have_attribute("d", "M0 1000H3000M1500 0V2000")

    page.locator("[data-tool=brightness]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("svg[data-editor] image")).to_have_css("filter", "brightness(1.1)")

    page.locator("svg[data-editor]").focus()
    page.keyboard.press("+")
    closer = view(page)
    assert closer[2] == pytest.approx(3000 / 1.4, abs=1)
    page.keyboard.down("Space")
    drag(page, (1500, 1000), (1400, 900))
    page.keyboard.up("Space")
    pushed = view(page)
    assert pushed[0] == pytest.approx(closer[0] + 100, abs=3)
    assert pushed[1] == pytest.approx(closer[1] + 100, abs=3)
    assert box(page) is None
    page.keyboard.press("0")
    assert view(page) == [0, 0, 3000, 2000]

    page.keyboard.press("?")
    expect(page.locator("dialog[data-dialog=help]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[data-dialog=help]")).to_be_hidden()


def test_two_fingers_zoom(running_portal, sign_in, pictures):  # noqa: F811
    page = sign_in(Bench(running_portal, pictures).annotator, has_touch=True)
    image_shown(page, 3000, 2000)
    touch = page.context.new_cdp_session(page)
    x, y = on_screen(page, 1500, 1000)
    for kind, apart in (("touchStart", 60), ("touchMove", 90), ("touchMove", 120)):
        points = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    assert view(page)[2] == pytest.approx(1500, abs=40)
    assert box(page) is None


def test_a_suggested_box_is_taken_or_drawn_anew(running_portal, sign_in, pictures):  # noqa: F811
    with (pictures / "boxes.csv").open("w", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow(["file", "x", "y", "width", "height"])
        rows.writerow(["1-large.jpg", 300, 200, 900, 700])
        rows.writerow(["2-portrait.jpg", 100, 100, 200, 300])
    manifest = str(pictures / "boxes.csv")
    bench = Bench(running_portal, pictures, "--manifest", manifest, "--no-review")
    page = sign_in(bench.annotator)

    image_shown(page, 3000, 2000)
    expect(page.locator("[data-part=suggestion]")).to_be_visible()
    assert box(page) is None
    page.keyboard.press("a")
    assert box(page) == [300, 200, 900, 700]
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    image_shown(page, 1200, 1600)
    drag(page, (500, 700), (900, 1100))
    expect(page.locator("[data-part=suggestion]")).to_be_hidden()
    drawn = box(page)
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    image_shown(page, 400, 300)

    assert bench.boxes(pictures) == {"1-large.jpg": [300, 200, 900, 700], "2-portrait.jpg": drawn}


def test_another_place_is_found_by_keyboard(running_portal, sign_in, pictures):  # noqa: F811
    page = sign_in(Bench(running_portal, pictures).annotator)
    image_shown(page, 3000, 2000)
    page.locator("[data-act=change]").press("Enter")
    page.keyboard.type("ㅅㄹㅁ")
    expect(page.locator("[data-part=found] button").first).to_contain_text("숭례문")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("place-search [data-part=name]")).to_have_text("숭례문")

    page.keyboard.press("b")
    page.keyboard.press("1")
    with page.expect_request("**/submit**") as sent:
        page.locator("svg[data-editor]").focus()
        page.keyboard.press("Enter")
    assert isinstance(sent.value.post_data_json["landmark"], int)
    image_shown(page, 1200, 1600)
    page.locator("[data-act=change]").press("Enter")
    page.keyboard.type("우리 동네 느티나무")
    expect(page.locator("[data-part=found] button").last).to_contain_text("목록에 없음")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("place-search [data-part=name]")).to_have_text("우리 동네 느티나무")


def test_offline_and_back(running_portal, sign_in, pictures):  # noqa: F811
    page = sign_in(Bench(running_portal, pictures).annotator)
    image_shown(page, 3000, 2000)
    page.context.set_offline(True)
    expect(page.locator("[data-part=notice]")).to_contain_text("인터넷 연결이 끊겼습니다")
    drag(page, (600, 600), (1200, 1200))
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=notice]")).to_have_attribute("data-kind", "error")

    page.context.set_offline(False)

    image_shown(page, 1200, 1600)
    expect(page.locator("[data-part=count]")).to_have_text("1")


def test_twenty_images_in_a_row_by_keyboard_but_for_the_boxes(
    running_portal,
    sign_in,  # noqa: F811
    tmp_path,
):
    folder = tmp_path / "twenty"
    folder.mkdir()
    for number in range(20):
        picture(folder / f"{number:02}.jpg", (800 + number, 600), number)
    bench = Bench(running_portal, folder, "--no-review")
    page = sign_in(bench.annotator)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    drawn = {}
    before = 0
    for number in range(20):
        image_shown(page, 800 + number, 600)
        shown = page.locator("svg[data-editor] image").get_attribute("href")
        if number:
            # It was on its way while the one before was worked on.
            assert any(url.endswith(shown) for url in asked[:before])
        drag(page, (100, 100), (500 + number, 400))
        drawn[f"{number:02}.jpg"] = box(page)
        page.keyboard.press(str(1 + number % 4))
        before = len(asked)
        page.keyboard.press("Enter")
    expect(page.locator("[data-part=empty]")).to_be_visible()
    expect(page.locator("[data-part=count]")).to_have_text("20")

    assert bench.boxes(tmp_path) == drawn


def test_the_page_speaks_english(running_portal, sign_in, pictures: Path):  # noqa: F811
    bench = Bench(running_portal, pictures)
    page = sign_in(bench.annotator)
    page.locator("header a[lang=en]").click()
    image_shown(page, 3000, 2000)

    page.keyboard.press("Enter")

    expect(page.locator("[data-error=bbox]")).to_have_text("Please draw a box.")
    expect(page.locator("[data-error=tags]")).to_have_text("At least one tag has to be chosen.")
