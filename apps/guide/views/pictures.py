"""Pictures of the catalogue and pictures to try."""

from __future__ import annotations

import uuid

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from apps.catalogue.models import Photo
from apps.guide.samples import sample_file

# A day: what staff take back must leave the caches soon.
CATALOGUE_CACHE = {"Cache-Control": "public, max-age=86400"}


@require_safe
def photo_file(request: HttpRequest, photo: uuid.UUID) -> HttpResponse:
    shown = get_object_or_404(Photo.objects.shown(), pk=photo)
    try:
        content = shown.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(content, content_type="image/jpeg", headers=CATALOGUE_CACHE)


@require_safe
def sample(request: HttpRequest, split: str, slug: str, name: str) -> HttpResponse:
    path = sample_file(split, slug, name)
    if path is None:
        raise Http404
    return FileResponse(path.open("rb"), content_type="image/jpeg", headers=CATALOGUE_CACHE)
