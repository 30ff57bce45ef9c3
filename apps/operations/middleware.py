"""Answers for moments when the portal cannot do its work."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from apps.operations.measuring import response_seconds, responses
from apps.operations.problems import problem_response, wants_json

logger = logging.getLogger(__name__)
# What is read and thrown away, so that a client hears the answer instead of a broken connection.
DRAINED_BYTES = 64 * 1024 * 1024
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class RequestClock:
    """Note when a request came in, before its body is read; `Server-Timing` counts from there."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.started = time.perf_counter()
        return self.get_response(request)


class CountResponses:
    """Count answers and their time by view; an address that no view has is counted as none.

    An answer that no view had to make says itself which view it stands for, as `view_name`.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match or response
        view = getattr(match, "view_name", "")
        # Senders may call a method what they like.
        method = request.method if request.method in METHODS else "other"
        responses.labels(view, method, response.status_code).inc()
        response_seconds.labels(view).observe(time.perf_counter() - request.started)
        return response


def is_outage(error: BaseException | None) -> bool:
    """Say whether an exception means that the database is away."""
    return isinstance(error, OperationalError | InterfaceError)


def database_away(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Answer 503 with Retry-After, in the visitor's language and without a query."""
    logger.error("Database away: %s", error)
    if wants_json(request):
        detail = _("The database is not available. Please try again in a moment.")
        response = problem_response(503, "database_unavailable", detail)
    else:
        response = render(None, "503.html", status=503)
    response["Retry-After"] = "5"
    return response


class DatabaseOutage:
    """Answer a view that misses the database; `server_error` answers where middleware does."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return database_away(request, error) if is_outage(error) else None


class UnprefixedLanguage:
    """Speak the visitor's language at addresses that have no language prefix.

    Django would answer them in the first language; `lang` in an API query goes first.
    """

    prefixes = ("/api/", "/v1/", "/admin/", "/accounts/", "/annotate/")

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(self.prefixes):
            return self.get_response(request)
        wanted = request.GET.get("lang", "")
        if not translation.check_for_language(wanted):
            wanted = translation.get_language_from_request(request)
        translation.activate(wanted)
        response = self.get_response(request)
        response["Content-Language"] = translation.get_language()
        patch_vary_headers(response, ["Accept-Language"])
        return response


class BodyLimit:
    """Refuse a body that is too large before anything reads it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = _limit_of(request.path, request.content_type)
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        if length > limit:
            _drain(request, min(length, max(DRAINED_BYTES, 2 * limit)))
            return self._refuse(request, limit)
        if not length and "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            detail = _("Please send the size of the upload (Content-Length).")
            return problem_response(411, "length_required", detail)
        return self.get_response(request)

    def _refuse(self, request: HttpRequest, limit: int) -> HttpResponse:
        if wants_json(request):
            detail = _("The upload is larger than %(megabytes)d MB.") % {
                "megabytes": limit // (1024 * 1024)
            }
            return problem_response(413, "too_large", detail)
        of_a_list = request.path == settings.IMPORT_PATH
        largest = settings.IMPORT_MAX_BYTES if of_a_list else settings.PHOTO_MAX_BYTES
        context = {"megabytes": largest // (1024 * 1024), "of_a_list": of_a_list}
        return render(request, "413.html", context, status=413)


def _limit_of(path: str, content_type: str) -> int:
    if path == settings.IMPORT_PATH:
        return settings.IMPORT_REQUEST_MAX_BYTES
    if settings.ARCHIVE_PATH.fullmatch(path):
        return settings.ARCHIVE_REQUEST_MAX_BYTES
    if path.startswith(("/api/", "/v1/")):
        multipart = content_type == "multipart/form-data"
        return settings.API_REQUEST_MAX_BYTES if multipart else settings.API_JSON_MAX_BYTES
    return settings.REQUEST_MAX_BYTES


def _drain(request: HttpRequest, left: int) -> None:
    while left > 0 and (chunk := request.META["wsgi.input"].read(min(left, 64 * 1024))):
        left -= len(chunk)
