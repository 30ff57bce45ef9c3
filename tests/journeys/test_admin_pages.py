"""The admin's pages are for everybody: axe looks at them, light and dark."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.catalogue.lists import csv_of
from tests.journeys.test_annotator import AXE
from tests.journeys.test_catalogue_import import HEADER, send
from tests.journeys.test_content_manager import choose
from tests.journeys.test_publishing import LIST, places, tick  # noqa: F401
from tests.running import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def faults(page: Page) -> list[tuple[str, list]]:
    """Return what axe calls serious or critical on a page, and where."""
    page.wait_for_load_state()
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document).then((result) => result.violations)")
    return [
        (fault["id"], [node["target"] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


@pytest.fixture(params=["light", "dark"])
def admin(request, open_browser, running_portal: Portal) -> Page:
    page = open_browser("/admin/login/?next=/admin/", color_scheme=request.param)
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", running_portal.password)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")
    dark = "document.documentElement.classList.contains('dark')"
    assert page.evaluate(dark) is (request.param == "dark")
    return page


def test_dashboard_list_and_forms(admin, places):  # noqa: F811
    found = {"dashboard": faults(admin)}
    number = places("하나")
    admin.goto(f"{LIST}?q={number}")
    found["list"] = faults(admin)
    admin.get_by_role("link", name=f"하나 {number}").click()
    expect(admin.locator("place-picker .leaflet-marker-pane img")).to_be_attached()
    found["form"] = faults(admin)
    admin.goto("/annotate/exports/")
    found["exports"] = faults(admin)

    assert {path: each for path, each in found.items() if each} == {}


def test_what_many_entries_would_become(admin, places):  # noqa: F811
    number = places("하나", "둘")
    tick(admin, number, "change_selected")
    choose(admin, "category", "궁궐")
    admin.get_by_role("button", name="미리보기").click()
    expect(admin.locator("section.admin-card")).to_have_count(2)
    found = {"bulk": faults(admin)}
    tick(admin, number, "merge_selected")
    expect(admin.locator(".admin-list")).to_be_visible()
    found["merge"] = faults(admin)

    assert {path: each for path, each in found.items() if each} == {}


def test_the_second_of_two_editors(admin, places):  # noqa: F811
    number = places("하나")
    admin.goto(f"{LIST}?q={number}")
    admin.get_by_role("link", name=f"하나 {number}").click()
    other = admin.context.new_page()
    other.goto(admin.url)
    other.fill("#id_address", "먼저 쓴 주소")
    other.locator("button[name=_continue]").click()
    expect(other.get_by_text("성공적으로")).to_be_visible()
    admin.fill("#id_address", "나중에 쓴 주소")
    admin.locator("button[name=_continue]").click()
    expect(admin.locator(".admin-compare")).to_contain_text("먼저 쓴 주소")

    assert not faults(admin)


def test_a_list_before_it_is_imported(admin, tmp_path):
    names = [f"누각 {uuid.uuid4().hex[:10]}" for _ in range(2)]
    path = tmp_path / "list.csv"
    rows = [[name, "문화유산", "서울", "중구", "37.56", "126.97", ""] for name in names]
    path.write_bytes(csv_of(*rows, ["", *rows[0][1:]], header=HEADER))
    admin.goto("/admin/catalogue/catalogueimport/add/")
    send(admin, path)

    assert not faults(admin)
