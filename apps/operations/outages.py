"""When the storage cannot take or give a picture: a kind answer, and nothing half done."""

from __future__ import annotations

import errno
import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from apps.operations.problems import problem_response, wants_json

logger = logging.getLogger(__name__)
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
AWAY = frozenset({errno.EROFS, errno.EIO, errno.ESTALE, errno.ETIMEDOUT})
COME_BACK_SECONDS = 30


class StorageAway(OSError):
    """The service that keeps the files does not answer, or answers with an error."""


def is_away(error: Exception) -> bool:
    """Say whether an error means that the storage will take and give files again by itself."""
    return isinstance(error, StorageAway) or (isinstance(error, OSError) and error.errno in AWAY)


class StorageOutage:
    """Turn a storage that is full into 507, and one that is away into 503 with Retry-After."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OSError):
            return None
        if error.errno in FULL:
            status, code = 507, "storage_full"
            text = _("There is no room for pictures right now. Please try again later.")
        elif is_away(error):
            status, code = 503, "storage_unavailable"
            text = _("Pictures cannot be kept or shown right now. Please try again in a moment.")
        else:
            return None
        logger.error("Storage of the pictures: %s", error)
        if wants_json(request):
            response = problem_response(status, code, text)
        else:
            response = render(request, "503.html", {"text": text}, status=status)
        response["Retry-After"] = str(COME_BACK_SECONDS)
        return response
