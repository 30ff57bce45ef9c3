"""The national TourAPI's addresses and shapes, for programs that were written for it.

The one place where a key may stand in an address; no log keeps it (apps.operations.redaction).
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET
from rest_framework.exceptions import AuthenticationFailed

from apps.api.tourapi import answers
from apps.api.tourapi.queries import OPERATIONS, check_caller
from apps.api.v1.authentication import meter, meter_anonymous
from apps.operations.limits import LimitReached
from apps.partners.models import Scope


@require_GET
def answer(request: HttpRequest, operation: str) -> HttpResponse:
    """Answer an operation of KorService2 as JSON (`_type=json`) or XML."""
    as_json = request.GET.get("_type", "").lower() == "json"
    try:
        _check_key(request, operation)
        if operation not in OPERATIONS:
            raise answers.UNKNOWN_OPERATION
        check_caller(request.GET)
        base = f"{request.scheme}://{request.get_host()}"
        return answers.found(OPERATIONS[operation](request.GET, base), as_json=as_json)
    except answers.GatewayRefused as error:
        return answers.gateway(error)
    except answers.Refused as error:
        return answers.refused(error, at=timezone.now(), as_json=as_json)
    except LimitReached as reached:
        response = answers.gateway(answers.USED_UP)
        response["Retry-After"] = str(reached.retry_after_seconds)
        return response


def _check_key(request: HttpRequest, operation: str) -> None:
    text = request.GET.get("serviceKey", "")
    if not text:
        meter_anonymous(request)
        raise answers.UNKNOWN_KEY
    name = operation if operation in OPERATIONS else "unknown"
    try:
        key = meter(request, text, operation=f"TourAPI {name}")
    except AuthenticationFailed:
        raise answers.UNKNOWN_KEY from None
    if Scope.READ not in key.scopes:
        raise answers.NO_ACCESS
