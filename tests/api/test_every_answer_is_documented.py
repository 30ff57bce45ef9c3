"""Whatever one asks of the read addresses, the answer is one that the document promises."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from schemathesis import checks

from apps.api.full_files import make_full_files
from apps.partners.models import Scope
from apps.partners.services import create_api_key
from tests.factories.catalogue import LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory, RouteFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
checks.load_all_checks()
RESOURCES = ("landmarks", "categories", "regions", "licenses", "routes", "changes", "exports")
PROMISES = [
    checks.not_a_server_error,
    checks.CHECKS.get_one("status_code_conformance"),
    checks.CHECKS.get_one("content_type_conformance"),
    checks.CHECKS.get_one("response_schema_conformance"),
]
FEW = settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
OPERATIONS = (
    *("landmarks_list", "landmarks_retrieve", "categories_list", "regions_list"),
    *("licenses_list", "routes_list", "changes_list", "exports_list", "exports_retrieve"),
)


@pytest.fixture
def catalogue() -> None:
    landmark = LandmarkFactory(pk=1, names={"ko": "경복궁", "en": "Gyeongbokgung"})
    PhotoFactory(landmark=landmark)
    ArticleFactory(landmark=landmark)
    RouteFactory(stops=[landmark])
    LandmarkFactory(pk=2, latitude=None, longitude=None)
    LandmarkFactory(pk=3, state="withdrawn")
    make_full_files(timezone.now().isoformat(), lambda: None)()


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Keep the connection of the test's transaction, as Django's own client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.S3
@pytest.mark.usefixtures("catalogue", "one_connection")
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("scope", [None, Scope.READ, Scope.EXPORT], ids=str)
def test_an_answer_is_a_documented_one(settings, operation, scope):
    settings.ANONYMOUS_PER_MINUTE = settings.KEY_PER_MINUTE = settings.KEY_PER_DAY = 1_000_000
    settings.ALLOWED_HOSTS = ["*"]
    headers = {}
    if scope:
        key = create_api_key(name="asks", scopes=[scope], at=timezone.now())
        headers = {"Authorization": f"Api-Key {key.text}"}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    asked = schema.find_operation_by_id(operation)
    seen = set()

    @FEW
    @given(case=asked.as_strategy())
    def ask(case):
        response = case.call(headers=headers)
        seen.add(response.status_code)
        case.validate_response(response, checks=PROMISES)

    ask()

    assert seen


def test_the_operations_above_are_all_that_read(client):
    document = client.get("/api/v1/openapi.json").json()
    reading = {
        operation["operationId"]
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if path.startswith(tuple(f"/api/v1/{name}/" for name in RESOURCES))
    }

    assert reading == {*OPERATIONS}
