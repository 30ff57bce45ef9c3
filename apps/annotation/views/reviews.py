"""The reviewer's side of the workbench."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from apps.accounts.permissions import Permission, require_permission
from apps.annotation.models import Review
from apps.annotation.presenting import review_shape
from apps.annotation.services import reviewing
from apps.annotation.services.reviewing import NothingToReview
from apps.annotation.views.json_addresses import (
    asked_dataset,
    dataset_of,
    json_address,
    reason_of,
)


@require_safe
@require_permission(Permission.REVIEW_ANNOTATIONS)
@ensure_csrf_cookie
def review_page(request: HttpRequest) -> HttpResponse:
    return render(request, "annotation/review.html", {"dataset": asked_dataset(request)})


@json_address("POST", Permission.REVIEW_ANNOTATIONS)
def review_next(request: HttpRequest, body: dict) -> dict | None:
    return _next(request, body)


def _next(request: HttpRequest, body: dict) -> dict | None:
    try:
        task = reviewing.claim_next_review(
            by=request.user, at=timezone.now(), dataset_id=dataset_of(body)
        )
    except NothingToReview:
        return None
    return review_shape(task, by=request.user)


def _answer(request: HttpRequest, body: dict, review: Review) -> dict:
    return {
        "review": review.pk,
        "verdict": review.verdict,
        "annotation": review.fix_id or review.annotation_id,
        "next": _next(request, body),
    }


@json_address("POST", Permission.REVIEW_ANNOTATIONS)
def accept(request: HttpRequest, body: dict, task: int) -> dict:
    review = reviewing.accept_annotation(task, by=request.user, at=timezone.now())
    return _answer(request, body, review)


@json_address("POST", Permission.REVIEW_ANNOTATIONS)
def send_back(request: HttpRequest, body: dict, task: int) -> dict:
    review = reviewing.return_annotation(
        task, reason=reason_of(body), by=request.user, at=timezone.now()
    )
    return _answer(request, body, review)


@json_address("POST", Permission.REVIEW_ANNOTATIONS)
def fix(request: HttpRequest, body: dict, task: int) -> dict:
    review = reviewing.fix_annotation(task, values=body, by=request.user, at=timezone.now())
    return _answer(request, body, review)
