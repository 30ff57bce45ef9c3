"""A content manager makes a landmark, a text goes to the public, a mistake is taken back."""

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture
def admin(open_browser, running_portal) -> Page:
    page = open_browser("/admin/login/?next=/admin/catalogue/landmark/add/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", running_portal.password)
    page.press("[name=password]", "Enter")
    expect(page.locator("place-picker .leaflet-marker-pane")).to_be_attached()
    return page


def choose(page: Page, field: str, text: str) -> None:
    """Choose from a list that searches while one types."""
    page.locator(f"#id_{field} + .select2").click()
    page.locator(".select2-search__field").last.fill(text)
    page.locator(".select2-results__option", has_text=re.compile(rf"{text}$")).first.click()


def fill_name(page: Page, number: int, language: str, text: str) -> None:
    page.select_option(f"#id_names-{number}-language", language, force=True)
    page.fill(f"#id_names-{number}-text", text)


def paste_position(page: Page, text: str) -> None:
    page.locator("#id_latitude").scroll_into_view_if_needed()
    page.evaluate(
        """(text) => {
            const data = new DataTransfer();
            data.setData("text", text);
            const paste = new ClipboardEvent("paste", { clipboardData: data, cancelable: true });
            document.getElementById("id_latitude").dispatchEvent(paste);
        }""",
        text,
    )


def test_a_landmark_is_placed_on_the_map_published_and_put_back(admin, running_portal):
    page = admin
    # The portal of the tests keeps its data between runs.
    slug = f"gate-{uuid.uuid4().hex[:12]}"
    page.fill("#id_slug", slug)
    choose(page, "category", "궁궐")
    choose(page, "region", "서울특별시 중구")
    page.fill("#id_source", "journey")
    paste_position(page, "37.5600, 126.9753")
    said = page.locator("place-picker p")
    expect(said).to_have_text("서울특별시 중구")
    expect(page.locator("#id_longitude")).to_have_value("126.975300")
    page.locator("place-picker > div").click(position={"x": 20, "y": 200})
    assert page.input_value("#id_longitude") != "126.975300"
    page.fill("#id_latitude", "35.1000")
    page.fill("#id_longitude", "129.0000")
    expect(said).to_have_class("admin-error")
    page.fill("#id_latitude", "37.5600")
    page.fill("#id_longitude", "126.9753")
    expect(said).not_to_have_class("admin-error")
    fill_name(page, 0, "ko", "새 문")
    page.keyboard.press("Control+s")
    page.wait_for_url(re.compile(r"/landmark/\d+/change/"))
    key = re.search(r"/(\d+)/change/", page.url)[1]

    page.fill("#id_address", "틀린 주소")
    page.select_option("#id_state", "published", force=True)
    page.locator("button[name=_continue]").click()
    page.goto(f"/admin/catalogue/landmark/{key}/history/")
    expect(page.locator("td", has_text="틀린 주소")).to_be_visible()
    assert page.request.get(f"/landmarks/{slug}/").status == 200

    page.locator("section", has_text="틀린 주소").locator("button").click()
    page.wait_for_url(re.compile("/history/"))
    assert page.request.get(f"/landmarks/{slug}/").status == 404


def test_typed_coordinates_bring_the_map_as_near_as_pasted_ones(admin):
    zoom = "document.querySelector('place-picker').map.getZoom()"
    assert admin.evaluate(zoom) < 10
    admin.fill("#id_latitude", "37.5600")
    admin.fill("#id_longitude", "126.9753")
    assert admin.evaluate(zoom) < 10

    admin.press("#id_longitude", "Tab")

    admin.wait_for_function(f"{zoom} === 14")
    expect(admin.locator("place-picker p")).to_have_text("서울특별시 중구")
