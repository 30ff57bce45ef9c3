from __future__ import annotations

import re
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.catalogue.models import Landmark
from apps.catalogue.scope import within_regions

SENTENCE_END = re.compile(r"(?<=[.!?])\s")


class ArticleQuerySet(models.QuerySet):
    def published(self, *, at: datetime) -> ArticleQuerySet:
        return self.filter(state=Article.State.PUBLISHED, published_at__lte=at)

    def to_announce(self, *, at: datetime) -> ArticleQuerySet:
        """Articles that are shown and that nobody was told of."""
        return self.published(at=at).filter(announced_at=None)

    def editable_by(self, user: AbstractBaseUser) -> ArticleQuerySet:
        """Texts of landmarks in the regions that a person may edit."""
        return within_regions(self, user)

    def in_language(self, language: str) -> ArticleQuerySet:
        return self.filter(language=language)


class Article(models.Model):
    """The public text of a landmark in one language."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        IN_REVIEW = "in_review", _("in review")
        PUBLISHED = "published", _("published")
        WITHDRAWN = "withdrawn", _("withdrawn")

    landmark = models.ForeignKey(
        Landmark, models.CASCADE, related_name="articles", verbose_name=_("landmark")
    )
    language = models.CharField(_("language"), max_length=10)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"), help_text=_("Paragraphs are separated by an empty line."))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    published_at = models.DateTimeField(
        _("published"), null=True, blank=True, help_text=_("A time to come shows it from then on.")
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    # When others were told that it is shown: at once, or when its time had come.
    announced_at = models.DateTimeField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, help_text="raised by every save")
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("changed"))

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        permissions = [("publish_article", _("Can publish and withdraw articles"))]
        constraints = [
            models.UniqueConstraint(
                name="article_once_per_language", fields=["landmark", "language"]
            ),
            models.CheckConstraint(
                name="article_has_text", condition=~Q(title="") & ~Q(body="") & ~Q(language="")
            ),
            models.CheckConstraint(
                name="article_state_is_known",
                condition=Q(state__in=["draft", "in_review", "published", "withdrawn"]),
            ),
            models.CheckConstraint(
                name="article_published_has_time",
                condition=~Q(state="published") | Q(published_at__isnull=False),
            ),
            models.CheckConstraint(
                name="article_withdrawn_has_time",
                condition=Q(state="withdrawn", withdrawn_at__isnull=False)
                | (~Q(state="withdrawn") & Q(withdrawn_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "published_at"], name="article_published"),
            models.Index(
                fields=["published_at"],
                name="article_to_announce",
                condition=Q(state="published", announced_at=None),
            ),
            models.Index(fields=["-updated_at", "-id"], name="article_last_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.language})"

    @property
    def first_sentence(self) -> str:
        return SENTENCE_END.split(self.body.strip(), maxsplit=1)[0]

    @property
    def paragraphs(self) -> list[str]:
        return [part.strip() for part in re.split(r"\n\s*\n", self.body) if part.strip()]
