"""Photos in, landmarks out."""

from __future__ import annotations

import math
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone, translation
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.v1.authentication import MayRecognize
from apps.api.v1.errors import Gone, ProblemSerializer
from apps.catalogue.models import Landmark
from apps.catalogue.pictures import PictureRefused, prepare, upload_bounds
from apps.recognition.feedback import NothingToConfirm, confirm_answer, correct_answer
from apps.recognition.models import Candidate, Feedback, RecognitionRequest
from apps.recognition.services import answer_photos, delete_request


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
        candidates = (
            request.candidates.select_related("landmark").prefetch_related("landmark__names")
            if done
            else []
        )
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
            "candidates": CandidateSerializer(candidates, many=True, context=self.context).data,
        }
        if request.state == RecognitionRequest.State.FAILED:
            answer["error"] = {
                "code": request.error_code,
                "detail": translation.gettext("This photo could not be recognized."),
            }
        return answer


class UploadSerializer(serializers.Serializer):
    photo = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True),
        allow_empty=False,
        help_text="up to five photos of one place",
    )
    lat = serializers.FloatField(required=False, min_value=-90, max_value=90)
    lon = serializers.FloatField(required=False, min_value=-180, max_value=180)
    top_k = serializers.IntegerField(required=False, default=5, min_value=1, max_value=5)

    def validate(self, values: dict) -> dict:
        if ("lat" in values) != ("lon" in values):
            raise serializers.ValidationError(translation.gettext("Send both lat and lon."))
        if not all(math.isfinite(values.get(name, 0)) for name in ("lat", "lon")):
            raise serializers.ValidationError(translation.gettext("lat and lon are numbers."))
        return values


PROBLEM = OpenApiResponse(ProblemSerializer, description="problem document")


class RecognitionList(APIView):
    permission_classes = [MayRecognize]
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="recognitions_create",
        request=UploadSerializer,
        responses={
            201: RecognitionSerializer,
            **dict.fromkeys((400, 401, 403, 413, 415, 422, 429, 503), PROBLEM),
        },
    )
    def post(self, request) -> Response:
        """Recognize up to five photos of one place; done within 3 s, else pending."""
        uploads = request.FILES.getlist("photo")
        if not uploads:
            raise PictureRefused("empty_file")
        if len(uploads) > settings.PHOTOS_PER_REQUEST:
            raise PictureRefused("too_many_files")
        form = UploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        bounds = upload_bounds()
        photos = [prepare(upload, name=upload.name, bounds=bounds) for upload in uploads]
        values = form.validated_data
        answered = answer_photos(
            photos,
            requester=request.auth.prefix,
            position=(values["lat"], values["lon"]) if "lat" in values else None,
            top_k=values["top_k"],
            started=request.started,
        )
        return _response(request, answered, status=201)


class RecognitionDetail(APIView):
    permission_classes = [MayRecognize]

    @extend_schema(
        operation_id="recognitions_retrieve",
        responses={
            200: RecognitionSerializer,
            **dict.fromkeys((401, 403, 404, 410, 429), PROBLEM),
        },
    )
    def get(self, request, receipt: UUID) -> Response:
        """Read an answer again, or look whether a pending one is done."""
        return _response(request, _own(request, receipt))

    @extend_schema(
        operation_id="recognitions_destroy",
        responses={204: None, **dict.fromkeys((401, 403, 404, 410, 429), PROBLEM)},
    )
    def delete(self, request, receipt: UUID) -> Response:
        """Delete the photos and the answer; afterwards this address answers 410."""
        delete_request(_own(request, receipt), at=timezone.now())
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
            **dict.fromkeys((400, 401, 403, 404, 410, 415, 422, 429), PROBLEM),
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


def _own(request, receipt: UUID) -> RecognitionRequest:
    """Return a request of this key. Others do not exist for it; deleted ones are gone."""
    found = get_object_or_404(
        RecognitionRequest.objects.made_by(request.auth.prefix), receipt=receipt
    )
    if found.deleted_at:
        raise Gone
    return found


def _response(request: HttpRequest, answered: RecognitionRequest, status: int = 200) -> Response:
    data = RecognitionSerializer(answered, context={"request": request}).data
    response = Response(data, status=status)
    response["Server-Timing"] = answered.server_timing()
    response["Cache-Control"] = "no-store"
    if status == 201:
        response["Location"] = request.build_absolute_uri(f"{request.path}{answered.receipt}/")
    return response
