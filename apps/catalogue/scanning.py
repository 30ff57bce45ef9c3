"""The check for harmful files, by a program that the operator names; off by default."""

from __future__ import annotations

import logging
import shlex
import subprocess

from django.conf import settings

logger = logging.getLogger(__name__)

HARMFUL = 1


class HarmfulFile(Exception):
    """The scanner recognized something."""


class ScannerUnavailable(Exception):
    """The scanner gave no answer; nothing unchecked is taken meanwhile."""


def scan(content: bytes) -> None:
    """Give a file to the scanner's standard input, if there is one.

    It ends with 0 for a clean file and 1 for a harmful one. Raises HarmfulFile or
    ScannerUnavailable.
    """
    if not settings.UPLOAD_SCANNER:
        return
    try:
        done = subprocess.run(
            shlex.split(settings.UPLOAD_SCANNER),
            input=content,
            capture_output=True,
            timeout=settings.UPLOAD_SCANNER_SECONDS,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ScannerUnavailable(str(error)) from error
    if done.returncode == HARMFUL:
        logger.warning("The scanner refused a file: %s", done.stdout[:500].decode(errors="replace"))
        raise HarmfulFile
    if done.returncode:
        raise ScannerUnavailable(done.stderr[:500].decode(errors="replace"))
