"""The API's documentation in a browser, under the portal's own security policy."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_documentation_shows_and_tries_an_operation(open_browser, scheme):
    # Faults of the page, also of its policy, and requests to other hosts fail in open_browser.
    page = open_browser("/api/v1/docs/", color_scheme=scheme)

    page.locator("#operations-categories-categories_list .opblock-summary-control").first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    answer = page.locator(".live-responses-table tbody .response-col_status").first

    assert answer.inner_text().startswith("200")
