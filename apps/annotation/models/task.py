from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.annotation.models.dataset import Dataset
from apps.annotation.models.image import AnnotationImage
from apps.annotation.workflow import TaskState

User = settings.AUTH_USER_MODEL
HELD = Q(holder__isnull=False, token__isnull=False, lease_until__isnull=False)
NOT_HELD = Q(holder__isnull=True, token__isnull=True, lease_until__isnull=True)


class TaskQuerySet(models.QuerySet):
    def completed(self) -> TaskQuerySet:
        return self.filter(completed_at__isnull=False)

    def to_review(self) -> TaskQuerySet:
        return self.of_the_dataset().filter(state=TaskState.SUBMITTED, completed_at__isnull=True)

    def of_the_dataset(self) -> TaskQuerySet:
        """Tasks whose work becomes data; checks and practice are not."""
        return self.filter(check_of__isnull=True)

    def held_by(self, user, at: datetime) -> TaskQuerySet:
        return self.filter(state=TaskState.LEASED, holder=user, lease_until__gt=at)

    def with_what_the_editor_shows(self) -> TaskQuerySet:
        return self.select_related("image", "image__landmark", "dataset").prefetch_related(
            "image__landmark__names"
        )


class AnnotationTask(models.Model):
    """One person's work on one image. At most one person holds it at a time."""

    image = models.ForeignKey(
        AnnotationImage, models.CASCADE, related_name="tasks", verbose_name=_("image")
    )
    # The image's dataset once more: the indexes of the claim begin with it. A plain one beside
    # them would be taken for a dataset that just came and has no statistics yet: all its tasks
    # would be read at every claim.
    dataset = models.ForeignKey(
        Dataset, models.CASCADE, related_name="tasks", db_index=False, verbose_name=_("dataset")
    )
    slot = models.PositiveSmallIntegerField(
        _("turn"), default=1, help_text=_("1 to the dataset's redundancy")
    )
    # Of visitors' photos those go first that recognition was least sure of.
    ease = models.PositiveSmallIntegerField(
        _("ease"), default=100, db_default=100, help_text=_("0 to 100; hard ones come first")
    )
    state = models.CharField(
        _("state"), max_length=10, choices=TaskState.choices, default=TaskState.OPEN
    )
    reserved_for = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="reserved_tasks",
        verbose_name=_("handed to"),
    )
    holder = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="held_tasks",
        verbose_name=_("working on it"),
    )
    token = models.UUIDField(_("token of the lease"), null=True, blank=True)
    leased_at = models.DateTimeField(_("taken"), null=True, blank=True)
    lease_until = models.DateTimeField(_("held until"), null=True, blank=True)
    annotator = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="annotated_tasks",
        verbose_name=_("annotator"),
    )
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)
    # A task of one person beside the dataset's own: to practise, or a hidden known answer. It
    # is scored, and never reviewed, completed or exported.
    check_of = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="check_tasks",
        verbose_name=_("check of"),
    )
    closed_reason = models.CharField(
        _("reason"), max_length=500, blank=True, help_text=_("why it is unusable")
    )
    reviewer = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="tasks_in_review",
        verbose_name=_("reviewer"),
    )
    review_until = models.DateTimeField(_("in review until"), null=True, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints = [
            models.UniqueConstraint(
                name="task_once_per_slot",
                fields=["image", "slot"],
                condition=Q(check_of__isnull=True),
            ),
            models.UniqueConstraint(
                name="task_check_once_per_person",
                fields=["image", "check_of"],
                condition=Q(check_of__isnull=False),
            ),
            models.CheckConstraint(
                name="task_check_is_never_completed",
                condition=Q(check_of__isnull=True)
                | Q(completed_at__isnull=True, state__in=["leased", "submitted", "skipped"]),
            ),
            models.CheckConstraint(
                name="task_unusable_has_reason",
                condition=~Q(state="unusable", closed_reason=""),
            ),
            models.CheckConstraint(
                name="task_is_held_when_leased",
                condition=Q(HELD, state="leased") | (Q(NOT_HELD) & ~Q(state="leased")),
            ),
            models.CheckConstraint(
                name="task_submitted_has_time",
                condition=~Q(state__in=["submitted", "accepted"]) | Q(submitted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="task_completed_is_finished",
                condition=Q(state="accepted", completed_at__isnull=False)
                | Q(state="submitted")
                | (~Q(state="accepted") & Q(completed_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                F("dataset"),
                F("slot"),
                F("ease"),
                F("id"),
                name="task_open",
                condition=Q(state="open", reserved_for__isnull=True),
            ),
            models.Index(
                F("dataset"),
                F("id"),
                name="task_skipped",
                condition=Q(state="skipped", check_of__isnull=True),
            ),
            models.Index(
                F("dataset"), F("lease_until"), name="task_leases", condition=Q(state="leased")
            ),
            models.Index(
                F("reserved_for"), name="task_reserved", condition=Q(reserved_for__isnull=False)
            ),
            models.Index(
                F("submitted_at"),
                name="task_to_review",
                condition=Q(state="submitted", completed_at__isnull=True, check_of__isnull=True),
            ),
            models.Index(
                F("dataset"),
                F("id"),
                name="task_completed",
                condition=Q(completed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.image} ({self.state})"


class Draft(models.Model):
    """What a person has drawn and not submitted; it outlives a lost lease."""

    task = models.ForeignKey(AnnotationTask, models.CASCADE, related_name="drafts")
    annotator = models.ForeignKey(User, models.CASCADE, related_name="drafts")
    content = models.JSONField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="draft_once", fields=["task", "annotator"])]

    def __str__(self) -> str:
        return f"draft of task {self.task_id}"


class Skip(models.Model):
    """A person did not want to or could not annotate an image."""

    task = models.ForeignKey(AnnotationTask, models.CASCADE, related_name="skips")
    annotator = models.ForeignKey(User, models.PROTECT, related_name="skips")
    reason = models.CharField(max_length=500)
    skipped_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["task", "annotator"], name="skip_by_person")]

    def __str__(self) -> str:
        return f"{self.task_id}: {self.reason}"
