"""The annotator's side of the workbench."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from apps.accounts.models import User
from apps.accounts.permissions import Permission, require_permission
from apps.annotation.presenting import bbox, claim_shape, landmark_shape
from apps.annotation.services import claiming, holding, submitting
from apps.annotation.services.claiming import NothingToDo, UnknownDataset
from apps.annotation.services.holding import LeaseLost
from apps.annotation.shapes import TAGS
from apps.annotation.views.json_addresses import (
    asked_dataset,
    dataset_of,
    json_address,
    reason_of,
    token_of,
)
from apps.catalogue.models import Landmark

FOUND = 8
DRAFT_FIELDS = ("bbox", *TAGS, "place", "landmark", "other")


@require_safe
@require_permission(Permission.ANNOTATE)
@ensure_csrf_cookie
def editor(request: HttpRequest) -> HttpResponse:
    return render(request, "annotation/editor.html", {"dataset": asked_dataset(request)})


@json_address("POST", Permission.ANNOTATE)
def claim(request: HttpRequest, body: dict) -> dict | None:
    return _next(request, dataset_of(body))


def _next(request: HttpRequest, dataset: int | None = None) -> dict | None:
    try:
        task = claiming.claim_next_task(by=request.user, at=timezone.now(), dataset_id=dataset)
    except NothingToDo:
        return None
    return claim_shape(task, by=request.user)


def _following(request: HttpRequest, dataset: int | None) -> dict | None:
    """Return the next task; finished work stays finished where the dataset was taken away."""
    try:
        return _next(request, dataset)
    except UnknownDataset:
        return None


@contextmanager
def _kept_when_late(task: int, body: dict, *, by: User) -> Iterator[None]:
    """Keep what arrives under a lost lease as the person's draft, and let the refusal pass."""
    try:
        yield
    except LeaseLost:
        content = {name: body[name] for name in DRAFT_FIELDS if name in body}
        holding.keep_late_work(task, content=content, by=by, at=timezone.now())
        raise


@json_address("POST", Permission.ANNOTATE)
def submit(request: HttpRequest, body: dict, task: int) -> dict:
    dataset = dataset_of(body)
    with _kept_when_late(task, body, by=request.user):
        annotation, following = submitting.submit_and_claim_next(
            task,
            token=token_of(body),
            values=body,
            by=request.user,
            at=timezone.now(),
            dataset_id=dataset,
        )
    answer = {
        "annotation": annotation.pk,
        "next": claim_shape(following, by=request.user) if following else None,
    }
    if feedback := submitting.feedback_on(annotation):
        answer["feedback"] = {
            "overlap": round(feedback.overlap, 3),
            "tags_right": feedback.tags_right,
            "bbox": list(feedback.box),
            "tags": feedback.tags._asdict(),
            "drawn": bbox(annotation),
        }
    return answer


@json_address("POST", Permission.ANNOTATE)
def skip(request: HttpRequest, body: dict, task: int) -> dict:
    dataset = dataset_of(body)
    token = token_of(body)
    holding.skip_task(task, token=token, reason=reason_of(body), by=request.user, at=timezone.now())
    return {"next": _following(request, dataset)}


@json_address("POST", Permission.ANNOTATE)
def heartbeat(request: HttpRequest, body: dict, task: int) -> dict:
    until = holding.renew_lease(task, token=token_of(body), by=request.user, at=timezone.now())
    return {"lease_until": until.isoformat()}


@json_address("PUT", Permission.ANNOTATE)
def draft(request: HttpRequest, body: dict, task: int) -> None:
    content = {name: value for name, value in body.items() if name != "token"}
    with _kept_when_late(task, body, by=request.user):
        holding.save_draft(
            task, token=token_of(body), content=content, by=request.user, at=timezone.now()
        )


@json_address("POST", Permission.ANNOTATE)
def reopen(request: HttpRequest, body: dict, task: int) -> dict:
    reopened = submitting.reopen_task(task, by=request.user, at=timezone.now())
    return claim_shape(reopened, by=request.user)


@json_address("GET", Permission.ANNOTATE)
def landmarks(request: HttpRequest, body: dict) -> dict:
    query = request.GET.get("q", "").strip()[:100].replace("\0", "")
    found = Landmark.objects.search(query).with_names()[:FOUND] if query else []
    return {
        "results": [
            landmark_shape(landmark) | {"region": landmark.region.name_in(get_language())}
            for landmark in found
        ]
    }
