"""Five photos in the admin → a sixth finds the place within a minute, without training."""

from __future__ import annotations

import time
import uuid

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import PHONE
from tests.journeys.test_tourist_photo import expect_first
from tests.pictures import encoded
from tests.recognition.test_choosing import view

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KEY = """
import json
from apps.catalogue.models import Landmark
print(json.dumps(Landmark.objects.get(slug={slug!r}).pk))
"""
FORGET = """
import json
from apps.catalogue.models import Landmark
from apps.recognition.joining import ask_now
Landmark.objects.filter(slug={slug!r}).delete()
print(json.dumps(ask_now()))
"""


@pytest.fixture
def place(running_portal, tmp_path):
    """A published landmark that recognition has never seen; yields its key and slug."""
    slug = f"arcade-{uuid.uuid4().hex[:8]}"
    rows = tmp_path / "places.csv"
    rows.write_text(
        "name_ko,name_en,category,region1,region2,address,latitude,longitude,source,slug\n"
        f"아케이드 {slug[-8:]},,문화유산,서울특별시,종로구,종로 1,37.57,126.98,test,{slug}\n"
    )
    running_portal.manage("import_landmarks", str(rows), "--publish")
    key = running_portal.manage("shell", "-c", KEY.format(slug=slug))
    yield key, slug
    running_portal.manage("shell", "-c", FORGET.format(slug=slug))


def test_a_landmark_added_with_five_photos_is_found_by_a_sixth(
    running_portal, open_browser, place, tmp_path
):
    key, slug = place
    files = []
    for seed in range(6):
        files.append(tmp_path / f"{seed}.jpg")
        files[-1].write_bytes(encoded(view(seed), quality=95))
    page = open_browser(f"/admin/login/?next=/admin/catalogue/landmark/{key}/change/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", running_portal.password)
    page.press("[name=password]", "Enter")
    page.locator("a[href$='/photos/']").click()
    page.select_option("[name=license]", label="Own photos of this installation")
    page.set_input_files("[name=photo]", files[:5])
    page.locator("photo-drop button.admin-button").click()
    expect(page.locator("photo-drop ul li", has_text="저장했습니다")).to_have_count(5)
    page.get_by_role("link", name="랜드마크로 돌아가기").click()
    page.locator("a[href*='/referencechoice/landmark/']").click()
    expect(page.locator("[name=photo]")).to_have_count(5)
    for box in page.locator("[name=photo]").all():
        box.check()

    saved = time.monotonic()
    page.get_by_role("button", name="확인하고 기준 사진으로 쓰기").click()
    # Patterns as busy as these draw pictures of other places to themselves: the page says how
    # many, and the curator decides.
    held = page.locator("[data-choice=held]")
    expect(held).to_contain_text("다른 명소의 사진이 이 명소로 잘못 인식됩니다.", timeout=60_000)
    expect(held.get_by_role("row", name="… 이 사진들과 함께")).to_contain_text("/ 96")
    page.get_by_role("button", name="그래도 쓰기").click()
    expect(page.locator("[data-choice=live]")).to_be_visible()
    tourist = open_browser("/", **PHONE)
    tourist.set_input_files("#photo-camera", files[5])
    expect_first(tourist, slug)

    assert time.monotonic() - saved < 60
