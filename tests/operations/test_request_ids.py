"""One id for a request, its answer and the lines of the log."""

import logging

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

pytestmark = pytest.mark.django_db
REFUSED = "/api/v1/landmarks/?bbox=1"


def test_an_answer_carries_the_callers_id_and_so_does_its_problem(client):
    answer = client.get(REFUSED, headers={"X-Request-ID": "order-17.a"})

    assert answer["X-Request-ID"] == answer.json()["request_id"] == "order-17.a"


@pytest.mark.parametrize("chosen", ["", "two words", "x" * 65, "new\x0bline", "한글"])
def test_an_id_that_could_forge_a_line_is_replaced(client, chosen):
    first, second = (client.get(REFUSED, headers={"X-Request-ID": chosen}) for _ in range(2))

    assert first["X-Request-ID"] not in (chosen, second["X-Request-ID"])
    assert first["X-Request-ID"] == first.json()["request_id"]


def test_pages_have_an_id_too(client):
    assert client.get("/healthz")["X-Request-ID"]


def test_the_log_knows_the_id_of_a_refused_request_and_not_its_query(client):
    lines = []
    name_request = import_string(settings.LOGGING["filters"]["request"]["()"])
    handler = logging.Handler()
    handler.addFilter(name_request())
    handler.setFormatter(logging.Formatter(settings.LOGGING["formatters"]["line"]["format"]))
    handler.emit = lambda record: lines.append(handler.format(record))
    logging.getLogger().addHandler(handler)
    try:
        client.get(f"{REFUSED}&secret=1", headers={"X-Request-ID": "order-18"})
    finally:
        logging.getLogger().removeHandler(handler)

    (line,) = [line for line in lines if "order-18" in line]
    assert "GET /api/v1/landmarks/: 400" in line
    assert "secret" not in "".join(lines)
    assert settings.LOGGING["handlers"]["stderr"]["filters"] == ["request"]
