"""Photos in, landmarks out."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone, translation
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.v1.authentication import MayRecognize
from apps.api.v1.errors import Conflict, Gone, KeyReused
from apps.api.v1.shapes.problems import problems
from apps.api.v1.uploads import (
    JsonUploadSerializer,
    PlaceSerializer,
    Sent,
    UploadSerializer,
    fingerprint,
    prepared,
    sent_photos,
)
from apps.catalogue.models import Landmark
from apps.operations.idempotency import (
    InProgress,
    OtherRequest,
    claim_key,
    forget_answer,
    keep_answer,
    release_key,
)
from apps.operations.models import IdempotencyKey
from apps.operations.statements import fetch_all
from apps.recognition.feedback import NothingToConfirm, confirm_answer, correct_answer
from apps.recognition.models import Candidate, Feedback, RecognitionRequest
from apps.recognition.services import answer_photos, delete_request

# With their names as `name_for` chooses them.
CANDIDATES = """
SELECT candidate.rank, candidate.probability, candidate.source, candidate.similarity,
       candidate.inliers, landmark.id, landmark.slug, coalesce(name.text, '')
  FROM recognition_candidate candidate
  JOIN catalogue_landmark landmark ON landmark.id = candidate.landmark_id
  LEFT JOIN LATERAL (
       SELECT text FROM catalogue_landmarkname
        WHERE landmark_id = landmark.id
        ORDER BY kind = 'official' DESC, kind = 'official' AND language = %(language)s DESC,
                 kind = 'official' AND language = 'ko' DESC, id
        LIMIT 1) name ON true
 WHERE candidate.request_id = %(request)s ORDER BY candidate.rank"""


class LandmarkReferenceSerializer(serializers.ModelSerializer):
    name = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = Landmark
        fields = ["id", "slug", "name", "url"]

    def get_name(self, landmark: Landmark) -> str:
        return landmark.name_in(translation.get_language())

    def get_url(self, landmark: Landmark) -> str:
        return self.context["request"].build_absolute_uri(landmark.get_absolute_url())


class EvidenceSerializer(serializers.Serializer):
    source = serializers.ChoiceField(choices=Candidate.Source.choices)
    similarity = serializers.FloatField()
    inliers = serializers.IntegerField(allow_null=True)


class CandidateSerializer(serializers.Serializer):
    rank = serializers.IntegerField()
    probability = serializers.FloatField()
    landmark = LandmarkReferenceSerializer()
    evidence = EvidenceSerializer(source="*")


class ModelSerializer(serializers.Serializer):
    name = serializers.CharField()
    version = serializers.IntegerField()


class ErrorSerializer(serializers.Serializer):
    code = serializers.CharField()
    detail = serializers.CharField()


class RecognitionSerializer(serializers.Serializer):
    """What a photo shows. While pending or failed there are no candidates."""

    id = serializers.UUIDField(source="receipt")
    status = serializers.ChoiceField(choices=RecognitionRequest.State.choices, source="state")
    known = serializers.BooleanField()
    certainty = serializers.ChoiceField(
        choices=RecognitionRequest.Certainty.choices, allow_null=True
    )
    unknown_probability = serializers.FloatField(allow_null=True)
    model = ModelSerializer(allow_null=True)
    position_used = serializers.BooleanField()
    candidates = CandidateSerializer(many=True)
    error = ErrorSerializer(required=False)

    def to_representation(self, request: RecognitionRequest) -> dict:
        done = request.state == RecognitionRequest.State.DONE
        answer = {
            "id": str(request.receipt),
            "status": request.state,
            "known": request.known,
            "certainty": request.certainty or None,
            "unknown_probability": request.unknown_probability,
            "model": (
                {"name": request.model_name, "version": request.model_version} if done else None
            ),
            "position_used": request.position_used,
            "candidates": self._candidates(request) if done else [],
        }
        if request.state == RecognitionRequest.State.FAILED:
            answer["error"] = {
                "code": request.error_code,
                "detail": translation.gettext("This photo could not be recognized."),
            }
        return answer

    def _candidates(self, request: RecognitionRequest) -> list[dict]:
        """Return what CandidateSerializer says, without what making 55 fields of it costs."""
        address = self.context["request"].build_absolute_uri
        asked = {"request": request.pk, "language": translation.get_language()}
        return [
            {
                "rank": rank,
                "probability": probability,
                "landmark": {
                    "id": landmark,
                    "slug": slug,
                    "name": name,
                    "url": address(reverse("guide:landmark", args=[slug])),
                },
                "evidence": {"source": source, "similarity": similarity, "inliers": inliers},
            }
            for rank, probability, source, similarity, inliers, landmark, slug, name in fetch_all(
                CANDIDATES, asked
            )
        ]


class RecognitionList(APIView):
    permission_classes = [MayRecognize]
    parser_classes = [MultiPartParser, JSONParser]

    @extend_schema(
        operation_id="recognitions_create",
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                description=(
                    "Any text of up to 255 characters, new for each photo. The same request with"
                    " the same key within 24 hours gets the same answer and costs no second"
                    " recognition."
                ),
            )
        ],
        request={
            "multipart/form-data": UploadSerializer,
            "application/json": JsonUploadSerializer,
        },
        responses={
            201: RecognitionSerializer,
            **problems(400, 409, 410, 413, 415, 422, 503),
        },
    )
    def post(self, request) -> Response:
        """Recognize up to five photos of one place; done within 3 s, else pending."""
        photos = sent_photos(request)
        form = PlaceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        held = _claimed(request, photos, form.validated_data)
        if held is not None:
            if held.answer is not None:
                return _repeated(request, held)
            if earlier := _own_requests(request).filter(receipt=held.token).first():
                # Whoever held the key died after storing the photos.
                return _first(request, earlier, held)
        try:
            answered = self._answer(request, photos, form.validated_data, held)
        except BaseException:
            if held is not None:
                release_key(held)
            raise
        return _first(request, answered, held)

    def _answer(
        self, request, photos: list[Sent], values: dict, held: IdempotencyKey | None
    ) -> RecognitionRequest:
        return answer_photos(
            prepared(photos),
            requester=request.auth.prefix,
            position=(values["lat"], values["lon"]) if "lat" in values else None,
            top_k=values["top_k"],
            started=request.started,
            receipt=held.token if held else None,
        )


class RecognitionDetail(APIView):
    permission_classes = [MayRecognize]

    @extend_schema(
        operation_id="recognitions_retrieve",
        responses={
            200: RecognitionSerializer,
            **problems(404, 410),
        },
    )
    def get(self, request, receipt: UUID) -> Response:
        """Read an answer again, or look whether a pending one is done."""
        return _response(request, _own(request, receipt))

    @extend_schema(
        operation_id="recognitions_destroy",
        responses={204: None, **problems(404, 410)},
    )
    def delete(self, request, receipt: UUID) -> Response:
        """Delete the photos and the answer; afterwards this address answers 410."""
        delete_request(_own(request, receipt), at=timezone.now())
        forget_answer(receipt)
        return Response(status=204)


class FeedbackInputSerializer(serializers.Serializer):
    """Either `correct`, or the landmark that the photo shows; null where you do not know it."""

    correct = serializers.BooleanField(required=False, help_text="the answer is right")
    landmark = serializers.IntegerField(
        required=False, allow_null=True, help_text="what the photo shows instead"
    )
    consent = serializers.BooleanField(
        default=False, help_text="the sender of the photo lets us keep it to learn from"
    )

    def validate(self, values: dict) -> dict:
        correct, corrected = values.get("correct"), "landmark" in values
        if (correct is None and not corrected) or (correct and corrected):
            text = translation.gettext('Send "correct": true, or "landmark".')
            raise serializers.ValidationError(text)
        return values

    def validate_landmark(self, wanted: int | None) -> Landmark | None:
        if wanted is None:
            return None
        known = abs(wanted) < 2**63
        landmark = Landmark.objects.published().filter(pk=wanted).first() if known else None
        if landmark is None:
            raise serializers.ValidationError(translation.gettext("There is no such landmark."))
        return landmark


class FeedbackSerializer(serializers.ModelSerializer):
    """What was said of an answer."""

    landmark = LandmarkReferenceSerializer(allow_null=True)

    class Meta:
        model = Feedback
        fields = ["correct", "landmark", "consent", "given_at"]


class RecognitionFeedback(APIView):
    permission_classes = [MayRecognize]
    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="recognitions_feedback_create",
        request=FeedbackInputSerializer,
        responses={
            201: FeedbackSerializer,
            **problems(400, 404, 410, 415, 422),
        },
    )
    def post(self, request, receipt: UUID) -> Response:
        """Say whether an answer is right; a later word takes the place of an earlier one."""
        answered = _own(request, receipt)
        form = FeedbackInputSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        given = {"consent": values["consent"], "at": timezone.now()}
        try:
            if values.get("correct"):
                feedback = confirm_answer(answered, **given)
            else:
                feedback = correct_answer(answered, landmark=values.get("landmark"), **given)
        except NothingToConfirm:
            text = translation.gettext("There is no answer to confirm yet.")
            raise serializers.ValidationError({"correct": [text]}) from None
        data = FeedbackSerializer(feedback, context={"request": request}).data
        return Response(data, status=201, headers={"Cache-Control": "no-store"})


def _own_requests(request) -> QuerySet[RecognitionRequest]:
    return RecognitionRequest.objects.made_by(request.auth.prefix)


def _own(request, receipt: UUID) -> RecognitionRequest:
    """Return a request of this key. Others do not exist for it; deleted ones are gone."""
    found = get_object_or_404(_own_requests(request), receipt=receipt)
    if found.deleted_at:
        raise Gone
    return found


def _claimed(request, photos: list[Sent], values: dict) -> IdempotencyKey | None:
    """Take the Idempotency-Key of a request, if it has one. Raises Conflict, KeyReused."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return None
    if len(key) > 255 or not key.isprintable():
        text = translation.gettext("An Idempotency-Key has at most 255 printable characters.")
        raise serializers.ValidationError({"Idempotency-Key": [text]})
    asked = fingerprint(photos, values)
    try:
        return claim_key(
            credential=request.auth.prefix, key=key, fingerprint=asked, at=timezone.now()
        )
    except InProgress:
        raise Conflict from None
    except OtherRequest:
        raise KeyReused from None


def _repeated(request, held: IdempotencyKey) -> Response:
    """Answer as the first time, unless what came of it was deleted."""
    _own(request, held.token)
    response = Response(held.answer, status=201)
    response["Idempotency-Replayed"] = "true"
    return _as_made(request, response, held.token)


def _first(request, answered: RecognitionRequest, held: IdempotencyKey | None) -> Response:
    response = _response(request, answered, status=201)
    if held is not None:
        keep_answer(held, response.data)
    return _as_made(request, response, answered.receipt)


def _as_made(request, response: Response, receipt: UUID) -> Response:
    response["Cache-Control"] = "no-store"
    response["Location"] = request.build_absolute_uri(f"{request.path}{receipt}/")
    return response


def _response(request: HttpRequest, answered: RecognitionRequest, status: int = 200) -> Response:
    data = RecognitionSerializer(answered, context={"request": request}).data
    response = Response(data, status=status)
    response["Server-Timing"] = answered.server_timing()
    response["Cache-Control"] = "no-store"
    return response
