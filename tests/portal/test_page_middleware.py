"""What programs ask passes by sessions and people; its answers keep the headers of all others."""

import pytest

pytestmark = pytest.mark.django_db


def directives(policy: str) -> set[str]:
    return {part.strip() for part in policy.split(";")}


def test_a_program_passes_what_only_pages_need(client, django_assert_num_queries):
    client.cookies["sessionid"] = "a" * 32

    # The use of the address, and the list.
    with django_assert_num_queries(2):
        answer = client.get("/api/v1/landmarks/", headers={"Accept-Language": "en"})

    assert answer["Content-Language"] == "en"
    assert answer["Vary"] == "Accept, Accept-Language"
    assert not answer.cookies
    assert {"default-src 'self'", "frame-ancestors 'none'"} <= directives(
        answer["Content-Security-Policy"]
    )
    for header in ("X-Content-Type-Options", "X-Frame-Options", "X-Request-ID", "RateLimit"):
        assert header in answer


def test_the_page_that_shows_the_document_is_a_page(client):
    page = client.get("/api/v1/docs/")

    assert page.status_code == 200
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert page.wsgi_request.user.is_anonymous
