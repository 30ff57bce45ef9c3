"""Whatever one asks of the API, the answer is one that the document promises.

Every operation with no key, with one that may only read, and with one that may do all; by chance
from the document, and every third time of things that exist. `--long` asks much more, for as long
as LONG_SECONDS.
"""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import checks

from apps.api.full_files import make_full_files
from apps.catalogue.models import FullFile
from apps.partners.models import Delivery, Scope, Webhook
from apps.partners.services import NewKey, create_api_key
from tests.environment import ROOT
from tests.factories.catalogue import LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory, RouteFactory
from tests.factories.recognition import RecognitionRequestFactory
from tests.pictures import encoded, scene

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
checks.load_all_checks()
PROMISES = [
    checks.not_a_server_error,
    checks.CHECKS.get_one("status_code_conformance"),
    checks.CHECKS.get_one("content_type_conformance"),
    checks.CHECKS.get_one("response_schema_conformance"),
]
DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text())
OPERATIONS = [
    operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()
]
# The scopes of a key, and how often each operation is asked with it. Who may do nothing hears
# the same in every case.
FEW = 20
KEYS = {"none": (None, 4), "read": ([Scope.READ], 8), "all": (list(Scope), FEW)}
OFTEN = 200
# With each key; all operations have the same share of it.
LONG_SECONDS = 600
PICTURE = encoded(scene("gate", 100))
# What should be done where the key may do it: a test that only sees refusals proves little.
DONE = {200, 201, 202, 204}


@pytest.fixture
def key(request, settings) -> NewKey | None:
    settings.ANONYMOUS_PER_MINUTE = settings.KEY_PER_MINUTE = settings.KEY_PER_DAY = 1_000_000
    settings.ALLOWED_HOSTS = ["*"]
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    scopes, _times = KEYS[request.param]
    return create_api_key(name="asks", scopes=scopes, at=timezone.now()) if scopes else None


@pytest.fixture
def there(known_places, key) -> dict[str, object]:
    """Something of each kind; return what stands for it in addresses."""
    landmark = LandmarkFactory(names={"ko": "경복궁", "en": "Gyeongbokgung"})
    PhotoFactory(landmark=landmark)
    ArticleFactory(landmark=landmark)
    RouteFactory(stops=[landmark])
    LandmarkFactory(latitude=None, longitude=None)
    LandmarkFactory(state="withdrawn")
    now = timezone.now()
    make_full_files(now.isoformat(), lambda: None)()
    found: dict[str, object] = {"landmark": landmark.pk, "export": FullFile.objects.first().pk}
    if key:
        hook = Webhook.objects.create(
            key=key.row, url="http://127.0.0.1:9/", kinds=["landmark.changed"], created_at=now
        )
        message = Delivery.objects.create(
            webhook=hook, kind="landmark.changed", body="{}", created_at=now
        )
        answered = RecognitionRequestFactory(
            requester=key.row.prefix, model_name="tiny", model_version=1
        )
        found |= {"webhook": hook.pk, "delivery": message.pk, "receipt": answered.receipt}
    return found


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
@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("key", KEYS, indirect=True)
def test_every_answer_is_a_documented_one(request, key, there, is_long):
    scopes, times = KEYS[request.node.callspec.params["key"]]
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", server())
    seen = {}

    for name in OPERATIONS:
        operation = schema.find_operation_by_id(name)
        # What one operation removes, the next ones find again.
        with transaction.atomic():
            seen[name] = statuses_of(operation, key, there, times=OFTEN if is_long else times)
            transaction.set_rollback(True)

    # A test that only sees refusals proves little.
    assert scopes != list(Scope) or not [name for name in seen if not seen[name] & DONE], seen


@pytest.mark.S3
@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("key", ["all"], indirect=True)
def test_what_one_answer_gives_is_good_for_the_next_request(key, there, is_long, seen):
    """Steps that follow from each other: what was made is read, changed, said good of, deleted."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", server())
    followed = Counter()

    class Journey(schema.as_state_machine()):
        # Each begins with the same rows: what comes next hangs on what was answered.
        def setup(self) -> None:
            self.beginning = transaction.savepoint()

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.beginning)

        def get_call_kwargs(self, case) -> dict:
            return {"headers": {"Authorization": f"Api-Key {key.text}"}}

        def before_call(self, case) -> None:
            make_real(case, {})

        def validate_response(self, response, case, **_) -> None:
            case.validate_response(response, checks=PROMISES)
            if case.path_parameters and response.status_code in DONE:
                followed[case.operation.definition.raw["operationId"]] += 1

    run_state_machine_as_test(
        Journey,
        settings=hypothesis_settings(
            max_examples=OFTEN if is_long else 8,
            stateful_step_count=8,
            derandomize=not is_long,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    seen("S3", operations_followed=len(followed))
    assert len(followed) >= (2 if is_long else 1), followed


def server() -> Callable:
    """Return the application, answering as behind a web server, which closes what it sent."""
    application = get_wsgi_application()

    def answer(environ: dict, start_response: Callable) -> list[bytes]:
        with closing(application(environ, start_response)) as parts:
            return [b"".join(parts)]

    return answer


def statuses_of(operation, key: NewKey | None, there: dict[str, object], *, times: int) -> set[int]:
    """Ask so many times; return the statuses of the answers, all of which were documented."""
    headers = {"Authorization": f"Api-Key {key.text}"} if key else {}
    turns, seen = itertools.count(), set()
    end = time.monotonic() + LONG_SECONDS / len(OPERATIONS)

    @hypothesis_settings(
        max_examples=times,
        derandomize=times < OFTEN,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case):
        turn = next(turns)
        # Never less than the usual form asks.
        if turn >= FEW and time.monotonic() > end:
            return
        if turn % 3 == 0:
            make_real(case, there)
        response = case.call(headers=headers)
        seen.add(response.status_code)
        case.validate_response(response, checks=PROMISES)

    ask()
    return seen


def make_real(case, there: dict[str, object]) -> None:
    """Ask of what exists, with what can be used."""
    for name in case.path_parameters or {}:
        case.path_parameters[name] = there.get(name, case.path_parameters[name])
    operation = case.operation.definition.raw["operationId"]
    if operation in ("recognitions_create", "similar_create"):
        as_json = case.media_type == "application/json"
        photo = base64.b64encode(PICTURE).decode() if as_json else PICTURE
        case.headers.pop("Idempotency-Key", None)
        case.body = {"photo": [photo] if operation == "recognitions_create" else photo}
    if case.body and operation.startswith("webhooks"):
        case.body = {"url": "http://127.0.0.1:9/", "kinds": ["landmark.changed"]}
    if operation == "recognitions_feedback_create":
        case.body = {"landmark": there["landmark"], "consent": True}
    if case.method == "GET":
        case.query = {}
