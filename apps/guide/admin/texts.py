"""All languages of a landmark's text side by side, to be written and translated in one view."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.catalogue.models import Landmark
from apps.catalogue.scope import may_edit
from apps.guide.models import Article
from apps.guide.services import TextChanged, write_text


class TextForm(forms.Form):
    """A text in one language. Left empty where there is none, it stays away."""

    title = forms.CharField(
        label=_("title"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget
    )
    body = forms.CharField(
        label=_("text"),
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 18}),
        help_text=_("Paragraphs are separated by an empty line."),
    )
    opened = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, article: Article | None, language: str, **kwargs):
        self.article, self.language = article, language
        self.theirs: Article | None = None
        if article:
            values = {"title": article.title, "body": article.body, "opened": article.version}
            kwargs["initial"] = values
        super().__init__(*args, prefix=language, **kwargs)
        for name in ("title", "body"):
            self.fields[name].widget.attrs["lang"] = language

    def clean(self) -> dict:
        values = super().clean()
        if self.article or any(values.get(name) for name in ("title", "body")):
            for name in ("title", "body"):
                if not values.get(name):
                    self.add_error(name, _("Please write this too, or leave both empty."))
        return values

    @property
    def is_changed(self) -> bool:
        return bool({"title", "body"} & {*self.changed_data})

    def show_theirs(self, theirs: Article | None) -> None:
        """Keep what was typed; the next save is meant for what the colleague stored."""
        self.theirs = theirs
        self.data = self.data.copy()
        self.data[self.add_prefix("opened")] = theirs.version if theirs else ""


class SideBySide:
    """A mixin for the admin of articles."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.texts_view)
        return [
            path("of/<int:landmark>/", view, name="guide_article_texts"),
            *super().get_urls(),
        ]

    def texts_view(self, request: HttpRequest, landmark: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        place = get_object_or_404(Landmark.objects.prefetch_related("names"), pk=landmark)
        may_write = (
            self.has_change_permission(request)
            and self.has_add_permission(request)
            and may_edit(request.user, place)
        )
        if request.method == "POST" and not may_write:
            raise PermissionDenied
        texts = {each.language: each for each in place.articles.all()}
        forms_ = [
            TextForm(request.POST or None, article=texts.get(code), language=code)
            for code, _name in settings.LANGUAGES
        ]
        if request.method == "POST" and self._write(request, place, forms_):
            self.message_user(request, _("The texts are saved."), messages.SUCCESS)
            return redirect("admin:guide_article_texts", landmark)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Texts of %(name)s") % {"name": place},
            "opts": self.opts,
            "landmark": place,
            "forms": forms_,
            "names": {
                code: [name for name in place.names.all() if name.language == code]
                for code, _name in settings.LANGUAGES
            },
            "may_write": may_write,
        }
        status = 409 if any(form.theirs for form in forms_) else 200
        return render(request, "admin/guide/texts.html", context, status=status)

    def _write(self, request: HttpRequest, place: Landmark, texts: list[TextForm]) -> bool:
        """Store what was changed; return whether all of it is stored."""
        # All are judged, so that every fault is shown at once.
        judged = [form.is_valid() for form in texts]
        if not all(judged):
            return False
        done = True
        for form in (form for form in texts if form.is_changed):
            values = form.cleaned_data
            try:
                form.article = write_text(
                    landmark=place,
                    language=form.language,
                    by=request.user,
                    at=timezone.now(),
                    **values,
                )
            except TextChanged as reason:
                form.show_theirs(reason.held)
                done = False
            else:
                form.show_theirs(form.article)
                form.theirs = None
        return done
