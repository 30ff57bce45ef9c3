"""A visitor puts a route together and takes it along."""

from __future__ import annotations

import gpxpy
from icalendar import Calendar
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE

SEOUL = {"latitude": 37.5759, "longitude": 126.9768}


def stops(page: Page) -> list[str]:
    page.locator(".stop").first.wait_for()
    return page.locator(".stop").evaluate_all("all => all.map(each => each.dataset.landmark)")


def test_a_place_is_added_to_the_last_route_from_its_own_page(open_browser):
    page = open_browser("/en/landmarks/manjanggul/", **PHONE)
    expect(page.locator("my-route")).to_be_hidden()
    page.get_by_role("link", name="Begin a route with this place").click()
    page.goto("/en/landmarks/udo/")
    page.get_by_role("link", name="Add to my route").click()

    assert sorted(stops(page)) == ["manjanggul", "udo"]
    page.goto("/landmarks/udo/")
    page.get_by_role("link", name="내 경로 보기").click()
    assert sorted(stops(page)) == ["manjanggul", "udo"]
    page.goto("/en/routes/plan/")
    page.get_by_role("link", name="Go on with my last route").click()
    assert sorted(stops(page)) == ["manjanggul", "udo"]


def test_a_route_grows_from_a_place_and_is_downloaded(open_browser):
    page = open_browser("/en/landmarks/manjanggul/", **PHONE)
    page.get_by_role("link", name="Begin a route with this place").click()
    for name in ("Seongsan", "비자림"):
        page.get_by_label("Name of a place").fill(name)
        page.get_by_role("button", name="Search").click()
        page.locator(".plan-hits a").first.click()

    # The shortest way begins or ends at the crater, which lies farthest east.
    assert stops(page) == ["manjanggul", "bijarim", "seongsan-ilchulbong"]
    expect(page.locator(".sketch-pin")).to_have_count(3)
    with page.expect_download() as download:
        page.get_by_role("link", name="GPX").click()
    read = gpxpy.parse(download.value.path().read_text(encoding="utf-8"))
    assert len(read.routes[0].points) == 3
    page.get_by_label("Day").fill("2026-12-05")
    with page.expect_download() as download:
        page.get_by_role("button", name="Into my calendar").click()
    assert len(Calendar.from_ical(download.value.path().read_bytes()).walk("VEVENT")) == 3
    page.get_by_role("link", name="Take Bijarim Forest off").click()
    assert stops(page) == ["manjanggul", "seongsan-ilchulbong"]


def test_half_a_day_begins_where_the_visitor_stands(open_browser):
    page = open_browser("/routes/plan/", geolocation=SEOUL, permissions=["geolocation"])
    page.get_by_role("button", name="여기", exact=True).click()
    expect(page.locator("#near")).to_have_value("37.57590,126.97680")

    page.get_by_role("button", name="코스 만들기").click()

    assert len(stops(page)) >= 2
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your own route")
    assert len(stops(page)) >= 2


def test_a_position_that_is_not_given_is_said(open_browser):
    page = open_browser("/en/routes/plan/", permissions=[])
    page.get_by_role("button", name="Here").click()

    expect(page.get_by_text("Your position could not be found")).to_be_visible()
