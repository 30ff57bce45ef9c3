"""/metrics: who may read it, and that its numbers are what happened."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from apps.operations.breakers import FAILURES_TO_OPEN, CircuitBreaker
from apps.operations.jobs import add_job

pytestmark = pytest.mark.django_db


def numbers(answer) -> dict[tuple, float]:
    """Return each sample by its name and labels, as Prometheus reads them."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_this_machine_may_read_and_others_need_the_token(settings):
    settings.METRICS_TOKEN = "a token of the operators"

    def status(token: str = "", **sender) -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return Client().get("/metrics", headers=headers, **sender).status_code

    assert status() == 200
    assert status(REMOTE_ADDR="203.0.113.9") == 401
    assert status("wrong", REMOTE_ADDR="203.0.113.9") == 401
    assert status("a token of the operators", REMOTE_ADDR="203.0.113.9") == 200


def test_without_a_token_nobody_outside_reads(settings):
    settings.METRICS_TOKEN = ""
    headers = {"Authorization": "Bearer "}

    answer = Client().get("/metrics", headers=headers, REMOTE_ADDR="203.0.113.9")

    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize(("proxies", "status"), [(0, 401), (1, 401)])
def test_a_visitor_behind_a_proxy_of_this_machine_is_not_this_machine(settings, proxies, status):
    settings.TRUSTED_PROXIES = proxies

    answer = Client().get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})

    assert answer.status_code == status


def test_answers_are_counted_by_view_and_status():
    client = Client()
    page = ("gilnun_http_responses_total", ("method", "GET"), ("status", "200"))
    key = (*page, ("view", "guide:route_list"))
    before = numbers(client.get("/metrics")).get(key, 0)

    client.get("/routes/")
    client.get("/routes/")

    assert numbers(client.get("/metrics"))[key] == before + 2


def test_an_unknown_address_adds_no_series_of_its_own():
    client = Client()
    client.get("/no-such-place-1/")
    first = numbers(client.get("/metrics")).keys()
    client.get("/no-such-place-2/")

    assert numbers(client.get("/metrics")).keys() == first


def test_jobs_that_wait_are_shown_with_their_age():
    add_job(task="tests.nobody.does_this", subject=1, at=timezone.now() - timedelta(minutes=5))

    found = numbers(Client().get("/metrics"))

    task = ("task", "tests.nobody.does_this")
    assert found["gilnun_jobs_waiting", task] == 1
    assert 300 <= found["gilnun_job_oldest_seconds", task] < 330


def test_an_open_breaker_is_seen_whichever_process_opened_it():
    def shown() -> float:
        return numbers(Client().get("/metrics"))["gilnun_model_server_breaker_open",]

    for _ in range(FAILURES_TO_OPEN):
        CircuitBreaker("model_server").failed()
    opened = shown()
    CircuitBreaker("model_server").succeeded()

    assert (opened, shown()) == (1, 0)


@pytest.mark.slow
def test_the_processes_of_a_portal_count_together(running_portal):
    import httpx

    key = (
        "gilnun_http_responses_total",
        ("method", "GET"),
        ("status", "200"),
        ("view", "guide:route_list"),
    )

    def count() -> float:
        return numbers(Reply(httpx.get(f"{running_portal.address}/metrics").content)).get(key, 0)

    before = count()
    for _ in range(20):
        # A new connection each time, so that both processes answer.
        httpx.get(f"{running_portal.address}/routes/").raise_for_status()

    assert count() == before + 20


class Reply:
    def __init__(self, content: bytes):
        self.content = content
