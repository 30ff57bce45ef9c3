"""Secrets that came in an address or a header are taken out of every log line.

Of a visitor's network address the last part goes, so that a line names no one household.
"""

from __future__ import annotations

import logging
import re

from pythonjsonlogger.json import JsonFormatter

from apps.operations.visitors import truncated_address

REMOVALS = (
    # Keys of our own: their prefix stays, to know which it was.
    (re.compile(r"(gilnun_[0-9a-f]{8})_[\w-]{20,}"), r"\1_…"),
    (re.compile(r"whsec_[\w+/=-]+"), "whsec_…"),
    (re.compile(r"\b(Bearer|Basic|Api-Key) (?!gilnun_)[\w.~+/=-]{6,}", re.IGNORECASE), r"\1 …"),
    # Whatever stands there, even a key of somebody else's.
    (
        re.compile(
            r"([?&](?:amp;)?(?:serviceKey|key|api_key|token|password|code|csrfmiddlewaretoken)=)"
            r"[^&\s\"'\\]+",
            re.IGNORECASE,
        ),
        r"\1…",
    ),
    (
        re.compile(
            r"\b((?:__Host-)?(?:sessionid|csrftoken|gilnun_device)(?:=|['\"]: ?['\"]))[\w:-]+"
        ),
        r"\1…",
    ),
    (re.compile(r"(://[^/\s:@]*:)[^@\s/]+@"), r"\1…@"),
    # Whoever has the number of an answer sees its photo.
    (re.compile(r"(/(?:recognize|recognitions)/[0-9a-f]{8})[0-9a-f-]{24,28}"), r"\1…"),
)
ADDRESS = re.compile(
    r"(?<![\w.:/-])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})(?![\w-]|[.:]\w)",
    re.IGNORECASE,
)


def redacted(text: str) -> str:
    """Return a text without keys, cookies and tokens, and with network addresses cut short."""
    for pattern, left in REMOVALS:
        text = pattern.sub(left, text)
    return ADDRESS.sub(lambda found: truncated_address(found[0]), text)


class HideKeys(logging.Formatter):
    """Format a line, its traceback included, and hide keys in the whole of it."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


class HideKeysInJson(JsonFormatter):
    """Format a record as one line of JSON, and hide keys in each of its texts."""

    names = ("time", "level", "logger", "request_id", "message", "traceback")

    def __init__(self, *_, **__) -> None:
        super().__init__(
            "{levelname}{name}{message}{request_id}",
            style="{",
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "traceback"},
            defaults={"request_id": "-"},
            json_ensure_ascii=False,
        )

    def process_log_record(self, log_data: dict) -> dict:
        # What else a caller attached, such as the request itself, is no text.
        return {name: redacted(str(log_data[name])) for name in self.names if name in log_data}
