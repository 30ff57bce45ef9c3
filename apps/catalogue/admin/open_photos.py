"""The finder of open photos: ask Wikimedia Commons, look, choose, see what became of each."""

from __future__ import annotations

import io

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.catalogue.models import Landmark, OpenPhotoImport
from apps.catalogue.open_photo_imports import (
    REASONS,
    choose_open_photo,
    fetch_again,
    licenses_by_code,
    refusal,
)
from apps.catalogue.open_photos import (
    THUMBNAIL_MAX_BYTES,
    THUMBNAIL_WIDTH,
    AddressRefused,
    OpenPhoto,
    OpenPhotoGone,
    OpenPhotosUnavailable,
    TooLarge,
    fetch_picture,
    find_open_photos,
)
from apps.catalogue.pictures import PictureRefused, prepare, upload_bounds
from apps.catalogue.scope import require_edit
from apps.operations.problems import problem_response

# What was signed for one purpose is worth nothing for another.
CHOICE, THUMBNAIL = "open photo", "open photo thumbnail"
THUMBNAIL_SECONDS = 24 * 60 * 60
RADII = [(each, f"{each:,} m") for each in (100, 300, 500, 1000, 3000, 10_000)]
SHOWN_BEFORE = 40


class FinderForm(forms.Form):
    """Where and with which names to look."""

    korean = forms.CharField(
        label=_("Korean name"), max_length=100, required=False, widget=UnfoldAdminTextInputWidget
    )
    english = forms.CharField(
        label=_("English name"), max_length=100, required=False, widget=UnfoldAdminTextInputWidget
    )
    radius = forms.TypedChoiceField(
        label=_("distance"), choices=RADII, coerce=int, widget=UnfoldAdminSelectWidget
    )


