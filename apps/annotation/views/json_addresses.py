"""What every JSON address of the workbench does the same way."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.permissions import Permission, require_permission_json
from apps.annotation.models import Review
from apps.annotation.services.claiming import UnknownDataset
from apps.annotation.services.holding import LeaseLost, UnknownTask
from apps.annotation.services.reviewing import AlreadyReviewed, InReview
from apps.annotation.services.submitting import AnnotationRefused
from apps.annotation.workflow import MoveNotAllowed
from apps.operations.problems import problem_response

BODY_MAX_BYTES = 64 * 1024
PRIVATE = {"Cache-Control": "private, no-store"}


class BadBody(Exception):
    """The body is not a JSON object."""


def json_address(method: str, permission: Permission) -> Callable:
    """Make a view out of `view(request, body, …)`: one method, one permission, JSON both ways.

    The view returns a dict, or None for 204; the expected errors of the services become
    answers here.
    """

    def decorate(view: Callable[..., dict | None]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answer(request: HttpRequest, **kwargs) -> HttpResponse:
            if request.method != method:
                detail = _("This address does not know this method.")
                return problem_response(
                    405, "method_not_allowed", detail, headers={"Allow": method}
                )
            try:
                made = view(request, _body(request), **kwargs)
            except BadBody:
                return problem_response(400, "bad_json", _("Send one JSON object."))
            except LeaseLost:
                detail = _("This task is no longer yours: the lease has ended.")
                return problem_response(409, "lease_lost", detail)
            except MoveNotAllowed:
                detail = _("Somebody decided on this task in the meantime.")
                return problem_response(409, "already_decided", detail)
            except AlreadyReviewed as reviewed:
                return problem_response(409, "already_decided", _decided(reviewed.review))
            except InReview as review:
                detail = _("%(person)s is looking at this image right now.") % {
                    "person": review.reviewer
                }
                return problem_response(409, "in_review", detail)
            except (UnknownTask, UnknownDataset):
                return problem_response(404, "not_found", _("There is nothing at this address."))
            except AnnotationRefused as refused:
                detail = _("Some values cannot be used; see errors.")
                return problem_response(422, "invalid", detail, errors=refused.errors)
            if made is None:
                return HttpResponse(status=204, headers=PRIVATE)
            return JsonResponse(made, headers=PRIVATE, json_dumps_params={"ensure_ascii": False})

        return require_permission_json(permission)(answer)

    return decorate


def _decided(review: Review | None) -> str:
    if review is None:
        return _("The annotator took this image back to change it.")
    texts = {
        Review.Verdict.ACCEPTED: _("%(person)s accepted this image at %(time)s."),
        Review.Verdict.FIXED: _("%(person)s accepted this image with a change at %(time)s."),
        Review.Verdict.RETURNED: _("%(person)s sent this image back at %(time)s."),
    }
    time = date_format(timezone.localtime(review.created_at), "TIME_FORMAT")
    return texts[Review.Verdict(review.verdict)] % {"person": review.reviewer, "time": time}


def _body(request: HttpRequest) -> dict:
    if request.method == "GET":
        return {}
    if len(request.body) > BODY_MAX_BYTES:
        raise BadBody
    try:
        body = json.loads(request.body or b"{}", parse_constant=_refuse)
    except (ValueError, RecursionError) as fault:
        raise BadBody from fault
    if not isinstance(body, dict):
        raise BadBody
    return body


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are no JSON


def token_of(body: dict) -> uuid.UUID | None:
    """Return the lease token of a body; None where it is none, which no lease accepts."""
    try:
        return uuid.UUID(body.get("token"))
    except (TypeError, ValueError, AttributeError):
        return None


def reason_of(body: dict) -> str:
    """Return the reason that a body gives. Raises AnnotationRefused without a usable one."""
    reason = body.get("reason")
    if not isinstance(reason, str) or not reason.strip() or "\0" in reason:
        raise AnnotationRefused({"reason": [_("Please give a reason.")]})
    return reason.strip()[:500]


def dataset_of(body: dict) -> int | None:
    """Return the dataset that a body asks for. Raises UnknownDataset for what is no id."""
    wanted = body.get("dataset")
    if wanted is None:
        return None
    if type(wanted) is not int or abs(wanted) >= 2**63:
        raise UnknownDataset(str(wanted))
    return wanted


def asked_dataset(request: HttpRequest) -> int | None:
    """Return the dataset to which a page is narrowed by ?dataset=, if it is."""
    asked = request.GET.get("dataset", "")
    return int(asked) if asked.isdecimal() and len(asked) < 19 else None
