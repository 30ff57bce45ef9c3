"""Pictures of the catalogue and pictures to try."""

from __future__ import annotations

import uuid

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from apps.catalogue.models import Photo
from apps.catalogue.models.photo import RENDITION_FORMATS
from apps.guide.samples import sample_file

# A day: what staff take back must leave the caches soon.
CATALOGUE_CACHE = {"Cache-Control": "public, max-age=86400"}


@require_safe
def photo_file(request: HttpRequest, photo: uuid.UUID) -> HttpResponse:
    shown = get_object_or_404(Photo.objects.shown(), pk=photo)
    return _stored(shown.file.name, "image/jpeg")


@require_safe
def photo_rendition(
    request: HttpRequest, photo: uuid.UUID, shape: str, width: int, suffix: str
) -> HttpResponse:
    shown = get_object_or_404(Photo.objects.shown().select_related("license"), pk=photo)
    if suffix not in RENDITION_FORMATS or width not in (each for each, _ in shown.sizes_of(shape)):
        raise Http404
    return _stored(shown.rendition_name(shape, width, suffix), RENDITION_FORMATS[suffix])


def _stored(name: str, content_type: str) -> HttpResponse:
    try:
        content = default_storage.open(name, "rb")
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(content, content_type=content_type, headers=CATALOGUE_CACHE)


@require_safe
def sample(request: HttpRequest, split: str, slug: str, name: str) -> HttpResponse:
    path = sample_file(split, slug, name)
    if path is None:
        raise Http404
    return FileResponse(path.open("rb"), content_type="image/jpeg", headers=CATALOGUE_CACHE)
