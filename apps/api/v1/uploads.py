"""Photos as programs send them: files of a form, or base64 inside JSON."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import math
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

from django.conf import settings
from django.utils import translation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.catalogue.pictures import PictureRefused, PreparedPicture, prepare, upload_bounds


class Sent(NamedTuple):
    """A file as it came, and its name."""

    file: BinaryIO
    name: str


class Base64Field(serializers.Field):
    """A file as base64 (RFC 4648), with or without line breaks."""

    def to_internal_value(self, text: object) -> Sent:
        if not isinstance(text, str):
            raise serializers.ValidationError(_not_base64())
        return Sent(io.BytesIO(decoded(text)), "photo")


def decoded(text: str) -> bytes:
    """Return the bytes of base64. Raises ValidationError."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise serializers.ValidationError(_not_base64()) from None


def _not_base64() -> str:
    return translation.gettext("This is not base64.")


class PlaceSerializer(serializers.Serializer):
    """What may come along with photos."""

    lat = serializers.FloatField(required=False, min_value=-90, max_value=90)
    lon = serializers.FloatField(required=False, min_value=-180, max_value=180)
    top_k = serializers.IntegerField(required=False, default=5, min_value=1, max_value=5)

    def validate(self, values: dict) -> dict:
        if ("lat" in values) != ("lon" in values):
            raise serializers.ValidationError(translation.gettext("Send both lat and lon."))
        if not all(math.isfinite(values.get(name, 0)) for name in ("lat", "lon")):
            raise serializers.ValidationError(translation.gettext("lat and lon are numbers."))
        return values


@extend_schema_field(OpenApiTypes.BINARY)
class PhotoField(serializers.FileField):
    """A file of a form; in the document a file too, so that generated clients send one."""


class UploadSerializer(PlaceSerializer):
    photo = serializers.ListField(
        child=PhotoField(allow_empty_file=True),
        allow_empty=False,
        help_text="up to five photos of one place",
    )


class JsonUploadSerializer(PlaceSerializer):
    photo = serializers.ListField(
        child=serializers.CharField(help_text="base64"),
        allow_empty=False,
        help_text="up to five photos of one place, each as base64",
    )


def sent_photos(request) -> list[Sent]:
    """Return the photos of a request, one to five. Raises PictureRefused, ValidationError."""
    if request.content_type.startswith("multipart/"):
        photos = [Sent(upload, upload.name) for upload in request.FILES.getlist("photo")]
    else:
        texts = request.data.get("photo", []) if isinstance(request.data, dict) else []
        texts = texts if isinstance(texts, list) else [texts]
        if len(texts) > settings.PHOTOS_PER_REQUEST:
            raise PictureRefused("too_many_files")
        try:
            photos = [Base64Field().to_internal_value(text) for text in texts]
        except serializers.ValidationError as fault:
            raise serializers.ValidationError({"photo": fault.detail}) from None
    if not photos:
        raise PictureRefused("empty_file")
    if len(photos) > settings.PHOTOS_PER_REQUEST:
        raise PictureRefused("too_many_files")
    return photos


def prepared(photos: Sequence[Sent]) -> list[PreparedPicture]:
    """Check and re-encode photos. Raises PictureRefused."""
    bounds = upload_bounds()
    return [prepare(photo.file, name=photo.name, bounds=bounds) for photo in photos]


def fingerprint(photos: Sequence[Sent], values: dict) -> str:
    """Return the SHA-256 of what was asked, however it was packed; the files are read again."""
    asked = hashlib.sha256(repr(sorted(values.items())).encode())
    for photo in photos:
        asked.update(hashlib.file_digest(photo.file, "sha256").digest())
        photo.file.seek(0)
    return asked.hexdigest()
