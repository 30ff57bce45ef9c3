"""What is done to the texts of the guide."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from apps.catalogue.models import Landmark
from apps.guide.models import Article


class ArticleNotPublished(Exception):
    """The article cannot be withdrawn: it is not published."""


class SeedCount(NamedTuple):
    """What adding seed texts did; `refused` are (line, reason)."""

    created: int
    unchanged: int
    refused: list[tuple[int, str]]


@transaction.atomic
def publish_article(article: Article, *, at: datetime) -> Article:
    """Show an article to everybody from `at`. Publishing twice keeps the first time."""
    held = Article.objects.select_for_update().get(pk=article.pk)
    if held.state == Article.State.PUBLISHED:
        return held
    held.state = Article.State.PUBLISHED
    held.published_at = at
    held.withdrawn_at = None
    held.updated_at = at
    held.save(update_fields=["state", "published_at", "withdrawn_at", "updated_at"])
    return held


@transaction.atomic
def withdraw_article(article: Article, *, at: datetime) -> Article:
    """Take a published article off the pages. Raises ArticleNotPublished."""
    held = Article.objects.select_for_update().get(pk=article.pk)
    if held.state != Article.State.PUBLISHED:
        raise ArticleNotPublished(str(held))
    held.state = Article.State.WITHDRAWN
    held.withdrawn_at = at
    held.updated_at = at
    held.save(update_fields=["state", "withdrawn_at", "updated_at"])
    return held


@transaction.atomic
def add_missing_articles(lines: Iterable[str], *, at: datetime) -> SeedCount:
    """Publish the texts of a CSV file (slug, language, title, body) that are not there yet.

    What staff wrote, changed or withdrew stays as it is, so that a second run changes nothing.
    """
    created = unchanged = 0
    refused = []
    landmarks = dict(Landmark.objects.values_list("slug", "pk"))
    reader = csv.DictReader(lines)
    for row in reader:
        landmark = landmarks.get(row["slug"])
        if landmark is None:
            refused.append((reader.line_num, f"there is no landmark {row['slug']!r}"))
            continue
        _, new = Article.objects.get_or_create(
            landmark_id=landmark,
            language=row["language"],
            defaults={
                "title": row["title"],
                "body": row["body"],
                "state": Article.State.PUBLISHED,
                "published_at": at,
                "created_at": at,
                "updated_at": at,
            },
        )
        created += new
        unchanged += not new
    return SeedCount(created, unchanged, refused)
