"""The form by which visitors say that something on a page is wrong."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from apps.catalogue.models import Landmark, Photo
from apps.guide.forms import ReportForm
from apps.guide.reporting import report_fault
from apps.guide.views.recognition import SeeOther, too_many
from apps.guide.visitors import refuse_other_sites
from apps.operations import limits
from apps.operations.visitors import visitor_address

HOUR = timedelta(hours=1)


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_other_sites
def report(request: HttpRequest, slug: str) -> HttpResponse:
    landmark = get_object_or_404(Landmark.objects.published().with_names(), slug=slug)
    if request.method != "POST":
        return _page(request, landmark, ReportForm(initial={"about": request.GET.get("about")}))
    form = ReportForm(request.POST)
    if not form.is_valid():
        return _page(request, landmark, form, status=400)
    # Programs fill every field; the one that people do not see says so.
    if not form.cleaned_data["nickname"]:
        try:
            limits.take(
                "reports",
                visitor_address(request),
                limit=settings.REPORTS_PER_HOUR,
                window=HOUR,
                at=timezone.now(),
            )
        except limits.LimitReached as reached:
            return too_many(request, reached)
        report_fault(
            landmark,
            about=form.cleaned_data["about"],
            message=form.cleaned_data["message"],
            photo=_photo(request, landmark),
            language=get_language(),
            at=timezone.now(),
        )
    return SeeOther(f"{reverse('guide:report', args=[slug])}?sent=1")


def _photo(request: HttpRequest, landmark: Landmark) -> Photo | None:
    """Return the photo that the page was opened about, where it is one of the landmark's."""
    key = request.GET.get("photo", "")
    shown = Photo.objects.shown().filter(landmark=landmark)
    return next((photo for photo in shown if str(photo.pk) == key), None) if key else None


def _page(
    request: HttpRequest, landmark: Landmark, form: ReportForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "landmark": landmark,
        "name": landmark.name_in(get_language()) or landmark.slug,
        "form": form,
        "photo": _photo(request, landmark),
        "sent": request.GET.get("sent") == "1",
    }
    return render(request, "guide/report.html", context, status=status)
