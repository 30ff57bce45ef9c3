import pytest
from django.core.cache import caches
from django.db import OperationalError, connection
from django.test import Client

from portal import checks

pytestmark = pytest.mark.django_db


def test_healthz_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Client().get("/healthz").status_code == 200


def test_readyz_names_every_part():
    answer = Client().get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "degraded",
        "database": "ok",
        "model_server": "unknown",
        "queue": "ok",
        "model": None,
    }


def test_readyz_is_503_without_the_database(monkeypatch):
    def away(*arguments):
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", away)

    answer = Client().get("/readyz")

    assert (answer.status_code, answer.json()["database"]) == (503, "unavailable")


@pytest.mark.R6
@pytest.mark.parametrize(("path", "words"), [("/", "잠시"), ("/en/", "moment")])
def test_a_page_without_the_database_is_a_kind_503(monkeypatch, path, words):
    def away(*arguments, **options):
        raise OperationalError("connection refused")

    # What another test let be kept is answered without the database.
    caches["pages"].clear()
    monkeypatch.setattr(connection, "cursor", away)

    answer = Client().get(path)

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert words in answer.content.decode()


@pytest.mark.parametrize("path", ["/admin/", "/annotate/api/claim"])
def test_a_session_that_cannot_be_read_is_a_503_too(monkeypatch, admin_client, path):
    def away(*arguments, **options):
        raise OperationalError("the database system is not yet accepting connections")

    monkeypatch.setattr("apps.accounts.sessions.fetch_one", away)
    # Middleware reads it, so that the exception passes no view.
    monkeypatch.setattr(admin_client, "raise_request_exception", False)

    answer = admin_client.post(path, {}, content_type="application/json")

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"


def test_the_check_of_hangul_passes_here_and_says_what_to_do_elsewhere(monkeypatch):
    assert checks.hangul_has_trigrams(None, databases=["default"]) == []

    class NoTrigrams:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def execute(self, statement):
            self.answer = 0 if "show_trgm" in statement else 1

        def fetchone(self):
            return (self.answer,)

    monkeypatch.setattr(connection, "cursor", NoTrigrams)
    (problem,) = checks.hangul_has_trigrams(None, databases=["default"])
    assert "C.UTF-8" in problem.hint
