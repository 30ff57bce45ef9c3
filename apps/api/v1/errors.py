"""Every error of the API as a problem document with a stable code."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers

from apps.catalogue.pictures import PictureRefused
from apps.operations.limits import LimitReached
from apps.operations.problems import problem_response
from apps.recognition.reference_index import NoReferenceIndex
from apps.recognition.services import TooManyWaiting
from apps.recognition.serving import ServingError


class Gone(exceptions.APIException):
    """What was at this address was deleted."""

    status_code = 410
    default_code = "gone"


class Conflict(exceptions.APIException):
    """The same request, by its Idempotency-Key, is still at work."""

    status_code = 409
    default_code = "request_in_progress"


class KeyReused(exceptions.APIException):
    """The Idempotency-Key came with another request before."""

    status_code = 422
    default_code = "idempotency_key_reused"


class PreconditionFailed(exceptions.APIException):
    """What is to be changed is not any more what the client read."""

    status_code = 412
    default_code = "precondition_failed"


class ProblemSerializer(serializers.Serializer):
    """The shape of an error (RFC 9457)."""

    type = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="stable; for programs")
    detail = serializers.CharField(help_text="a sentence; for people")
    field = serializers.CharField(required=False, help_text="the value that cannot be used")
    errors = serializers.DictField(
        child=serializers.JSONField(),
        required=False,
        help_text="with 422: what is wrong, by the path of each value in the body",
    )
    request_id = serializers.CharField(help_text="as in `X-Request-ID`; the log knows it")
    merged_into = serializers.IntegerField(required=False, help_text="id of a landmark")


def problem(error: Exception, context: dict) -> HttpResponse | None:
    """Answer an exception of a view. Unknown ones stay exceptions and reach the log."""
    match error:
        case PictureRefused():
            headers = {"Retry-After": "5"} if error.status == 503 else None
            return problem_response(error.status, error.code, str(error.message), headers=headers)
        case TooManyWaiting():
            detail = _("Many photos wait for their answer right now. Please try again in a moment.")
            headers = {"Retry-After": str(error.retry_after_seconds)}
            return problem_response(429, "busy", detail, headers=headers)
        case LimitReached():
            seconds = error.retry_after_seconds
            detail = _("The limit of %(limit)d is used up. Try again in %(seconds)d seconds.") % {
                "limit": error.limit,
                "seconds": seconds,
            }
            headers = {"Retry-After": str(seconds)}
            return problem_response(429, "limit_reached", detail, headers=headers)
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            detail = _("Send a valid key: Authorization: Api-Key <key>.")
            return problem_response(
                401, "not_authenticated", detail, headers={"WWW-Authenticate": "Api-Key"}
            )
        case exceptions.PermissionDenied() | PermissionDenied():
            detail = _("This key may not do that.")
            return problem_response(403, "forbidden", detail)
        case Http404() | exceptions.NotFound():
            return problem_response(404, "not_found", _("There is nothing at this address."))
        case Gone():
            return problem_response(410, "gone", _("This was deleted."))
        case Conflict():
            detail = _("The first request with this Idempotency-Key is still at work.")
            headers = {"Retry-After": "1"}
            return problem_response(409, error.default_code, detail, headers=headers)
        case KeyReused():
            detail = _("This Idempotency-Key came with another request before. Use a new one.")
            return problem_response(422, error.default_code, detail)
        case PreconditionFailed():
            detail = _("This was changed since you read it. Read it again, then change it.")
            return problem_response(412, error.default_code, detail)
        case NoReferenceIndex() | ServingError():
            detail = _("Photos cannot be compared at the moment. Please try again soon.")
            headers = {"Retry-After": "5"}
            return problem_response(503, "recognition_unavailable", detail, headers=headers)
        case exceptions.ValidationError():
            detail = _("Some values cannot be used; see errors.")
            return problem_response(422, "invalid", detail, errors=error.detail)
        case exceptions.APIException():
            # Our own say more than DRF's: which field, what it was merged into.
            members = getattr(error, "members", {})
            return problem_response(
                error.status_code, error.get_codes(), str(error.detail), **members
            )
    return None
