"""Pictures and a ZIP, dragged into a dataset by the admin."""

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.annotation.sources.test_files import packed
from tests.annotation.test_pictures import encoded

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def page(open_browser, running_portal, tmp_path) -> Page:
    folder = tmp_path / "first"
    folder.mkdir()
    (folder / "1.jpg").write_bytes(encoded())
    name = f"uploads {uuid.uuid4().hex[:8]}"
    made = running_portal.manage("create_dataset", name, "--images", str(folder))
    page = open_browser(f"/admin/login/?next=/admin/annotation/dataset/{made['id']}/pictures/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", running_portal.password)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/pictures/")
    return page


def test_pictures_and_a_zip_are_taken_in_with_progress_and_a_report(page, tmp_path):
    number = uuid.uuid4().int % 1000
    (tmp_path / "a.jpg").write_bytes(encoded(size=(500 + number, 300)))
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    members = {f"{size}.jpg": encoded(size=(400, 2000 + size + number)) for size in range(3)}
    (tmp_path / "c.zip").write_bytes(packed(members | {"note.txt": b"x"}).getvalue())
    page.select_option("[name=license]", label="Own photos of this installation")

    page.set_input_files("[name=photo]", [tmp_path / name for name in ("a.jpg", "b.jpg", "c.zip")])
    page.locator("photo-drop button.admin-button").click()

    answers = page.locator("photo-drop ul li")
    expect(answers.nth(0)).to_have_text("a.jpg: 저장했습니다.")
    expect(answers.nth(1)).to_have_class("admin-error")
    expect(answers.nth(2)).to_contain_text("가져오기를 시작했습니다")

    answers.nth(2).get_by_role("link").click()
    expect(page.locator("import-progress")).to_have_text(
        re.compile("완료: 파일 4개, 거절 1개"), timeout=60_000
    )
    page.reload()
    with page.expect_download() as report:
        page.locator("a[href$='/report.csv']").click()
    assert "note.txt,unsupported_type" in report.value.path().read_text(encoding="utf-8-sig")
