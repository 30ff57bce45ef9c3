"""The page that shows what each tag means, with pictures."""

from __future__ import annotations

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts.permissions import Permission, require_permission
from apps.annotation.examples import Example, example_file, examples_of
from apps.annotation.models import Dataset
from apps.annotation.shapes import Box

CACHE = {"Cache-Control": "private, max-age=86400"}


@require_safe
@require_permission(Permission.SEE_GUIDE)
def guide_page(request: HttpRequest) -> HttpResponse:
    shown = examples_of(settings.DEMO_PICTURES_DIR)
    context = {
        "examples": shown,
        "boxes": [box for example in shown["box"][:1] for box in _boxes(example)],
        "practice": Dataset.objects.filter(practice=True, open_to_all=True).order_by("pk").first(),
    }
    return render(request, "annotation/guide.html", context)


def _boxes(example: Example) -> list[dict]:
    """Return a good box and two bad ones on the same picture."""
    x, y, width, height = example.box
    wide, high = width // 6, height // 8
    loose = Box(
        max(0, x - wide),
        max(0, y - high),
        min(example.width, x + width + wide) - max(0, x - wide),
        min(example.height, y + height + high) - max(0, y - high),
    )
    tight = Box(x + wide, y + high, width - 2 * wide, height - 2 * high)
    return [
        {"kind": kind, "example": example, "box": box}
        for kind, box in (("good", example.box), ("loose", loose), ("tight", tight))
    ]


@require_safe
@require_permission(Permission.SEE_GUIDE)
def guide_picture(request: HttpRequest, name: str) -> HttpResponse:
    path = example_file(settings.DEMO_PICTURES_DIR, name)
    if path is None:
        raise Http404
    return FileResponse(path.open("rb"), content_type="image/jpeg", headers=CACHE)
