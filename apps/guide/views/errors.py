"""What visitors and programs see when something is not there or not right."""

from __future__ import annotations

import logging
import sys

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.accounts.middleware import STAFF_ADDRESSES
from apps.catalogue.scope import OutsideRegions
from apps.guide.absent_places import NoSuchPlace, places_called_like
from apps.operations.middleware import database_away, is_outage
from apps.operations.problems import problem_response, wants_json

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if wants_json(request):
        return problem_response(400, "bad_request", _("This request could not be read."))
    # What a page says of its own address needs a host that is ours.
    shown_to = None if isinstance(exception, DisallowedHost) else request
    return render(shown_to, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if wants_json(request):
        return problem_response(403, "forbidden", _("This is not allowed."))
    if isinstance(exception, OutsideRegions):
        reason = _("You may look at this entry, but it lies outside the regions that you may edit.")
    elif request.user.is_authenticated:
        reason = _("Your account does not have this right. An administrator can give it to you.")
    else:
        reason = _("Please sign in first.")
    return render(request, "403.html", {"reason": reason}, status=403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid token; the reason is for the log, not for the sender."""
    logger.warning("Form refused at %s: %s", request.path, reason)
    if wants_json(request):
        detail = _("The form came from another site or was open for too long.")
        return problem_response(403, "csrf_failed", detail)
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if wants_json(request):
        return problem_response(404, "not_found", _("There is nothing at this address."))
    cards = []
    if isinstance(exception, NoSuchPlace):
        cards = places_called_like(exception.slug, language=get_language())
    staff = request.path.startswith(STAFF_ADDRESSES)
    return render(request, "404.html", {"cards": cards, "staff": staff}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer without a query and without the context processors: either may be what broke."""
    error = sys.exception()
    if is_outage(error):
        # Sessions and people are read by middleware, whose exceptions reach nothing else.
        return database_away(request, error)
    if wants_json(request):
        return problem_response(500, "server_error", _("Something went wrong on our side."))
    return render(None, "500.html", status=500)
