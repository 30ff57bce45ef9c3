"""Secrets that came in an address or a header are taken out of every log line."""

from __future__ import annotations

import logging
import re

SECRET = re.compile(r"(gilnun_[0-9a-f]{8})_[\w-]{20,}")
# Whatever stands there, even a key of somebody else's.
PARAMETER = re.compile(r"([?&](?:amp;)?(?:serviceKey|key|api_key)=)[^&\s\"']+", re.IGNORECASE)


def redacted(text: str) -> str:
    """Return a text without keys: their prefix stays, to know which it was."""
    return SECRET.sub(r"\1_…", PARAMETER.sub(r"\1…", text))


class HideKeys(logging.Formatter):
    """Format a line, its traceback included, and hide keys in the whole of it."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))
