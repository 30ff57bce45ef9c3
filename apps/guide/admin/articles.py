from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
)

from apps.catalogue.admin.exports import Exports
from apps.catalogue.admin.scope import ScopedAdmin
from apps.catalogue.models import Landmark
from apps.catalogue.scope import outside_regions
from apps.guide.admin.texts import SideBySide
from apps.guide.models import Article
from apps.guide.services import (
    ArticleNotPublished,
    ArticleNotReady,
    WrongState,
    publish_article,
    return_to_draft,
    send_to_review,
    withdraw_article,
)
from apps.guide.views.landmark import landmark as landmark_page
from apps.guide.workflow import FOLLOWS, article_gate
from apps.operations.conflicts import VersionedAdmin
from apps.operations.conversations import Conversations
from apps.operations.models import AuditEntry, Comment

STATE_COLOURS = {
    "draft": "warning",
    "in_review": "info",
    "published": "success",
    "withdrawn": "danger",
}


class StepForm(forms.Form):
    """One step of a text through its states."""

    note = forms.CharField(
        label=_("note"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
    )
    goes_live = forms.SplitDateTimeField(
        label=_("publish at"), required=False, widget=UnfoldAdminSplitDateTimeWidget
    )


class Scheduled(RadioFilter):
    """Texts whose time has not come yet."""

    title = _("going live")
    parameter_name = "scheduled"

    def lookups(self, request, model_admin):
        return [("yes", _("at a set time"))]

    def queryset(self, request, articles: QuerySet[Article]) -> QuerySet[Article]:
        if self.value() != "yes":
            return articles
        return articles.filter(state=Article.State.PUBLISHED, published_at__gt=timezone.now())


@admin.register(Article)
class ArticleAdmin(Exports, SideBySide, Conversations, ScopedAdmin, VersionedAdmin):
    list_display = ["title", "landmark", "language", "shown_state", "published_at", "updated_at"]
    list_filter = ["state", Scheduled, "language"]
    list_filter_submit = True
    list_select_related = ["landmark"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["title", "landmark__names__text"]
    ordering = ["-updated_at", "-pk"]
    autocomplete_fields = ["landmark"]
    fields = ["landmark", "language", "title", "body", "other_languages", "next_step"]
    readonly_fields = ["other_languages", "next_step"]
    actions = ["publish", "withdraw", "export_selected"]
    export_kinds = ["articles"]
    # Steps have a page of their own, with a gate.
    not_reverted = ["landmark", "language", "state", "published_at", "withdrawn_at", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        return super().get_queryset(request).prefetch_related("landmark__names")

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "language":
            return forms.ChoiceField(
                label=db_field.verbose_name,
                choices=settings.LANGUAGES,
                widget=UnfoldAdminSelectWidget,
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Article | None = None):
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "landmark", "language"] if obj else fields

    def save_model(self, request: HttpRequest, article: Article, form, change: bool) -> None:
        article.updated_at = timezone.now()
        if not change:
            article.created_at = article.updated_at
        super().save_model(request, article, form, change)

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def shown_state(self, article: Article) -> tuple[str, str]:
        return article.state, article.get_state_display()

    @admin.display(description=_("other languages"))
    def other_languages(self, article: Article) -> str:
        if not article.pk:
            return "–"
        others = Article.objects.filter(landmark=article.landmark_id).exclude(pk=article.pk)
        texts = [(each.language, each.title, each.body) for each in others.order_by("language")]
        return format_html(
            '{}<a class="admin-link" href="{}">{}</a>',
            format_html_join(
                "",
                '<article class="admin-text" lang="{}"><h3>{}</h3><p>{}</p></article>',
                texts,
            ),
            reverse("admin:guide_article_texts", args=[article.landmark_id]),
            _("Write side by side in all languages"),
        )

    @admin.display(description=_("state"))
    def next_step(self, article: Article) -> str:
        if not article.pk:
            return _("A new text is a draft.")
        return format_html(
            '{} · <a class="admin-link" href="{}">{}</a>',
            article.get_state_display(),
            reverse("admin:guide_article_workflow", args=[article.pk]),
            _("Review, preview and publish"),
        )

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("<int:key>/workflow/", view(self.workflow_view), name="guide_article_workflow"),
            path("<int:key>/preview/", view(self.preview_view), name="guide_article_preview"),
            *super().get_urls(),
        ]

    def may_publish(self, request: HttpRequest) -> bool:
        return request.user.has_perm("guide.publish_article")

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return self.may_publish(request)

    def workflow_view(self, request: HttpRequest, key: int) -> HttpResponse:
        article = get_object_or_404(self.get_queryset(request), pk=key)
        if not self.has_change_permission(request, article):
            raise PermissionDenied
        form = StepForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            self._step(request, article, form.cleaned_data)
            return redirect("admin:guide_article_workflow", key)
        steps = FOLLOWS[article.state]
        judged = article_gate(article)
        others = Article.objects.filter(landmark=article.landmark_id).exclude(pk=article.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": article.title,
            "opts": self.opts,
            "article": article,
            "others": others.order_by("language"),
            "form": form,
            "gate": judged,
            "may_review": Article.State.IN_REVIEW in steps,
            "may_return": Article.State.DRAFT in steps,
            "may_publish": Article.State.PUBLISHED in steps and self.may_publish(request),
            "may_withdraw": Article.State.WITHDRAWN in steps and self.may_publish(request),
            "waits": article.state == "published" and article.published_at > timezone.now(),
            "threads": Comment.objects.about(article).open().prefetch_related("replies"),
            "changes": [
                (entry, _state_reached(entry)) for entry in AuditEntry.objects.about(article)[:20]
            ],
        }
        return render(request, "admin/guide/workflow.html", context)

    def _step(self, request: HttpRequest, article: Article, values: dict) -> None:
        step = request.POST.get("step")
        if step in ("publish", "withdraw") and not self.may_publish(request):
            raise PermissionDenied
        known = {"by": request.user, "at": timezone.now(), "note": values["note"]}
        try:
            if step == "publish":
                publish_article(article, goes_live=values["goes_live"], **known)
            elif step == "withdraw":
                withdraw_article(article, **known)
            elif step == "review":
                send_to_review(article, **known)
            elif step == "return":
                return_to_draft(article, **known)
        except ArticleNotReady as reason:
            text = _("Not published: %(blockers)s.") % {"blockers": ", ".join(reason.blockers)}
            self.message_user(request, text, messages.ERROR)
        except (ArticleNotPublished, WrongState):
            text = _("Somebody else moved this text in the meantime. Nothing was done.")
            self.message_user(request, text, messages.ERROR)

    def preview_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Show the public page as it would be: publish, render, and take it all back."""
        article = get_object_or_404(Article.objects.select_related("landmark"), pk=key)
        if not self.has_view_permission(request, article):
            raise PermissionDenied
        now = timezone.now()
        with transaction.atomic(), translation.override(article.language):
            Landmark.objects.filter(pk=article.landmark_id).update(state="published")
            Article.objects.filter(pk=key).update(
                state="published", published_at=now, withdrawn_at=None
            )
            response = landmark_page(request, article.landmark.slug)
            transaction.set_rollback(True)
        response["X-Robots-Tag"] = "noindex"
        return response

    def _open(self, request: HttpRequest, articles: QuerySet[Article]) -> QuerySet[Article]:
        """Leave out, and name, the texts of other regions."""
        inside = articles.editable_by(request.user)
        for article in articles.exclude(pk__in=inside.values("pk")):
            text = _("%(article)s stays as it was: %(reason)s.")
            values = {"article": article, "reason": outside_regions()}
            self.message_user(request, text % values, messages.WARNING)
        return inside

    @admin.action(description=_("Publish the selected articles"), permissions=["publish"])
    def publish(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        published = 0
        for article in self._open(request, articles):
            try:
                publish_article(article, at=timezone.now(), by=request.user)
            except ArticleNotReady as reason:
                text = _("%(article)s is not published: %(blockers)s.")
                values = {"article": article, "blockers": ", ".join(reason.blockers)}
                self.message_user(request, text % values, messages.WARNING)
            else:
                published += 1
        text = ngettext(
            "%(count)d article is published.", "%(count)d articles are published.", published
        )
        self.message_user(request, text % {"count": published}, messages.SUCCESS)

    @admin.action(description=_("Withdraw the selected articles"), permissions=["publish"])
    def withdraw(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        withdrawn = 0
        for article in self._open(request, articles):
            try:
                withdraw_article(article, at=timezone.now(), by=request.user)
            except ArticleNotPublished:
                text = _("%(article)s is not published.") % {"article": article}
                self.message_user(request, text, messages.WARNING)
            else:
                withdrawn += 1
        text = ngettext(
            "%(count)d article is withdrawn.", "%(count)d articles are withdrawn.", withdrawn
        )
        self.message_user(request, text % {"count": withdrawn}, messages.SUCCESS)


def _state_reached(entry: AuditEntry) -> str:
    """Return the name of the state that a change led to, empty where it led to no other."""
    was, became = ((values or {}).get("state") for values in (entry.before, entry.after))
    return "" if became in (was, None) else str(Article.State(became).label)
