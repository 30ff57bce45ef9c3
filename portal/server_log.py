"""The web server's own log, without the keys that stand in addresses."""

from __future__ import annotations

import logging

from gunicorn.glogging import Logger

from apps.operations.redaction import HideKeys


class ServerLog(Logger):
    """Gunicorn's logger; it writes the address of a request that failed."""

    def setup(self, cfg) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                plain = handler.formatter or logging.Formatter()
                handler.setFormatter(HideKeys(plain._fmt, plain.datefmt))
