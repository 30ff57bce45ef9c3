import logging
import sys

import pytest
from gunicorn.config import Config

from apps.operations.redaction import HideKeys, redacted
from portal.server_log import ServerLog

KEY = "gilnun_0a1b2c3d_" + "s" * 43


@pytest.mark.S8
@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Authorization: Api-Key {KEY}", "Authorization: Api-Key gilnun_0a1b2c3d_…"),
        (f"GET /api/x?serviceKey={KEY}&pageNo=1", "GET /api/x?serviceKey=…&pageNo=1"),
        ("GET /v1/x?a=1&key=AIza-other HTTP/1.1", "GET /v1/x?a=1&key=… HTTP/1.1"),
        ("<a href='?a=1&amp;SERVICEKEY=x%2Fy'>", "<a href='?a=1&amp;SERVICEKEY=…'>"),
        ("monkey=1 keyboard=2 /keys/0a1b2c3d/", "monkey=1 keyboard=2 /keys/0a1b2c3d/"),
    ],
)
def test_keys_are_taken_out_and_their_prefix_stays(text, left):
    assert redacted(text) == left


def test_a_traceback_is_redacted_too():
    try:
        raise ValueError(f"bad: {KEY}")
    except ValueError:
        record = logging.getLogger("x").makeRecord(
            "x", logging.ERROR, "f", 1, "failed for %s", (KEY,), sys.exc_info()
        )

    line = HideKeys("%(message)s").format(record)

    assert "ValueError" in line
    assert KEY not in line


def test_every_handler_of_the_settings_hides_keys(settings):
    formatters = settings.LOGGING["formatters"]
    used = {handler["formatter"] for handler in settings.LOGGING["handlers"].values()}

    assert used <= set(formatters)
    assert {formatter["()"] for formatter in formatters.values()} == {
        "apps.operations.redaction.HideKeys",
        "apps.operations.redaction.HideKeysInJson",
    }


@pytest.mark.S8
def test_the_web_server_hides_keys_too(capsys):
    config = Config()
    config.set("errorlog", "-")
    config.set("accesslog", "-")
    log = ServerLog(config)

    log.error("Error handling request /api/x?serviceKey=%s", KEY)
    log.access_log.info("GET /api/x?serviceKey=%s", KEY)

    written = "".join(capsys.readouterr())
    assert written.count("serviceKey=…") == 2
    assert KEY not in written
