"""Lists of articles: the text of a landmark in one language a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.catalogue.importing.cells import one_line, tidy
from apps.catalogue.importing.columns import Column
from apps.catalogue.importing.landmark_rows import refuse_length, refuse_letters
from apps.catalogue.importing.name_rows import check_language
from apps.catalogue.importing.problems import Level, Outcome, Problem, RowRefused
from apps.catalogue.imports.importer import Difference, Importer, Planned, refusal
from apps.catalogue.imports.matching import landmarks_of, require_landmark
from apps.catalogue.models import Landmark
from apps.guide.models import Article
from apps.guide.workflow import article_gate
from apps.operations.audit import Change, Snapshot, snapshot
from apps.operations.models import AuditEntry

COLUMNS = (
    Column("landmark", gettext_lazy("landmark"), ("랜드마크", "slug", "식별자", "사이트 주소")),
    Column("language", gettext_lazy("language"), ("언어", "lang")),
    Column("title", gettext_lazy("title"), ("제목",)),
    Column("body", gettext_lazy("text"), ("본문", "내용", "text", "설명", "소개")),
)
PUBLISH = "guide.publish_article"
SHOWN = 200


class ArticleRow(NamedTuple):
    landmark: str
    language: str
    title: str
    body: str


class Work(NamedTuple):
    """An article to be stored; new ones have no `before`."""

    article: Article
    before: Snapshot | None


class ArticleImporter(Importer):
    label = gettext_lazy("articles")
    columns = COLUMNS
    permissions = ("guide.add_article", "guide.change_article")

    @classmethod
    def missing_columns(cls, known: Iterable[str]) -> list[str]:
        return [column.name for column in COLUMNS if column.name not in set(known)]

    def check(self, values: Mapping[str, str]) -> ArticleRow:
        text = {column.name: one_line(values.get(column.name) or "") for column in COLUMNS}
        text["body"] = tidy(values.get("body") or "")
        refuse_letters(text, lines_in="body")
        for name, value in text.items():
            if not value:
                raise RowRefused(_("%(column)s is empty"), name)
        refuse_length(text, {"title": 200})
        text["language"] = check_language(text["language"], dict(settings.LANGUAGES))
        return ArticleRow(**text)

    def plan(self, rows: Sequence[ArticleRow], *, lock: bool) -> list[Planned]:
        held = landmarks_of({row.landmark for row in rows}, lock=lock)
        articles = Article.objects.filter(landmark__in={each.pk for each in held.values()})
        if lock:
            articles = articles.select_for_update()
        known = {(each.landmark_id, each.language): each for each in articles.order_by("pk")}
        planned = []
        for row in rows:
            try:
                landmark = require_landmark(held, row.landmark, by=self.by)
                article = known.get((landmark.pk, row.language))
                planned.append(self._plan_row(row, landmark, article))
            except RowRefused as reason:
                planned.append(refusal(reason.reason, reason.column))
        return planned

    def _plan_row(self, row: ArticleRow, landmark: Landmark, article: Article | None) -> Planned:
        key = [f"{landmark.pk}:{row.language}"]
        if article is None:
            before = None
            article = Article(landmark=landmark, language=row.language)
        else:
            before = snapshot(article)
        texts = {"title": row.title, "body": row.body}
        changed = any(tidy(getattr(article, name)) != value for name, value in texts.items())
        if changed and article.state == Article.State.PUBLISHED and not self._may_publish():
            raise RowRefused(_("the text is published: only a publisher may change it"), "body")
        if changed:
            for name, value in texts.items():
                setattr(article, name, value)
        problems, published = self._publish(article)
        outcome = Outcome.UPDATED if changed or published else Outcome.UNCHANGED
        if before is None:
            outcome = Outcome.CREATED
        work = Work(article, before) if outcome != Outcome.UNCHANGED else None
        return Planned(outcome, problems, key, key, work)

    def _may_publish(self) -> bool:
        return self.by is None or self.by.has_perm(PUBLISH)

    def _publish(self, article: Article) -> tuple[list[Problem], bool]:
        """Have a draft published if it passes the gate; else say what keeps it."""
        if not self.options.publish or article.state not in (
            Article.State.DRAFT,
            Article.State.IN_REVIEW,
        ):
            return [], False
        if blockers := article_gate(article).blockers:
            text = _("kept as a draft: %(reasons)s") % {"reasons": ", ".join(blockers)}
            return [Problem(Level.DRAFT, text)], False
        article.state = Article.State.PUBLISHED
        return [], True

    def differences(self, plan: Planned) -> list[Difference]:
        if plan.work is None or plan.work.before is None:
            return []
        article, before = plan.work
        return [
            Difference(
                str(Article._meta.get_field(name).verbose_name),
                Truncator(before[name]).chars(SHOWN),
                Truncator(getattr(article, name)).chars(SHOWN),
            )
            for name in ("title", "body", "state")
            if tidy(before[name]) != getattr(article, name)
        ]

    def save(self, planned: Sequence[Planned], *, at: datetime, batch: UUID) -> None:
        works = [plan.work for plan in planned if plan.work]
        for article, before in works:
            article.updated_at = at
            if before is None:
                article.created_at = at
            else:
                article.version += 1
            if article.state == Article.State.PUBLISHED and article.published_at is None:
                article.published_at = at
        new = [article for article, before in works if before is None]
        Article.objects.bulk_create(new)
        changed = [article for article, before in works if before is not None]
        fields = ["title", "body", "state", "published_at", "version", "updated_at"]
        Article.objects.bulk_update(changed, fields)
        stored = Article.objects.filter(pk__in=[article.pk for article, _before in works])
        stored = stored.in_bulk()
        changes = [
            Change(stored[article.pk], before, snapshot(stored[article.pk]))
            for article, before in works
        ]
        created = [change for change in changes if change.before is None]
        updated = [change for change in changes if change.before is not None]
        self.record(created, at=at, action=AuditEntry.Action.CREATED, batch=batch)
        self.record(updated, at=at, action=AuditEntry.Action.CHANGED, batch=batch)
