"""No page needs more than the one strict policy: nothing inside a page runs or styles it.

A browser writes what a policy refuses to its console, and `open_browser` fails on that.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.running import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.S9]
PUBLIC = ["/", "/en/", "/landmarks/?q=궁", "/landmarks/sungnyemun/", "/map/", "/routes/"]
PUBLIC += ["/recognize/", "/en/privacy/", "/accounts/login/", "/api/v1/docs/", "/nowhere/"]
STAFF = ["/annotate/", "/annotate/review/", "/annotate/exports/", "/admin/"]
# Entries of these have lists that are searched, a map, rows to sort, a text, JSON, or a gap.
STAFF += [f"/admin/{name}/" for name in ("catalogue/landmark", "catalogue/category", "guide/route")]
STAFF += [f"/admin/{name}/" for name in ("guide/article", "recognition/referenceindex")]
STAFF += ["/admin/operations/auditentry/", "/admin/catalogue/catalogueimport/add/"]


@pytest.fixture
def admin(open_browser, running_portal: Portal) -> Page:
    page = open_browser("/admin/login/?next=/admin/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", running_portal.password)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")
    return page


def policy_of(page: Page, path: str) -> str:
    """Go to a page and wait until its scripts have begun; return its policy."""
    answer = page.goto(path, wait_until="load")
    assert answer.status < 500, path
    return answer.headers["content-security-policy"]


def refused_inside(page: Page) -> list[str]:
    """Return what the browser refuses on this page: proof that it enforces the policy."""
    return page.evaluate(
        """() => new Promise((resolve) => {
          const refused = [];
          document.addEventListener("securitypolicyviolation", (event) => {
            refused.push(event.effectiveDirective);
            if (event.effectiveDirective === "script-src") resolve(refused);
          });
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.body.append(script);
          document.body.append(document.createElement("style"));
          document.body.lastChild.textContent = "body { color: red }";
          // Afterwards: what a test itself evaluates may do more than a page.
          setTimeout(() => { try { new Function("return 1")(); } catch { /* as it should be */ } });
        })"""
    )


def test_public_pages(open_browser):
    page = open_browser("/")

    for path in PUBLIC:
        assert "unsafe" not in policy_of(page, path), path


def test_pages_of_annotators_and_the_admins_lists_and_forms(admin):
    for path in STAFF:
        assert "unsafe" not in policy_of(admin, path), path
        entry = admin.locator("#result_list a[href*='/change/']").first
        if entry.count():
            assert "unsafe" not in policy_of(admin, entry.get_attribute("href")), path


def test_the_themes_own_parts_work_without_evaluating_text(admin):
    admin.goto("/admin/catalogue/landmark/")
    admin.locator("#result_list .action-select").first.check()
    admin.locator("#changelist a").filter(has_text="필터").first.click()
    admin.keyboard.press("Escape")
    bar = admin.locator("#changelist-actions")
    assert bar.evaluate("bar => parseInt(bar.style.width)") > 200

    search = admin.locator("#nav-filter")
    search.fill("랜드")
    # What looks for entries listens to keys.
    search.press("End")
    expect(admin.locator("#search-results a").first).to_be_visible()
    search.press("Escape")
    expect(search).to_have_value("")
    expect(admin.locator("#search-results")).not_to_be_visible()

    toggle = admin.locator("[x-on\\:click^=sidebarDesktopOpen]")
    toggle.click()
    assert admin.evaluate("localStorage.getItem('sidebarDesktopOpen')") == "0"
    admin.reload()
    expect(admin.locator("#nav-sidebar")).not_to_be_visible()
    toggle.click()
    expect(admin.locator("#nav-sidebar")).to_be_visible()


def test_the_browser_refuses_what_stands_inside_a_page(browser, running_portal):
    with browser.new_context(base_url=running_portal.address) as context:
        page = context.new_page()
        page.goto("/admin/login/")

        assert sorted(set(refused_inside(page))) == [
            "script-src",
            "script-src-elem",
            "style-src-elem",
        ]
        assert page.evaluate("window.ran") is None
