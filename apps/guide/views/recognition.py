"""A visitor's photo in, the places it may show out."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db.models import Prefetch
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.catalogue.models import Landmark
from apps.catalogue.pictures import PictureRefused, prepare, upload_bounds
from apps.guide.forms import PhotoForm
from apps.guide.matches import match_drawings
from apps.guide.presenting import Place, present
from apps.guide.samples import home_samples
from apps.guide.sketch import Sketch, sketch_of
from apps.guide.trips import point_of
from apps.guide.visitors import refuse_other_sites
from apps.operations import limits
from apps.operations.problems import problem_response, wants_json
from apps.operations.visitors import visitor_address
from apps.recognition import services
from apps.recognition.models import Candidate, Feedback, RecognitionRequest

HOUR = timedelta(hours=1)
# A map of one candidate shows where in its province it lies.
GUESS_SPAN_M = 25_000
# Whoever has the receipt sees the photo: no cache, index or other site may learn of it.
PRIVATE = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


class SeeOther(HttpResponseRedirect):
    status_code = 303


class UploadRefused(Exception):
    """The form cannot be used; the message speaks to the visitor."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_other_sites
@ensure_csrf_cookie
def recognize(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form(request)
    try:
        limit_visitor(request, "uploads")
        photo = _prepared_photo(request)
        question = services.answer_photos([photo], started=request.started)
    except services.TooManyWaiting as waiting:
        return _many_wait(request, waiting)
    except limits.LimitReached as reached:
        return too_many(request, reached)
    except UploadRefused as refused:
        return _refuse(request, refused)
    response = SeeOther(reverse("guide:recognition", args=[question.receipt]))
    response["Server-Timing"] = question.server_timing()
    return response


def limit_visitor(request: HttpRequest, name: str) -> None:
    """Count what a visitor sends, by address. Raises LimitReached."""
    limits.take(
        name,
        visitor_address(request),
        limit=settings.UPLOADS_PER_HOUR,
        window=HOUR,
        at=timezone.now(),
    )


def _prepared_photo(request: HttpRequest):
    form = PhotoForm(request)
    if not form.is_valid():
        raise UploadRefused(400, *form.refusal)
    upload = form.cleaned_data["photo"]
    try:
        return prepare(upload, name=upload.name, bounds=upload_bounds())
    except PictureRefused as refused:
        raise UploadRefused(refused.status, refused.code, str(refused.message)) from refused


def _form(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    context = {"error": error, "samples": home_samples(get_language())}
    return render(request, "guide/recognition_form.html", context, status=status)


def _refuse(request: HttpRequest, refused: UploadRefused) -> HttpResponse:
    if wants_json(request):
        return problem_response(refused.status, refused.code, refused.message)
    return _form(request, error=refused.message, status=refused.status)


def _many_wait(request: HttpRequest, waiting: services.TooManyWaiting) -> HttpResponse:
    headers = {"Retry-After": str(waiting.retry_after_seconds)}
    text = _("Many photos wait for their answer right now. Please send yours again in a moment.")
    if wants_json(request):
        return problem_response(429, "busy", text, headers=headers)
    return with_headers(_form(request, error=text, status=429), headers)


def too_many(request: HttpRequest, reached: limits.LimitReached) -> HttpResponse:
    headers = {"Retry-After": str(reached.retry_after_seconds)}
    minutes = max(1, round(reached.retry_after_seconds / 60))
    if wants_json(request):
        detail = _("That was many photos at once. Please try again in %(minutes)d minutes.")
        return problem_response(429, "rate_limited", detail % {"minutes": minutes}, headers=headers)
    return with_headers(render(request, "429.html", {"minutes": minutes}, status=429), headers)


def with_headers(response: HttpResponse, headers: dict[str, str]) -> HttpResponse:
    for name, value in headers.items():
        response[name] = value
    return response


@require_safe
def result(request: HttpRequest, receipt: uuid.UUID) -> HttpResponse:
    question = question_of(receipt)
    if question.deleted_at:
        return deleted(request)
    timing = {"Server-Timing": question.server_timing()} if question.timings else {}
    if wants_json(request):
        return JsonResponse({"status": question.state}, headers=PRIVATE | timing)
    candidates = list(question.candidates.all())
    places = present(
        [candidate.landmark for candidate in candidates],
        language=get_language(),
        at=timezone.now(),
    )
    context = {
        "question": question,
        "said": _said(question),
        "guesses": list(zip(candidates, places, strict=True)),
        "first": places[0] if places else None,
        "guess_map": _guess_map(places),
        "drawings": match_drawings(question, candidates),
    }
    return with_headers(render(request, "guide/recognition_detail.html", context), PRIVATE | timing)


def _guess_map(places: Sequence[Place]) -> Sketch | None:
    """Return the drawing of where the candidates lie, each under its rank."""
    placed = [
        (rank, each)
        for rank, each in enumerate(places, 1)
        if each.landmark.state == "published" and each.landmark.latitude is not None
    ]
    drawn = sketch_of(
        [point_of(each.landmark) for _, each in placed],
        names=[each.name for _, each in placed],
        span_m=GUESS_SPAN_M,
    )
    if drawn is None:
        return None
    pins = [pin._replace(number=rank) for pin, (rank, _) in zip(drawn.pins, placed, strict=True)]
    return drawn._replace(pins=pins)


def _said(question: RecognitionRequest) -> dict | None:
    """Return what the visitor said of the answer, as the page tells it back."""
    feedback = Feedback.objects.filter(request=question).select_related("landmark").first()
    if feedback is None:
        return None
    place = feedback.landmark.name_in(get_language()) if feedback.landmark else ""
    return {"correct": feedback.correct, "place": place, "consent": feedback.consent}


def question_of(receipt: uuid.UUID) -> RecognitionRequest:
    """Return a public question with its photos and ranked candidates. Raises Http404."""
    landmarks = Landmark.objects.with_names()
    ranked = Candidate.objects.order_by("rank").prefetch_related(
        Prefetch("landmark", queryset=landmarks)
    )
    questions = RecognitionRequest.objects.public().prefetch_related(
        "photos", Prefetch("candidates", queryset=ranked)
    )
    return get_object_or_404(questions, receipt=receipt)


def deleted(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        detail = _("This photo and its answer have been deleted.")
        return problem_response(410, "deleted", detail, headers=PRIVATE)
    return with_headers(render(request, "guide/recognition_deleted.html", status=410), PRIVATE)


@require_safe
def photo(request: HttpRequest, receipt: uuid.UUID) -> HttpResponse:
    question = question_of(receipt)
    if question.deleted_at:
        return deleted(request)
    stored = next(iter(question.photos.all()), None)
    if stored is None:
        raise Http404
    try:
        content = stored.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(content, content_type="image/jpeg", headers=PRIVATE)


# The receipt in the address is the proof that the sender asks; the page sends no origin.
@csrf_exempt
@require_POST
def delete(request: HttpRequest, receipt: uuid.UUID) -> HttpResponse:
    question = get_object_or_404(RecognitionRequest.objects.public(), receipt=receipt)
    if not question.deleted_at:
        services.delete_request(question, at=timezone.now())
    return SeeOther(reverse("guide:recognition", args=[receipt]), headers=PRIVATE)
