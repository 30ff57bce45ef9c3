"""The web server's own log, without the keys that stand in addresses."""

from __future__ import annotations

import logging
import os

from gunicorn.glogging import Logger

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.conf import settings

from apps.operations.redaction import HideKeys, HideKeysInJson
from apps.operations.visitors import truncated_address


class ServerLog(Logger):
    """Gunicorn's logger; it writes the address of a request that failed."""

    def setup(self, cfg) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                plain = handler.formatter or logging.Formatter()
                as_json = settings.LOG_FORMAT == "json"
                formatter = HideKeysInJson if as_json else HideKeys
                handler.setFormatter(formatter(plain._fmt, plain.datefmt))

    def atoms(self, resp, req, environ, request_time) -> dict:
        found = super().atoms(resp, req, environ, request_time)
        # Whoever turns the access log on learns from which network somebody came, not from where.
        found["h"] = truncated_address(found["h"] or "-")
        return found
