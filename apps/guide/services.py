"""What is done to the texts of the guide."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from apps.catalogue.models import Landmark
from apps.catalogue.scope import require_edit
from apps.guide.models import Article
from apps.guide.workflow import FOLLOWS, article_gate
from apps.operations.audit import Change, Snapshot, record, snapshot
from apps.operations.events import record_event
from apps.operations.models import AuditEntry

ANNOUNCED_AT_ONCE = 200


class ArticleNotPublished(Exception):
    """The article cannot be withdrawn: it is not published."""


class ArticleNotReady(Exception):
    """The article cannot be published; `blockers` say why."""

    def __init__(self, blockers: list[str]):
        super().__init__(", ".join(blockers))
        self.blockers = blockers


class WrongState(Exception):
    """The article is in a state from which this step does not lead; the message names it."""


class TextChanged(Exception):
    """Somebody saved the text in the meantime; `held` is theirs, None where they deleted it."""

    def __init__(self, held: Article | None):
        super().__init__(str(held))
        self.held = held


class SeedCount(NamedTuple):
    """What adding seed texts did; `refused` are (line, reason)."""

    created: int
    unchanged: int
    refused: list[tuple[int, str]]


@transaction.atomic
def publish_article(
    article: Article,
    *,
    at: datetime,
    goes_live: datetime | None = None,
    by: AbstractBaseUser | None = None,
    note: str = "",
) -> Article:
    """Show an article to everybody from `goes_live`, else from `at`.

    Publishing twice keeps the first time. Raises ArticleNotReady.
    """
    held = Article.objects.select_for_update().get(pk=article.pk)
    if held.state == Article.State.PUBLISHED:
        return held
    if blockers := article_gate(held).blockers:
        raise ArticleNotReady(blockers)
    before = snapshot(held)
    held.published_at = goes_live or at
    held.withdrawn_at = held.announced_at = None
    published = _enter(held, Article.State.PUBLISHED, before, by=by, at=at, note=note)
    if published.published_at <= at:
        _announce(published, at=at)
    return published


@transaction.atomic
def withdraw_article(
    article: Article, *, at: datetime, by: AbstractBaseUser | None = None, note: str = ""
) -> Article:
    """Take a published article off the pages. Raises ArticleNotPublished."""
    held = Article.objects.select_for_update().get(pk=article.pk)
    if held.state != Article.State.PUBLISHED:
        raise ArticleNotPublished(str(held))
    before = snapshot(held)
    held.withdrawn_at = at
    told = held.announced_at is not None
    withdrawn = _enter(held, Article.State.WITHDRAWN, before, by=by, at=at, note=note)
    if told:
        _tell(withdrawn, "article.withdrawn", at=at)
    return withdrawn


@transaction.atomic
def write_text(
    *,
    landmark: Landmark,
    language: str,
    title: str,
    body: str,
    opened: int | None,
    by: AbstractBaseUser,
    at: datetime,
) -> Article:
    """Store the text of a landmark in one language; a new one is a draft.

    opened: the version that the writer saw, None where there was no text yet. Raises
    TextChanged, and OutsideRegions where the person may not edit.
    """
    require_edit(by, landmark)
    articles = Article.objects.select_for_update().filter(landmark=landmark, language=language)
    held = articles.first()
    if (held.version if held else None) != opened:
        raise TextChanged(held)
    before = snapshot(held) if held else None
    text = held or Article(landmark=landmark, language=language, version=0, created_at=at)
    text.title, text.body = title, body
    text.version += 1
    text.updated_at = at
    text.save()
    action = AuditEntry.Action.CHANGED if before else AuditEntry.Action.CREATED
    record([Change(text, before, snapshot(text))], by=by, at=at, action=action)
    return text


@transaction.atomic
def send_to_review(
    article: Article, *, by: AbstractBaseUser, at: datetime, note: str = ""
) -> Article:
    """Ask a reviewer to look at a draft. Raises WrongState."""
    return _move(article, Article.State.IN_REVIEW, by=by, at=at, note=note)


@transaction.atomic
def return_to_draft(
    article: Article, *, by: AbstractBaseUser, at: datetime, note: str = ""
) -> Article:
    """Send a text back to its editor, with what is to be done as the note. Raises WrongState."""
    return _move(article, Article.State.DRAFT, by=by, at=at, note=note)


def _move(
    article: Article, state: str, *, by: AbstractBaseUser, at: datetime, note: str
) -> Article:
    held = Article.objects.select_for_update().get(pk=article.pk)
    if state not in FOLLOWS[held.state]:
        raise WrongState(held.get_state_display())
    before = snapshot(held)
    held.withdrawn_at = None
    return _enter(held, state, before, by=by, at=at, note=note)


def _enter(held: Article, state: str, before: Snapshot, *, by, at: datetime, note: str) -> Article:
    held.state = state
    held.updated_at = at
    held.save(update_fields=["state", "published_at", "withdrawn_at", "announced_at", "updated_at"])
    change = Change(held, before, snapshot(held))
    record([change], by=by, at=at, action=AuditEntry.Action.CHANGED, note=note)
    return held


def announce_due() -> int:
    """Tell of articles whose time has come; return how many. The sweeper asks every few seconds.

    The pages need none of this: they show an article from its time on.
    """
    at = timezone.now()
    with transaction.atomic():
        due = Article.objects.to_announce(at=at).select_for_update(skip_locked=True)
        articles = list(due.order_by("published_at", "pk")[:ANNOUNCED_AT_ONCE])
        for article in articles:
            _announce(article, at=at)
    return len(articles)


def _announce(article: Article, *, at: datetime) -> None:
    article.announced_at = at
    article.save(update_fields=["announced_at"])
    _tell(article, "article.published", at=at)


def _tell(article: Article, kind: str, *, at: datetime) -> None:
    """Raise the event, and let the landmark be among those that changed."""
    payload = {"landmark": article.landmark_id, "language": article.language}
    record_event(kind=kind, subject=article, payload=payload, at=at)
    Landmark.objects.filter(pk=article.landmark_id).update(updated_at=at)


@transaction.atomic
def add_missing_articles(lines: Iterable[str], *, at: datetime) -> SeedCount:
    """Publish the texts of a CSV file (slug, language, title, body) that are not there yet.

    What staff wrote, changed or withdrew stays as it is, so that a second run changes nothing.
    """
    landmarks = dict(Landmark.objects.values_list("slug", "pk"))
    held = set(Article.objects.values_list("landmark", "language"))
    new: list[Article] = []
    unchanged = 0
    refused = []
    reader = csv.DictReader(lines)
    for row in reader:
        landmark = landmarks.get(row["slug"])
        if landmark is None:
            refused.append((reader.line_num, f"there is no landmark {row['slug']!r}"))
        elif (landmark, row["language"]) in held:
            unchanged += 1
        else:
            held.add((landmark, row["language"]))
            new.append(
                Article(
                    landmark_id=landmark,
                    language=row["language"],
                    title=row["title"],
                    body=row["body"],
                    state=Article.State.PUBLISHED,
                    published_at=at,
                    announced_at=at,
                    created_at=at,
                    updated_at=at,
                )
            )
    Article.objects.bulk_create(new)
    return SeedCount(len(new), unchanged, refused)
