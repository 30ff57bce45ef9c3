"""LANDMARK_DETECTION in the shape of Google's Vision API v1, for programs written for it.

`POST /v1/images:annotate`; the key comes in `x-goog-api-key` or `Authorization: Api-Key …`.
Nothing of the pictures is stored.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import AuthenticationFailed, ValidationError

from apps.api.v1.authentication import KEYWORD, meter, meter_anonymous
from apps.api.v1.uploads import decoded
from apps.catalogue.models import Landmark
from apps.catalogue.pictures import PictureRefused, prepare, upload_bounds
from apps.operations.limits import LimitReached
from apps.partners.metering import QuotaReached, use_again
from apps.partners.models import Scope
from apps.recognition import pipeline
from apps.recognition.reference_index import NoReferenceIndex
from apps.recognition.serving import ServingError

OPERATION = "POST images:annotate"
IMAGES_AT_ONCE = 16
MOST_LANDMARKS = 5
# Of google.rpc.Code: the number in an image's error, and the status and name of a whole one.
INVALID, NOT_FOUND, DENIED, USED_UP, UNIMPLEMENTED, UNAVAILABLE, UNAUTHENTICATED = (
    *(3, 5, 7, 8, 12, 14, 16),
)
STATUS = {
    INVALID: (400, "INVALID_ARGUMENT"),
    NOT_FOUND: (405, "UNIMPLEMENTED"),
    DENIED: (403, "PERMISSION_DENIED"),
    USED_UP: (429, "RESOURCE_EXHAUSTED"),
    UNAUTHENTICATED: (401, "UNAUTHENTICATED"),
}
# As Google's enum numbers it; its clients send the number.
LANDMARK_DETECTION = ("LANDMARK_DETECTION", 2)
# Where in the picture is not said: the whole of it.
WHOLE = {"normalizedVertices": [{"x": x, "y": y} for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]}


class Refused(Exception):
    """A request or one of its images cannot be answered; `code` is of google.rpc.Code."""

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


@csrf_exempt
def annotate(request: HttpRequest) -> JsonResponse:
    """Detect landmarks in up to 16 images; an image that cannot be used has its own error."""
    try:
        if request.method != "POST":
            raise Refused(NOT_FOUND, _("Use POST."))
        _check_key(request)
        images = _images(request)
        return JsonResponse(
            {"responses": [_answer(request, image, first=n == 0) for n, image in enumerate(images)]}
        )
    except Refused as error:
        return _problem(error)
    except LimitReached as reached:
        response = _problem(Refused(USED_UP, _used_up(reached)))
        response["Retry-After"] = str(reached.retry_after_seconds)
        return response


def _check_key(request: HttpRequest) -> None:
    keyword, _space, text = request.headers.get("Authorization", "").partition(" ")
    given = request.headers.get("X-Goog-Api-Key") or (
        text.strip() if keyword.lower() == KEYWORD.lower() else ""
    )
    if not given:
        meter_anonymous(request)
        raise Refused(UNAUTHENTICATED, _("Send a valid key in the header x-goog-api-key."))
    try:
        key = meter(request, given, operation=OPERATION)
    except AuthenticationFailed:
        text = _("Send a valid key in the header x-goog-api-key.")
        raise Refused(UNAUTHENTICATED, text) from None
    if Scope.RECOGNIZE not in key.scopes:
        raise Refused(DENIED, _("This key may not do that."))


def _images(request: HttpRequest) -> list[dict]:
    try:
        # Not `request.body`, which Django holds to the size of a form.
        asked = json.loads(request.read())["requests"]
    except (ValueError, TypeError, KeyError, RecursionError):
        asked = None
    if not isinstance(asked, list) or not all(isinstance(each, dict) for each in asked):
        raise Refused(INVALID, _('Send JSON: {"requests": [{"image": …, "features": […]}]}.'))
    if not 1 <= len(asked) <= IMAGES_AT_ONCE:
        text = _("Send 1 to %(number)d images.") % {"number": IMAGES_AT_ONCE}
        raise Refused(INVALID, text)
    return asked


def _answer(request: HttpRequest, asked: dict, *, first: bool) -> dict:
    """Return the answer to one image, or its error."""
    try:
        if not first:
            # The request itself counted for the first one.
            _count_one_more(request)
        return _detected(asked)
    except Refused as error:
        return {"error": {"code": error.code, "message": str(error)}}


def _count_one_more(request: HttpRequest) -> None:
    try:
        request.meters = use_again(request.api_key, operation=OPERATION, at=timezone.now())
    except QuotaReached as reached:
        request.meters = reached.meters
        raise Refused(USED_UP, _used_up(reached)) from None


def _detected(asked: dict) -> dict:
    wanted = _wanted(asked.get("features"))
    content = _content(asked.get("image"))
    try:
        photo = prepare(io.BytesIO(content), name="image", bounds=upload_bounds())
    except PictureRefused as refused:
        raise Refused(INVALID, str(refused.message)) from None
    try:
        answer = pipeline.recognize(
            [photo.image], top_k=wanted, position=None, seconds=settings.RECOGNITION_WAIT_SECONDS
        )
    except (NoReferenceIndex, ServingError):
        text = _("Photos cannot be compared at the moment. Please try again soon.")
        raise Refused(UNAVAILABLE, text) from None
    if answer.ranking.certainty == "unknown":
        return {}
    return {"landmarkAnnotations": _annotations(answer.ranking.candidates, _language(asked))}


def _annotations(candidates: Sequence, language: str) -> list[dict]:
    landmarks = Landmark.objects.with_names().in_bulk([each.label for each in candidates])
    return [
        {
            "mid": landmark.external_ids.get("wikidata", "") or f"/gilnun/{landmark.pk}",
            "description": landmark.name_in(language),
            "score": each.probability,
            "boundingPoly": WHOLE,
            "locations": _locations(landmark),
        }
        for each in candidates
        for landmark in [landmarks[each.label]]
    ]


def _locations(landmark: Landmark) -> list[dict]:
    if landmark.latitude is None:
        return []
    place = {"latitude": landmark.latitude, "longitude": landmark.longitude}
    return [{"latLng": place}]


def _wanted(features: object) -> int:
    """Return how many landmarks are wanted at most."""
    kinds = features if isinstance(features, list) else []
    ours = [
        each for each in kinds if isinstance(each, dict) and each.get("type") in LANDMARK_DETECTION
    ]
    if not ours or len(ours) != len(kinds):
        raise Refused(UNIMPLEMENTED, _("Only the feature LANDMARK_DETECTION is known here."))
    most = ours[0].get("maxResults") or MOST_LANDMARKS
    if not isinstance(most, int) or most < 0:
        raise Refused(INVALID, _("maxResults is a whole number."))
    return min(most, MOST_LANDMARKS)


def _content(image: object) -> bytes:
    image = image if isinstance(image, dict) else {}
    if image.get("source"):
        text = _("Addresses of images are not fetched. Send the image itself as content.")
        raise Refused(INVALID, text)
    if not isinstance(image.get("content"), str) or not image["content"]:
        raise Refused(INVALID, _("The image has no content."))
    try:
        return decoded(image["content"].replace("-", "+").replace("_", "/"))
    except ValidationError:
        raise Refused(INVALID, _("This is not base64.")) from None


def _language(asked: dict) -> str:
    context = asked.get("imageContext")
    hints = context.get("languageHints") if isinstance(context, dict) else None
    known = dict(settings.LANGUAGES)
    hinted = [each for each in hints if each in known] if isinstance(hints, list) else []
    return hinted[0] if hinted else translation.get_language()


def _used_up(reached: LimitReached) -> str:
    return _("The limit of %(limit)d is used up. Try again in %(seconds)d seconds.") % {
        "limit": reached.limit,
        "seconds": reached.retry_after_seconds,
    }


def _problem(error: Refused) -> JsonResponse:
    status, name = STATUS[error.code]
    return JsonResponse(
        {"error": {"code": status, "message": str(error), "status": name}}, status=status
    )
