from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.guide.models import Article
from apps.guide.services import ArticleNotPublished, publish_article, withdraw_article


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    list_display = ["title", "landmark", "language", "state", "published_at"]
    list_filter = ["state", "language"]
    list_select_related = ["landmark"]
    search_fields = ["title", "body", "landmark__slug", "landmark__names__text"]
    autocomplete_fields = ["landmark"]
    readonly_fields = ["state", "published_at", "withdrawn_at", "created_at", "updated_at"]
    actions = ["publish", "withdraw"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        return super().get_queryset(request).prefetch_related("landmark__names")

    def save_model(self, request: HttpRequest, article: Article, form, change: bool) -> None:
        article.updated_at = timezone.now()
        if not change:
            article.created_at = article.updated_at
        super().save_model(request, article, form, change)

    @admin.action(description=_("Publish the selected articles"), permissions=["change"])
    def publish(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        for article in articles:
            publish_article(article, at=timezone.now())
        count = len(articles)
        text = ngettext(
            "%(count)d article is published.", "%(count)d articles are published.", count
        )
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    @admin.action(description=_("Withdraw the selected articles"), permissions=["change"])
    def withdraw(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        withdrawn = 0
        for article in articles:
            try:
                withdraw_article(article, at=timezone.now())
            except ArticleNotPublished:
                text = _("%(article)s is not published.") % {"article": article}
                self.message_user(request, text, messages.WARNING)
            else:
                withdrawn += 1
        text = ngettext(
            "%(count)d article is withdrawn.", "%(count)d articles are withdrawn.", withdrawn
        )
        self.message_user(request, text % {"count": withdrawn}, messages.SUCCESS)
