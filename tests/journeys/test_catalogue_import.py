"""A content manager imports a list with three bad rows, and mends them."""

import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.catalogue.lists import csv_of, rows_of

pytestmark = [pytest.mark.slow, pytest.mark.browser]
HEADER = ["명칭", "구분", "시도명", "시군구명", "위도", "경도", "비고"]


@pytest.fixture
def upload_page(open_browser, running_portal) -> Page:
    page = open_browser("/admin/login/?next=/admin/catalogue/catalogueimport/add/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", running_portal.password)
    page.press("[name=password]", "Enter")
    expect(page.locator("[name=file]")).to_be_attached()
    return page


def send(page: Page, path: Path) -> None:
    page.set_input_files("[name=file]", path)
    page.locator("form button", has_text="올리기").click()
    page.locator("button[value=check]").click()
    # The page comes to its preview by itself.
    expect(page.locator("button[value=confirm]")).to_be_visible(timeout=60_000)


def count(page: Page, kind: str) -> str:
    return page.locator(f".admin-tiles [href='?show={kind}'] strong").inner_text()


def test_a_list_with_three_bad_rows_is_imported_and_the_rows_are_mended(upload_page, tmp_path):
    page = upload_page
    # The portal of the tests keeps its data between runs.
    names = [f"누각 {uuid.uuid4().hex[:10]}" for _ in range(5)]
    good, place = ["문화유산", "서울", "중구"], ["37.5600", "126.9753", ""]
    rows = [
        [names[0], *good, *place],
        ["", *good, *place],
        [names[1], "문화유산", "화성", "", *place],
        [names[2], *good, "북위", "동경", ""],
        [names[3], *good, *place],
    ]
    path = tmp_path / "list.csv"
    path.write_bytes(csv_of(*rows, header=HEADER))
    send(page, path)

    assert (count(page, "created"), count(page, "refused")) == ("2", "3")
    said = page.locator("tr[data-outcome=refused]")
    expect(said).to_have_count(3)
    expect(said.nth(0)).to_contain_text("명칭 값이 비어 있습니다")
    expect(said.nth(1)).to_contain_text("'화성' 시도가 없습니다")
    expect(said.nth(2)).to_contain_text("둘 다 숫자이거나")
    page.locator("button[value=confirm]").click()
    report = page.locator("a[download]")
    expect(report).to_be_visible(timeout=60_000)

    with page.expect_download() as download:
        report.click()
    refused = rows_of(Path(download.value.path()).read_bytes())
    assert [row["줄"] for row in refused] == ["3", "4", "5"]
    mended = [
        [names[4], *good, *place],
        [names[1], *good, *place],
        [names[2], *good, *place],
    ]
    path.write_bytes(csv_of(*mended, header=HEADER))
    page.goto("/admin/catalogue/catalogueimport/add/")
    send(page, path)
    assert (count(page, "created"), count(page, "refused")) == ("3", "0")
    page.locator("button[value=confirm]").click()
    expect(page.locator(".admin-steps li").last).to_have_attribute(
        "aria-current", "step", timeout=60_000
    )

    page.goto(f"/admin/catalogue/landmark/?q={names[4]}")
    expect(page.locator("a", has_text=re.compile(names[4])).first).to_be_visible()
