"""What the log says of a request that carries everything secret, as text and as JSON."""

import io
import json
import logging
import re
import uuid
from copy import deepcopy
from datetime import timedelta
from logging.config import DictConfigurator

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone
from gunicorn.config import Config

from apps.accounts.models import User
from apps.operations.redaction import redacted
from apps.operations.visitors import truncated_address
from apps.partners.models import Scope
from apps.partners.services import create_api_key
from portal.server_log import ServerLog

pytestmark = pytest.mark.django_db
VISITOR = "203.0.113.77"


@pytest.fixture(params=["line", "json"])
def log(request):
    """Write the log as the settings do, in either form; return what was written."""
    configured = DictConfigurator(deepcopy(settings.LOGGING))
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    named = settings.LOGGING["formatters"][request.param]
    handler.setFormatter(configured.configure_formatter(dict(named)))
    for name in settings.LOGGING["handlers"]["stderr"]["filters"]:
        handler.addFilter(configured.configure_filter(dict(settings.LOGGING["filters"][name])))
    logging.getLogger().addHandler(handler)
    yield written.getvalue
    logging.getLogger().removeHandler(handler)


@pytest.mark.S8
@pytest.mark.S16
def test_no_key_cookie_or_token_is_ever_in_the_log(log, settings, monkeypatch, seen):
    settings.ADMINS = [("Operators", "operators@example.com")]
    made = create_api_key(name="partner", scopes=[Scope.READ], at=timezone.now())
    client = Client(raise_request_exception=False, REMOTE_ADDR=VISITOR)
    client.force_login(User.objects.create_superuser("root", password="correct horse battery"))
    secrets = {
        "key": made.text,
        "session": client.cookies["sessionid"].value,
        "csrf": "c" * 32,
        "password": "correct horse battery",
        "bearer": "tokenofthemetrics1234567890",
        "receipt": str(uuid.uuid4()),
        "code": "493817",
    }
    client.cookies["csrftoken"] = secrets["csrf"]
    key, receipt = secrets["key"], secrets["receipt"]
    query = f"serviceKey={key}&key={key}&token={secrets['bearer']}&code={secrets['code']}"
    cookies = f"sessionid={secrets['session']}; csrftoken={secrets['csrf']}"

    def break_down(*_, **__):
        raise RuntimeError(
            f"at /x?{query} from {VISITOR}: Cookie: {cookies} Authorization: Api-Key {key}"
            f" Bearer {secrets['bearer']} /recognize/{receipt}/"
        )

    with_key = {"Authorization": f"Api-Key {key}"}
    with_bearer = {"Authorization": f"Bearer {secrets['bearer']}"}
    client.get(f"/api/v1/landmarks/?bbox=1&{query}", headers=with_key)
    client.get(f"/api/v1/recognitions/{receipt}/?{query}", headers=with_key)
    client.get(f"/recognize/{receipt}/?{query}", headers={"Accept": "application/json"})
    client.get(f"/metrics?{query}", headers=with_bearer)
    client.get(f"/no-such-page/?{query}")
    strict = Client(enforce_csrf_checks=True, REMOTE_ADDR=VISITOR)
    strict.cookies = client.cookies
    wrong = {"username": "root", "password": secrets["password"], "code": secrets["code"]}
    strict.post(f"/accounts/login/?{query}", wrong, headers=with_bearer)
    monkeypatch.setattr("portal.health.database_answers", break_down)
    broken = client.get(f"/readyz?{query}", headers=with_key)

    written = log()
    assert broken.status_code == 500
    assert "Traceback" in written and "RuntimeError" in written
    assert [name for name, secret in secrets.items() if secret in written] == []
    assert VISITOR not in written and "203.0.113.0" in written
    # Django would mail the request with its headers to the operators.
    assert mail.outbox == []
    seen("S8", secrets_in_the_log=0)


def test_json_has_an_object_a_line_with_the_request(log, request):
    Client().get("/api/v1/landmarks/?bbox=1", headers={"X-Request-ID": "order-19"})
    logging.getLogger("x").error('with "quotes" and ?key="abc"\n%s', "second line")

    lines = log().splitlines()
    if "json" in request.node.callspec.id:
        refused, odd = (json.loads(line) for line in lines)
        assert refused["request_id"] == "order-19"
        assert set(refused) == {"time", "level", "logger", "message", "request_id"}
        assert odd["level"] == "ERROR" and odd["message"].endswith("\nsecond line")
    else:
        assert re.match(r"INFO apps.operations.request_ids \[order-19\]: GET /api", lines[0])


@pytest.mark.S16
@pytest.mark.parametrize(
    ("address", "left"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("8.8.8.8", "8.8.8.0"),
        ("2001:db8:1234:5678::9", "2001:db8:1234::"),
        ("127.0.0.1", "127.0.0.1"),
        ("10.1.2.3", "10.1.2.3"),
        ("local", "local"),
    ],
)
def test_an_address_is_cut_short(address, left):
    assert truncated_address(address) == left
    assert redacted(f"from {address}, at 12:34:56 with 1.2.3") == (
        f"from {left}, at 12:34:56 with 1.2.3"
    )


def test_passwords_in_addresses_of_parts_are_hidden():
    assert redacted("postgresql://gilnun:s3cr3t@db/x") == "postgresql://gilnun:…@db/x"


@pytest.mark.S16
def test_the_web_servers_access_log_cuts_addresses_and_speaks_json(settings, capsys):
    settings.LOG_FORMAT = "json"
    config = Config()
    config.set("accesslog", "-")
    log = ServerLog(config)

    class Answer:
        status, sent, headers = "200 OK", 5, []

    class Request:
        headers = []

    environ = {
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": VISITOR,
        "REQUEST_METHOD": "GET",
        "RAW_URI": "/",
        "PATH_INFO": "/",
    }
    log.access(Answer, Request, environ, timedelta(seconds=1))

    line = json.loads(capsys.readouterr().out)
    assert "203.0.113.0" in line["message"] and VISITOR not in line["message"]


def test_the_supervisor_says_which_part_a_line_comes_from():
    from portal.supervisor import json_line

    plain = json.loads(json_line("model", "12:00 ready"))
    known = json.loads(json_line("web", '{"time": "t", "message": "x"}'))

    assert (plain["part"], plain["message"]) == ("model", "12:00 ready")
    assert known == {"part": "web", "time": "t", "message": "x"}
