"""What keeps promises: jobs that are never lost, limits that are exact."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class JobQuerySet(models.QuerySet):
    def unfinished(self) -> JobQuerySet:
        return self.filter(state__in=[Job.State.WAITING, Job.State.RUNNING])

    def due(self, at: datetime) -> JobQuerySet:
        """Jobs that nobody holds and whose time has come, oldest first."""
        return (
            self.unfinished()
            .filter(Q(lease_until__isnull=True) | Q(lease_until__lte=at), available_at__lte=at)
            .order_by("available_at", "pk")
        )


class Job(models.Model):
    """Work to be done once. The row is the job; a message is only a wake-up call."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waits")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        PARKED = "parked", _("gave up")  # gave up after its attempts; waits for a person

    task = models.CharField(
        _("work"), max_length=100, help_text=_("name of the Celery task that does it")
    )
    subject = models.CharField(
        _("about"), max_length=100, help_text=_("primary key of what it is about")
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    available_at = models.DateTimeField(_("not before"))
    lease_until = models.DateTimeField(_("held until"), null=True, blank=True)
    lease_token = models.UUIDField(_("token of the lease"), null=True, blank=True)
    # When the sweeper last sent a wake-up for this try; a claim empties it.
    woken_at = models.DateTimeField(_("woken again"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True)
    created_at = models.DateTimeField(_("created"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.CheckConstraint(
                name="job_running_has_lease",
                condition=~Q(state="running")
                | Q(lease_until__isnull=False, lease_token__isnull=False),
            ),
            models.CheckConstraint(
                name="job_finished_has_time",
                condition=Q(state__in=["waiting", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "parked"], finished_at__isnull=False),
            ),
            models.UniqueConstraint(
                name="job_once_per_subject",
                fields=["task", "subject"],
                condition=Q(state__in=["waiting", "running"]),
            ),
        ]
        indexes = [
            models.Index(
                F("available_at"),
                name="job_unfinished",
                condition=Q(state__in=["waiting", "running"]),
            ),
            models.Index(F("finished_at"), name="job_parked", condition=Q(state="parked")),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.subject} ({self.state})"


class Limit(models.Model):
    """How often something was used in one window of time, counted in one statement."""

    name = models.CharField(max_length=40)
    key = models.CharField(max_length=100)
    window_start = models.DateTimeField()
    used = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="limit_once_per_window", fields=["name", "key", "window_start"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.key}: {self.used}"


class Breaker(models.Model):
    """Whether a part outside is asked at present; see breakers.py."""

    name = models.CharField(max_length=40, unique=True)
    failures = ArrayField(models.DateTimeField(), default=list, help_text="the last, oldest first")
    open_until = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="breaker_open_since",
                condition=Q(open_until__isnull=True, opened_at__isnull=True)
                | Q(open_until__isnull=False, opened_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}: {'open' if self.open_until else 'closed'}"


class IdempotencyKey(models.Model):
    """A request that a program may send again without doing it twice, and its answer."""

    credential = models.CharField(max_length=60, help_text="who asked, as the prefix of a key")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of what was asked")
    # What is made carries it, so that whoever takes over after a crash finds it.
    token = models.UUIDField(default=uuid.uuid4, unique=True)
    held_until = models.DateTimeField()
    answer = models.JSONField(null=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="idempotency_key_once", fields=["credential", "key"])
        ]

    def __str__(self) -> str:
        return f"{self.credential} {self.key}"


class AuditEntryQuerySet(models.QuerySet):
    def about(self, row: models.Model) -> AuditEntryQuerySet:
        """What was done to one row, newest first."""
        return self.filter(subject_type=row._meta.label_lower, subject=str(row.pk)).order_by("-pk")

    def deleted(self, model: type[models.Model]) -> AuditEntryQuerySet:
        """Rows of a model that were deleted, newest first."""
        kind = model._meta.label_lower
        return self.filter(subject_type=kind, action=AuditEntry.Action.DELETED).order_by("-pk")


class AuditEntry(models.Model):
    """Who changed what, when, from what to what. Written once: the database refuses the rest.

    People and subjects are named, not linked, so that the log outlives both.
    """

    class Action(models.TextChoices):
        CREATED = "created", _("created")
        CHANGED = "changed", _("changed")
        DELETED = "deleted", _("deleted")
        REVERTED = "reverted", _("put back")
        MERGED = "merged", _("merged")

    at = models.DateTimeField(_("when"))
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(_("who"), max_length=150)
    action = models.CharField(_("action"), max_length=10, choices=Action.choices)
    subject_type = models.CharField(_("kind"), max_length=100)
    subject = models.CharField(max_length=100, help_text="primary key of what it is about")
    subject_name = models.CharField(_("what"), max_length=300)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    batch = models.UUIDField(null=True, help_text="the same for all rows of one bulk change")
    note = models.TextField(_("note"), blank=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        indexes = [
            models.Index(fields=["subject_type", "subject", "-id"], name="audit_of_subject"),
            models.Index(fields=["batch"], name="audit_of_batch", condition=~Q(batch=None)),
            models.Index(fields=["at"], name="audit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_name} {self.get_action_display()}"

    @property
    def changed_fields(self) -> list[str]:
        before, after = self.before or {}, self.after or {}
        return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


class EventQuerySet(models.QuerySet):
    def waiting(self) -> EventQuerySet:
        """Events that were not passed on yet."""
        return self.filter(passed_on_at__isnull=True)


class Event(models.Model):
    """Something happened; written in the same transaction as the thing itself.

    Numbers are given before their transactions end, so a reader who remembers the last number
    would miss some: who passes events on marks each one instead.
    """

    at = models.DateTimeField(_("when"))
    kind = models.CharField(_("kind"), max_length=60, help_text=_("as annotation.submitted"))
    subject_type = models.CharField(_("what about"), max_length=100)
    subject = models.CharField(
        _("about"), max_length=100, help_text=_("primary key of what it is about")
    )
    payload = models.JSONField(_("content"), default=dict)
    passed_on_at = models.DateTimeField(_("passed on"), null=True, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(F("id"), name="event_waiting", condition=Q(passed_on_at__isnull=True)),
            models.Index(fields=["kind", "id"], name="event_of_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class CommentQuerySet(models.QuerySet):
    def threads(self) -> CommentQuerySet:
        """First comments; the others answer one of them."""
        return self.filter(answers=None)

    def open(self) -> CommentQuerySet:
        return self.threads().filter(resolved_at=None)

    def about(self, row: models.Model) -> CommentQuerySet:
        """The threads about one row, open ones first, then the newest."""
        about = self.filter(subject_type=row._meta.label_lower, subject=str(row.pk))
        return about.threads().order_by(F("resolved_at").desc(nulls_first=True), "-pk")

    def waiting_for(self, user: AbstractBaseUser) -> CommentQuerySet:
        """Open threads in which it is a person's turn.

        Theirs is the turn where they take part, or were asked, and somebody else spoke last;
        reviewers also have what nobody was asked and nobody answered.
        """
        replies = Comment.objects.filter(answers=OuterRef("pk"))
        last = Subquery(replies.order_by("-pk").values("by_id")[:1])
        theirs = Q(by=user) | Q(asked=user) | Exists(replies.filter(by=user))
        if user.has_perm("guide.publish_article"):
            theirs |= Q(asked=None) & ~Exists(replies)
        spoke_last = Coalesce(last, F("by_id"), output_field=models.BigIntegerField())
        threads = self.open().annotate(last_by=spoke_last)
        return threads.filter(theirs).exclude(last_by=user.pk)


class Comment(models.Model):
    """What one colleague says to another about a row of the admin, or an answer to it."""

    subject_type = models.CharField(_("kind"), max_length=100)
    subject = models.CharField(max_length=100, help_text="primary key of what it is about")
    subject_name = models.CharField(_("about"), max_length=300)
    answers = models.ForeignKey(
        "self", models.CASCADE, null=True, related_name="replies", verbose_name=_("answers")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="comments",
        verbose_name=_("who"),
    )
    by_name = models.CharField(_("who"), max_length=150)
    asked = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="comments_asked",
        verbose_name=_("for"),
    )
    text = models.TextField(_("comment"))
    at = models.DateTimeField(_("when"))
    resolved_at = models.DateTimeField(_("resolved"), null=True)
    resolved_by = models.CharField(max_length=150, blank=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        constraints = [
            models.CheckConstraint(name="comment_says_something", condition=~Q(text="")),
            models.CheckConstraint(
                name="comment_only_threads_are_settled",
                condition=Q(answers=None) | Q(resolved_at=None),
            ),
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject", "-id"], name="comment_of_subject"),
            models.Index(F("id"), name="comment_open", condition=Q(answers=None, resolved_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.by_name}: {self.text[:60]}"

    def get_absolute_url(self) -> str:
        """The page of the conversation, in the admin of what it is about."""
        app, model = self.subject_type.split(".")
        return reverse(f"admin:{app}_{model}_comments", args=[self.subject])


class DiscardedFile(models.Model):
    """A file of the storage to be removed. Noted with the deletion itself, so that a process
    that dies forgets none; removed later, so that what was deleted can come back."""

    name = models.CharField(max_length=300, unique=True)
    remove_after = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name
