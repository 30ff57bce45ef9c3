"""Pictures of images, for those who work on them; to everybody else they do not exist."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import BinaryIO

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.accounts.permissions import Permission, may
from apps.annotation.models import AnnotationImage
from apps.annotation.pictures import small_picture
from apps.annotation.services.showing import (
    NoPicture,
    PictureAway,
    PictureBroken,
    open_picture,
)
from apps.operations.problems import problem_response

# The picture at an address never changes, and only its viewer may keep it.
CACHE = {"Cache-Control": "private, max-age=604800, immutable"}


def picture_address(view: Callable[[BinaryIO], HttpResponse]) -> Callable[..., HttpResponse]:
    """Make a view out of `view(content)`: whoever may not see the picture gets 404."""

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, image: int) -> HttpResponse:
        shown = get_object_or_404(_images_for(request), pk=image)
        try:
            content = open_picture(shown, at=timezone.now())
        except NoPicture:
            raise Http404 from None
        except PictureBroken:
            detail = _("The picture is gone or damaged. It was set aside for a supervisor.")
            return problem_response(410, "picture_broken", detail)
        except PictureAway:
            detail = _("The place where the pictures lie does not answer. Please try again later.")
            return problem_response(503, "picture_away", detail, headers={"Retry-After": "60"})
        return view(content)

    return answer


def _images_for(request: HttpRequest):
    user = request.user
    if not user.is_authenticated:
        raise Http404
    if may(user, Permission.REVIEW_ANNOTATIONS):
        return AnnotationImage.objects.all()
    if not may(user, Permission.ANNOTATE):
        raise Http404
    return AnnotationImage.objects.visible_to(user)


@picture_address
def image(content: BinaryIO) -> HttpResponse:
    return FileResponse(content, content_type="image/jpeg", headers=CACHE)


@picture_address
def small_image(content: BinaryIO) -> HttpResponse:
    """Show a picture as small as lists need it."""
    with content:
        small = small_picture(content.read())
    return HttpResponse(small, content_type="image/jpeg", headers=CACHE)
