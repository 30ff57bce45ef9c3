"""A visitor looks for places on the map, at a desk and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SEOUL = {"latitude": 37.5759, "longitude": 126.9768}
READY = "[data-part=list][aria-busy=false]"
BUSY = "[data-part=list][aria-busy=true]"
DEVICES = pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])


def signs(page: Page):
    return page.locator(".map-sign")


@DEVICES
def test_from_a_cluster_to_a_place(open_browser, device):
    page = open_browser("/en/map/", **device)
    page.locator(READY).wait_for()
    total = page.locator("[data-part=count]").inner_text()

    # A sign of many comes closer until the places stand alone.
    for _ in range(8):
        if page.locator(".map-place").count() and signs(page).count() <= 6:
            break
        page.locator(".map-sign-many").first.click()
        page.locator(BUSY).wait_for()
        page.locator(READY).wait_for()
    assert page.locator("[data-part=count]").inner_text() != total
    assert "bbox=" in page.url
    page.locator(".map-place h3 a").first.click()

    expect(page.locator("[data-landmark-page]")).to_be_visible()


def test_the_list_leads_the_map(open_browser):
    page = open_browser("/map/")
    page.locator(READY).wait_for()
    page.get_by_role("link", name=re.compile("^서울특별시")).click()
    expect(page.locator(".map-place").first).to_be_visible()
    # Whoever uses a keyboard is still in the list.
    expect(page.locator("[data-part=count]")).to_be_focused()

    place = page.locator(".map-place").nth(1)
    place.locator("h3 a").focus()

    expect(page.locator(".map-ring")).to_have_count(1)
    name = place.locator("h3").inner_text()
    expect(page.get_by_role("tooltip", name=name, exact=True)).to_be_visible()


def test_a_part_of_the_map_has_an_address(open_browser):
    page = open_browser("/map/?bbox=126.95,37.55,127.01,37.60")
    page.locator(READY).wait_for()
    listed = page.locator("[data-part=count]").inner_text()
    page.get_by_role("button", name="축소").click()
    expect(page.locator("[data-part=count]")).not_to_have_text(listed)

    page.reload()
    page.locator(READY).wait_for()

    assert "bbox=" in page.url
    assert page.locator("[data-part=count]").inner_text() != listed


@DEVICES
def test_near_me_asks_and_keeps_a_radius(open_browser, device):
    page = open_browser("/en/map/", geolocation=SEOUL, permissions=["geolocation"], **device)
    page.get_by_role("button", name="Near me").click()
    page.wait_for_url("**near=37.5759%2C126.9768**")
    page.locator(READY).wait_for()
    expect(page.locator(".map-here")).to_be_visible()
    five = page.locator(".map-place").count()

    page.get_by_label("How far").select_option("1000")
    page.wait_for_url("**radius_m=1000**")
    page.locator(READY).wait_for()

    assert 0 < page.locator(".map-place").count() < five
    expect(page.locator(".map-place p").first).to_contain_text(re.compile(r"^\d+ m"))


def test_a_position_that_is_not_given_is_said(open_browser):
    page = open_browser("/en/map/", permissions=[])

    page.get_by_role("button", name="Near me").click()

    expect(page.get_by_text("Your browser does not give your position")).to_be_visible()


def test_a_broken_line_is_said_and_the_map_goes_on(open_browser):
    page = open_browser("/en/map/")
    page.locator(READY).wait_for()
    page.route("**/map/points/**", lambda route: route.abort(), times=1)

    page.get_by_role("button", name="Closer").click()
    expect(page.get_by_text("The places could not be fetched.")).to_be_visible()
    page.get_by_role("button", name="Closer").click()

    expect(page.get_by_text("The places could not be fetched.")).to_be_hidden()


def test_the_list_works_without_script(open_browser):
    page = open_browser("/en/map/", java_script_enabled=False)
    page.get_by_role("link", name=re.compile("^Jeju")).click()

    expect(page.locator("[data-landmark=manjanggul]")).to_be_visible()
    page.get_by_label("Kind").select_option("beach")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("[data-landmark=manjanggul]")).to_have_count(0)
    assert "region=KR-49" in page.url
