"""Yes, this is it; no, it is another place: what visitors say of their answer."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.catalogue.models import Landmark
from apps.guide.views.recognition import (
    PRIVATE,
    SeeOther,
    deleted,
    limit_visitor,
    too_many,
    with_headers,
)
from apps.operations import limits
from apps.recognition.feedback import NothingToConfirm, confirm_answer, correct_answer
from apps.recognition.models import RecognitionRequest

FOUND = 8
YES, NO_IDEA, SEARCH = "yes", "none", "search"


# The receipt in the address is the proof that the sender asks; the page sends no origin.
@csrf_exempt
@require_POST
def feedback(request: HttpRequest, receipt: uuid.UUID) -> HttpResponse:
    question = get_object_or_404(RecognitionRequest.objects.public(), receipt=receipt)
    if question.deleted_at:
        return deleted(request)
    try:
        limit_visitor(request, "feedback")
    except limits.LimitReached as reached:
        return too_many(request, reached)
    answer = request.POST.get("answer", "")
    consent = request.POST.get("consent") == "1"
    at = timezone.now()
    if answer == SEARCH:
        return _places(request, question, consent)
    if answer == YES:
        try:
            confirm_answer(question, consent=consent, at=at)
        except NothingToConfirm:
            return _refused(request, question, consent, _("There is no answer to confirm yet."))
    elif answer == NO_IDEA:
        correct_answer(question, landmark=None, consent=consent, at=at)
    else:
        landmark = Landmark.objects.published().filter(slug=answer).first()
        if landmark is None:
            text = _("Please choose one of the places, or look for another one.")
            return _refused(request, question, consent, text)
        correct_answer(question, landmark=landmark, consent=consent, at=at)
    address = reverse("guide:recognition", args=[receipt])
    return SeeOther(f"{address}#feedback", headers=PRIVATE)


def _places(request: HttpRequest, question: RecognitionRequest, consent: bool) -> HttpResponse:
    """Show the places of a name to choose from: the form works without a script."""
    query = request.POST.get("place", "").strip()[:100].replace("\0", "")
    if not query:
        text = _("Please write the name of the place.")
        return _refused(request, question, consent, text)
    found = Landmark.objects.published().search(query).with_names()[:FOUND]
    language = get_language()
    places = [
        {
            "slug": landmark.slug,
            "name": landmark.name_in(language) or landmark.slug,
            "region": landmark.region.name_in(language),
        }
        for landmark in found
    ]
    return _page(request, question, consent, query=query, places=places)


def _refused(
    request: HttpRequest, question: RecognitionRequest, consent: bool, error: str
) -> HttpResponse:
    return _page(request, question, consent, error=error, status=400)


def _page(
    request: HttpRequest,
    question: RecognitionRequest,
    consent: bool,
    *,
    status: int = 200,
    **more,
) -> HttpResponse:
    context = {"question": question, "consent": consent, **more}
    response = render(request, "guide/feedback_places.html", context, status=status)
    return with_headers(response, PRIVATE)
