"""A manager hands work out and takes it back, people practise, and two look at one image."""

from __future__ import annotations

import csv
import uuid

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import PHONE
from tests.journeys.test_annotator import (  # noqa: F401
    AXE,
    PASSWORD,
    Bench,
    box,
    drag,
    image_shown,
    pictures,
    sign_in,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_manager_takes_a_task_back_while_its_page_is_open(
    running_portal,
    sign_in,  # noqa: F811
    pictures,  # noqa: F811
):
    bench = Bench(running_portal, pictures)
    colleague = f"colleague-{uuid.uuid4().hex[:8]}"
    running_portal.manage("create_user", colleague, "--role", "annotator", "--password", PASSWORD)
    page = sign_in(bench.annotator)
    image_shown(page, 3000, 2000)
    drag(page, (600, 600), (1200, 1200))
    page.keyboard.press("2")

    manager = sign_in(bench.reviewer, f"/annotate/datasets/{bench.dataset}/")
    manager.locator("#new-person").select_option(label=colleague)
    manager.get_by_role("button", name="작업에 참여시키기").click()
    held = manager.locator(".task-grid label", has_text="작업 중")
    expect(held).to_contain_text(bench.annotator)
    held.locator("input").check()
    manager.locator(".task-actions [name=person]").select_option(label=colleague)
    manager.get_by_role("button", name="이 사람에게 맡기기").click()
    expect(manager.locator(".messages")).to_contain_text("작업 1개를 바꾸었습니다.")

    # What was drawn is not lost without a word: the page says so and goes on.
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=notice]")).to_contain_text("다른 사람에게 갔습니다")
    image_shown(page, 1200, 1600)
    other = sign_in(colleague)
    image_shown(other, 3000, 2000)
    assert box(other) is None


def test_practice_shows_the_right_answer_before_the_next_image(
    running_portal,
    sign_in,  # noqa: F811
    pictures,  # noqa: F811
):
    manifest = pictures.parent / "manifest.csv"
    with manifest.open("w", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow("file x y width height truncated occluded reflection none_of_these".split())
        for name in ("1-large.jpg", "2-portrait.jpg", "3-small.jpg"):
            rows.writerow([f"pictures/{name}", 20, 30, 200, 150, 0, 1, 0, 0])
    bench = Bench(running_portal, pictures, "--practice", "--manifest", str(manifest))
    page = sign_in(bench.annotator, f"/annotate/?dataset={bench.dataset}")
    expect(page.locator("[data-part=practice]")).to_have_text("연습: 1번째(전체 3개)")
    expect(page.locator("[data-part=loading]")).to_be_hidden()

    page.keyboard.press("b")
    page.keyboard.press("4")
    page.keyboard.press("Enter")

    result = page.locator("[data-part=result]")
    expect(result).to_contain_text("% 겹칩니다.")
    expect(result).to_contain_text("맞는 태그: 대상체가 가려진 경우")
    right = page.locator("[data-part=others] rect")
    assert [right.get_attribute(name) for name in ("x", "y", "width", "height")] == [
        "20",
        "30",
        "200",
        "150",
    ]
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=practice]")).to_have_text("연습: 2번째(전체 3개)")
    expect(result).to_be_hidden()
    expect(right).to_have_count(0)


def test_a_reviewer_sees_what_two_people_say_and_what_changed(
    running_portal,
    sign_in,  # noqa: F811
    pictures,  # noqa: F811
):
    bench = Bench(running_portal, pictures, "--redundancy", "2", "--no-review")
    second = Bench(running_portal, pictures)
    manager = sign_in(bench.reviewer, f"/annotate/datasets/{bench.dataset}/")
    manager.locator("#new-person").select_option(label=second.annotator)
    manager.get_by_role("button", name="작업에 참여시키기").click()
    expect(manager.locator("table")).to_contain_text(second.annotator)
    path = f"/annotate/?dataset={bench.dataset}"
    for name, end, tag in ((bench.annotator, 1600, "1"), (second.annotator, 900, "2")):
        page = sign_in(name, path)
        for width, height in ((3000, 2000), (1200, 1600), (400, 300)):
            image_shown(page, width, height)
            if width == 3000:
                drag(page, (600, 600), (end, end))
                page.keyboard.press(tag)
            else:
                page.keyboard.press("b")
                page.keyboard.press("4")
            page.keyboard.press("Enter")

    review = sign_in(bench.reviewer, f"/annotate/review/?dataset={bench.dataset}")
    image_shown(review, 3000, 2000)
    others = review.locator("[data-part=opinions] li")
    expect(others).to_contain_text(second.annotator)
    expect(others).to_contain_text("다른 태그: 대상체가 가려진 경우")
    expect(review.locator("g[data-part=others] rect")).to_have_count(1)
    review.get_by_role("button", name="박스가 너무 작습니다").click()
    review.keyboard.press("Enter")
    # The other one of the two waits as well; where people agree, nobody has to look.
    expect(others).to_have_count(0)
    image_shown(review, 3000, 2000)
    expect(review.locator("svg[data-editor]")).to_be_focused()
    expect(review.locator("[data-part=history] li")).to_have_count(1)
    review.keyboard.press("Enter")
    expect(review.locator("[data-part=empty]")).to_be_visible()

    page = sign_in(bench.annotator, path)
    image_shown(page, 3000, 2000)
    expect(page.locator("[data-part=notice]")).to_contain_text("박스가 너무 작습니다")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=empty]")).to_be_visible()
    review.locator("[data-tool=look]").click()
    expect(review.locator("[data-part=history] li")).to_have_count(3)
    expect(review.locator("[data-part=history] li").last).to_contain_text("→")


PAGES = ["/annotate/datasets/", "/annotate/skipped/", "/annotate/numbers/", "/annotate/guide/"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_a_managers_pages(
    running_portal,
    sign_in,  # noqa: F811
    pictures,  # noqa: F811
    scheme,
):
    bench = Bench(running_portal, pictures)
    page = sign_in(bench.reviewer, PAGES[0], color_scheme=scheme)
    serious = []
    for path in [*PAGES, f"/annotate/datasets/{bench.dataset}/"]:
        page.goto(path)
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document).then((result) => result.violations)")
        serious += [
            (path, fault["id"], [node["target"] for node in fault["nodes"]])
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]

    assert not serious


def test_no_page_is_wider_than_a_phone(
    running_portal,
    sign_in,  # noqa: F811
    pictures,  # noqa: F811
):
    bench = Bench(running_portal, pictures)
    page = sign_in(bench.reviewer, PAGES[0], **PHONE)

    for path in [*PAGES, f"/annotate/datasets/{bench.dataset}/", "/annotate/review/"]:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
