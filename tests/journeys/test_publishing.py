"""An editor writes and a publisher decides; many entries change, merge and go back."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.catalogue.lists import csv_of
from tests.journeys.test_content_manager import choose, fill_name, paste_position
from tests.pictures import encoded, scene
from tests.running import Portal

pytestmark = [pytest.mark.slow, pytest.mark.browser]
PASSWORD = "a long password for tests"
LIST = "/admin/catalogue/landmark/"
TEXT = "새 문은 도성의 남쪽을 지키던 문이다. 돌로 쌓은 무지개 모양 문 위에 이층 누각이 서 있다."


class People(NamedTuple):
    editor: str
    publisher: str


@pytest.fixture(scope="module")
def people(running_portal: Portal) -> People:
    # The portal of the tests keeps its data between runs.
    number = uuid.uuid4().hex[:8]
    names = People(f"editor-{number}", f"publisher-{number}")
    for name, role in zip(names, ("content_editor", "publisher"), strict=True):
        running_portal.manage("create_user", name, "--role", role, "--password", PASSWORD)
    return names


@pytest.fixture
def sign_in(open_browser) -> Callable[[str, str], Page]:
    def signed_in(name: str, path: str) -> Page:
        page = open_browser(f"/admin/login/?next={path}")
        page.fill("[name=username]", name)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(f"**{path}")
        return page

    return signed_in


@pytest.fixture
def places(running_portal: Portal, tmp_path) -> Callable[..., str]:
    """Bring places into the catalogue; return what their slugs begin with."""

    def imported(*names: str) -> str:
        number = f"p{uuid.uuid4().hex[:10]}"
        header = ["slug", "name_ko", "category", "region1", "region2", "latitude", "longitude"]
        rows = [
            [f"{number}-{place}", f"{name} {number}", "문화유산", "서울", "중구", "37.56", "126.97"]
            for place, name in enumerate(names)
        ]
        path = tmp_path / "places.csv"
        path.write_bytes(csv_of(*rows, header=header))
        running_portal.manage("import_landmarks", str(path), "--publish")
        return number

    return imported


def tick(page: Page, search: str, action: str) -> None:
    """Find entries, tick all that the list shows, and begin an action."""
    page.goto(f"{LIST}?q={search}")
    page.locator("#action-toggle").check()
    page.select_option("[name=action]", action, force=True)
    page.get_by_role("button", name="실행").click()


def test_what_an_editor_writes_is_public_once_a_publisher_says_so(people, sign_in, tmp_path):
    slug = f"gate-{uuid.uuid4().hex[:12]}"
    page = sign_in(people.editor, f"{LIST}add/")
    page.fill("#id_slug", slug)
    choose(page, "category", "궁궐")
    choose(page, "region", "서울특별시 중구")
    page.fill("#id_source", "journey")
    paste_position(page, "37.5600, 126.9753")
    expect(page.locator("place-picker p")).to_have_text("서울특별시 중구")
    area = page.locator("place-picker > div")
    middle = area.bounding_box()
    area.click(position={"x": middle["width"] / 2 + 40, "y": middle["height"] / 2 + 10})
    expect(page.locator("#id_longitude")).not_to_have_value("126.975300")
    expect(page.locator("place-picker p")).not_to_have_class("admin-error")
    fill_name(page, 0, "ko", "새 남문")
    page.locator("button[name=_continue]").click()
    page.wait_for_url(re.compile(r"/landmark/\d+/change/"))
    entry = page.url

    page.get_by_role("link", name="더 올리기").click()
    for number in (1, 2):
        (tmp_path / f"{number}.jpg").write_bytes(encoded(scene("gate", uuid.uuid4().int + number)))
    page.select_option("#id_license", label="Creative Commons Attribution 4.0")
    page.fill("#id_credit", f"사진가 {slug}")
    for name, korean, english in (
        ("alt_texts", "돌문과 두 층 지붕", "A stone gate with two roofs"),
        ("captions", "남쪽에서 본 문", "The gate from the south"),
    ):
        page.fill(f"[name={name}_ko]", korean)
        page.fill(f"[name={name}_en]", english)
    page.set_input_files("[name=photo]", [tmp_path / "1.jpg", tmp_path / "2.jpg"])
    page.locator("photo-drop button.admin-button").click()
    stored = page.locator("photo-drop ul li", has_text="저장했습니다")
    expect(stored).to_have_count(2)

    page.goto(entry)
    page.get_by_role("link", name="모든 언어").click()
    title = f"도성의 남쪽 문 {slug}"
    page.fill("#id_ko-title", title)
    page.fill("#id_ko-body", TEXT)
    page.keyboard.press("Control+s")
    page.get_by_role("link", name="검토").first.click()
    expect(page.locator("button[value=publish]")).to_have_count(0)
    page.fill("[name=note]", "사진도 보아 주세요.")
    page.locator("button[value=review]").click()
    assert page.request.get(f"/landmarks/{slug}/").status == 404

    review = sign_in(people.publisher, "/admin/guide/article/?state__exact=in_review")
    review.get_by_role("link", name=title).click()
    review.get_by_role("link", name="검토").first.click()
    expect(review.locator("main, #main")).to_contain_text("사진도 보아 주세요.")
    review.locator("button[value=publish]").click()
    review.goto(entry)
    review.select_option("#id_state", "published", force=True)
    review.locator("button[name=_continue]").click()

    review.goto(f"/landmarks/{slug}/")
    expect(review.get_by_role("heading", level=1)).to_have_text("새 남문")
    expect(review.locator("main")).to_contain_text(TEXT)
    expect(review.locator(".landmark-picture figcaption")).to_contain_text(f"사진가 {slug}")
    expect(review.locator(".landmark-picture figcaption")).to_contain_text("남쪽에서 본 문")
    photo = review.locator(".landmark-picture img")
    expect(photo).to_have_attribute("alt", "돌문과 두 층 지붕")
    assert photo.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0


def test_many_entries_change_after_a_look_and_go_back(people, sign_in, places):
    number = places("하나", "둘", "셋")
    page = sign_in(people.editor, LIST)
    tick(page, number, "change_selected")
    choose(page, "category", "궁궐")
    page.get_by_role("button", name="미리보기").click()
    looked_at = page.locator("section.admin-card")
    expect(looked_at).to_have_count(3)
    expect(looked_at.first).to_contain_text("궁궐")
    assert "궁궐" not in page.request.get(f"/landmarks/{number}-0/").text()

    page.locator("button[name=apply]").click()

    undo = page.get_by_role("link", name="되돌리기")
    expect(undo).to_be_visible()
    assert "궁궐" in page.request.get(f"/landmarks/{number}-0/").text()
    undo.click()
    page.locator("form.admin-stack button").click()
    page.wait_for_url(f"**{LIST}")
    page.goto(f"{LIST}?q={number}")
    expect(page.locator(".field-category_name")).to_have_text(["문화유산"] * 3)


def test_two_entries_become_one_and_the_old_address_leads_on(people, sign_in, places):
    number = places("성당", "서울 성당")
    page = sign_in(people.editor, LIST)
    tick(page, number, "merge_selected")
    moves = page.locator(".admin-list")
    expect(moves).to_contain_text(f"서울 성당 {number}")
    expect(moves).to_contain_text(f"/landmarks/{number}-0/")
    assert page.request.get(f"/landmarks/{number}-1/").status == 200

    page.get_by_role("button", name="합치기").click()

    page.wait_for_url(re.compile(r"/landmark/\d+/change/"))
    answer = page.request.get(f"/landmarks/{number}-1/", max_redirects=0)
    assert answer.status == 301
    assert answer.headers["location"] == f"/landmarks/{number}-0/"
    page.goto(f"/landmarks/{number}-1/")
    expect(page.locator("main")).to_contain_text(f"서울 성당 {number}")


def test_one_change_is_taken_back_and_a_later_one_stays(people, sign_in, places):
    number = places("탑")
    page = sign_in(people.editor, f"{LIST}?q={number}")
    page.get_by_role("link", name=f"탑 {number}").click()
    for field, text in (("address", "틀린 주소"), ("phone", "02-123-4567")):
        page.fill(f"#id_{field}", text)
        page.locator("button[name=_continue]").click()
        expect(page.locator(f"#id_{field}")).to_have_value(text)
        expect(page.get_by_text("성공적으로")).to_be_visible()
    entry = page.url

    page.get_by_role("link", name="이력").click()
    change = page.locator("section.admin-card", has_text="틀린 주소")
    change.get_by_role("button", name="이 변경 되돌리기").click()

    expect(page.locator("section.admin-card", has_text="틀린 주소")).to_have_count(2)
    page.goto(entry)
    expect(page.locator("#id_address")).to_have_value("")
    expect(page.locator("#id_phone")).to_have_value("02-123-4567")