class OpenPhotos:
    """A mixin that adds the finder to the admin of landmarks."""

    def get_urls(self):
        view = self.admin_site.admin_view
        name = "catalogue_landmark_open_photo"
        return [
            path("<int:key>/open-photos/", view(self.open_photos_view), name=f"{name}s"),
            path(
                "<int:key>/open-photos/thumbnail.jpg",
                view(self.open_photo_thumbnail),
                name=f"{name}_thumbnail",
            ),
            *super().get_urls(),
        ]

    def open_photos_view(self, request: HttpRequest, key: int) -> HttpResponse:
        landmark = self._landmark(request, key)
        if request.method == "POST":
            self._take_open_photos(request, landmark)
            return redirect(request.get_full_path())
        names = {each.language: each.text for each in landmark.names.filter(kind="official")}
        first = {"korean": names.get("ko", ""), "english": names.get("en", ""), "radius": 500}
        # Nothing outside is asked before somebody says so.
        form = FinderForm(request.GET) if "radius" in request.GET else FinderForm(initial=first)
        searched = form.is_bound and form.is_valid()
        candidates, error = self._search(landmark, form.cleaned_data) if searched else ([], "")
        chosen = landmark.open_photo_imports.select_related("photo").order_by("-chosen_at", "-pk")
        chosen = list(chosen[:SHOWN_BEFORE])
        for row in chosen:
            row.told = REASONS.get(row.reason, "")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Open photos for %(name)s") % {"name": landmark},
            "opts": self.opts,
            "landmark": landmark,
            "form": form,
            "searched": searched,
            "candidates": candidates,
            "error": error,
            "chosen": chosen,
            "waiting": any(row.state == OpenPhotoImport.State.WAITING for row in chosen),
        }
        return render(request, "admin/catalogue/open_photos.html", context)

    def open_photo_thumbnail(self, request: HttpRequest, key: int) -> HttpResponse:
        """Show the small version of a candidate; only addresses that the finder signed."""
        self._landmark(request, key)
        try:
            url = signing.loads(
                request.GET.get("of", ""), salt=THUMBNAIL, max_age=THUMBNAIL_SECONDS
            )
        except signing.BadSignature:
            raise Http404 from None
        bounds = upload_bounds()._replace(min_side=1, stored_side=THUMBNAIL_WIDTH)
        try:
            content = fetch_picture(url, most=THUMBNAIL_MAX_BYTES)
            made = prepare(io.BytesIO(content), name="thumbnail.jpg", bounds=bounds)
        except (AddressRefused, OpenPhotoGone, TooLarge):
            raise Http404 from None
        except OpenPhotosUnavailable:
            text = str(REASONS["unavailable"])
            return problem_response(502, "open_photos_unavailable", text)
        except PictureRefused as refused:
            return problem_response(refused.status, refused.code, str(refused.message))
        headers = {"Cache-Control": f"private, max-age={THUMBNAIL_SECONDS}"}
        return HttpResponse(made.content, content_type="image/jpeg", headers=headers)

    def open_photos_link(self, landmark: Landmark) -> str:
        address = reverse("admin:catalogue_landmark_open_photos", args=[landmark.pk])
        link = '<a class="admin-link" href="{}">{}</a>'
        return format_html(link, address, _("Find open photos…"))

    def _landmark(self, request: HttpRequest, key: int) -> Landmark:
        """Return a landmark whose photos the person may add to."""
        if not request.user.has_perm("catalogue.add_photo"):
            raise PermissionDenied
        landmark = get_object_or_404(Landmark, pk=key)
        require_edit(request.user, landmark)
        return landmark

    def _search(self, landmark: Landmark, asked: dict) -> tuple[list[dict], str]:
        """Return candidates with what the page says of them, or why there are none."""
        place = (landmark.latitude, landmark.longitude)
        try:
            found = find_open_photos(
                names=[asked["korean"], asked["english"]],
                place=None if None in place else place,
                radius=asked["radius"],
            )
        except OpenPhotosUnavailable:
            text = _(
                "Wikimedia Commons does not answer. Please check this machine's connection to"
                " %(hosts)s and search again, or upload photos instead."
            )
            return [], text % {"hosts": ", ".join(settings.OPEN_PHOTO_HOSTS)}
        except AddressRefused:
            text = _(
                "An address lies outside GILNUN_OPEN_PHOTO_HOSTS, so it is not asked. An"
                " administrator must compare that setting and GILNUN_OPEN_PHOTO_API."
            )
            return [], text
        licenses = licenses_by_code()
        taken = landmark.open_photo_imports.exclude(photo=None)
        known = set(taken.values_list("page_id", flat=True))
        return [self._candidate(landmark, each, licenses, known) for each in found], ""

    def _candidate(self, landmark: Landmark, photo: OpenPhoto, licenses, known: set[int]) -> dict:
        there = photo.page_id in known
        address = reverse("admin:catalogue_landmark_open_photo_thumbnail", args=[landmark.pk])
        thumbnail = signing.dumps(photo.thumbnail_url, salt=THUMBNAIL)
        return {
            "photo": photo,
            "thumbnail": f"{address}?of={thumbnail}" if photo.thumbnail_url else "",
            "choice": signing.dumps([photo.page_id, photo.title], salt=CHOICE),
            "refusal": _("It is there already.") if there else refusal(photo, licenses),
        }

    def _take_open_photos(self, request: HttpRequest, landmark: Landmark) -> None:
        try:
            chosen = [
                signing.loads(each, salt=CHOICE, max_age=THUMBNAIL_SECONDS)
                for each in request.POST.getlist("photo")
            ]
        except signing.BadSignature:
            text = _("The page was open for too long. Please search again.")
            self.message_user(request, text, messages.ERROR)
            return
        again = request.POST.get("again", "")
        at = timezone.now()
        if again.isascii() and again.isdecimal() and len(again) < 19:
            row = get_object_or_404(landmark.open_photo_imports, pk=again)
            fetch_again(row, by=request.user, at=at)
            return
        for page_id, title in chosen:
            choose_open_photo(
                landmark=landmark, page_id=page_id, title=title, by=request.user, at=at
            )
        if not chosen:
            self.message_user(request, _("Please choose a photo."), messages.WARNING)
            return
        text = ngettext(
            "%(count)d photo is fetched in the background.",
            "%(count)d photos are fetched in the background.",
            len(chosen),
        )
        self.message_user(request, text % {"count": len(chosen)}, messages.SUCCESS)
