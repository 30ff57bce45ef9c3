"""Photos like this one."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.utils import timezone, translation
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.v1.authentication import MayRecognize
from apps.api.v1.recognitions import LandmarkReferenceSerializer
from apps.api.v1.shapes.photos import CataloguePhotoSerializer
from apps.api.v1.shapes.problems import problems
from apps.api.v1.uploads import PhotoField, prepared, sent_photos
from apps.catalogue.models import Photo
from apps.recognition.matching import match_later, matches_of
from apps.recognition.models import PhotoMatch
from apps.recognition.similar import MOST, SimilarPhoto, similar_to_images, similar_to_photo


class SimilarSerializer(serializers.Serializer):
    photo = CataloguePhotoSerializer()
    landmark = LandmarkReferenceSerializer()
    similarity = serializers.FloatField(help_text="cosine, -1 to 1")
    inliers = serializers.IntegerField(
        allow_null=True,
        help_text="places of both photos that agree, 0 where geometry confirms nothing; null until "
        "it was asked, and for a photo that was sent",
    )


class SimilarListSerializer(serializers.Serializer):
    """The photos most like the one sent, the likest first."""

    results = SimilarSerializer(many=True)


class SimilarInputSerializer(serializers.Serializer):
    photo_id = serializers.UUIDField(required=False, help_text="a photo of the catalogue")
    limit = serializers.IntegerField(default=20, min_value=1, max_value=MOST)


class SimilarFormSerializer(SimilarInputSerializer):
    """A photo, or the id of one of the catalogue."""

    photo = PhotoField(required=False)


class SimilarJsonSerializer(SimilarInputSerializer):
    """A photo as base64, or the id of one of the catalogue."""

    photo = serializers.CharField(required=False, help_text="base64")


class Similar(APIView):
    permission_classes = [MayRecognize]
    parser_classes = [MultiPartParser, JSONParser]

    @extend_schema(
        operation_id="similar_create",
        request={
            "multipart/form-data": SimilarFormSerializer,
            "application/json": SimilarJsonSerializer,
        },
        responses={
            200: SimilarListSerializer,
            **problems(400, 413, 415, 422, 503),
        },
    )
    def post(self, request) -> Response:
        """Find the photos of the catalogue that look most like a photo; nothing is stored."""
        form = SimilarInputSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        limit = form.validated_data["limit"]
        if "photo_id" in form.validated_data:
            photo = _shown(form.validated_data["photo_id"])
            match_later(photo, at=timezone.now())
            found = similar_to_photo(photo, limit=limit)
            matches = matches_of(photo, [each.photo for each in found])
        else:
            images = [photo.image for photo in prepared(sent_photos(request))]
            found, matches = similar_to_images(images, limit=limit), {}
        return _response(request, found, matches)


def _shown(wanted: UUID) -> Photo:
    photo = Photo.objects.shown().filter(pk=wanted).first()
    if photo is None:
        text = translation.gettext("There is no such photo.")
        raise serializers.ValidationError({"photo_id": [text]})
    return photo


def _response(request, found: list[SimilarPhoto], matches: Mapping[UUID, PhotoMatch]) -> Response:
    results = [
        each._asdict()
        | {"inliers": matches[key].inliers if (key := each.photo.pk) in matches else None}
        for each in found
    ]
    data = SimilarListSerializer({"results": results}, context={"request": request}).data
    return Response(data, headers={"Cache-Control": "no-store"})
