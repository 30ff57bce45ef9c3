"""From photo to labelled data: datasets, their images, tasks, annotations and reviews."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse

from apps.annotation.shapes import Box, Tags
from apps.annotation.workflow import TaskState
from apps.catalogue.models import Landmark, License

User = settings.AUTH_USER_MODEL
HELD = Q(holder__isnull=False, token__isnull=False, lease_until__isnull=False)
NOT_HELD = Q(holder__isnull=True, token__isnull=True, lease_until__isnull=True)


class Dataset(models.Model):
    """A group of images to annotate; AI Hub calls it info."""

    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True)
    url = models.URLField(blank=True)
    version = models.CharField(max_length=40, default="1.0")
    year = models.PositiveSmallIntegerField()
    needs_review = models.BooleanField(default=True)
    redundancy = models.PositiveSmallIntegerField(default=1, help_text="people per image")
    open_to_all = models.BooleanField(
        default=False, help_text="every annotator may work on it, without an assignment"
    )
    practice = models.BooleanField(
        default=False, help_text="tells the annotator at once how near the known answer is"
    )
    source = models.CharField(max_length=100)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="dataset_name_not_empty", condition=~Q(name="")),
            models.CheckConstraint(
                name="dataset_redundancy_1_to_9", condition=Q(redundancy__range=(1, 9))
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """A person works on a dataset; lower positions come first."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="assignments")
    annotator = models.ForeignKey(User, models.CASCADE, related_name="assignments")
    position = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="assignment_once", fields=["dataset", "annotator"])
        ]

    def __str__(self) -> str:
        return f"{self.annotator}: {self.dataset}"


class AnnotationImageQuerySet(models.QuerySet):
    def visible_to(self, user) -> AnnotationImageQuerySet:
        """Images of the datasets that an annotator works on, and of their own tasks."""
        works_on = Assignment.objects.filter(annotator=user, dataset=OuterRef("dataset"))
        own = AnnotationTask.objects.filter(
            Q(holder=user) | Q(annotator=user) | Q(reserved_for=user), image=OuterRef("pk")
        )
        return self.filter(Q(dataset__open_to_all=True) | Exists(works_on) | Exists(own))


class AnnotationImage(models.Model):
    """A picture of a dataset. It is no Photo of a landmark: nothing of it shows in public."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="images")
    file = models.FileField(upload_to="annotation/", blank=True, max_length=200)
    name = models.CharField(max_length=300, help_text="of the file as it was given to us")
    sha256 = models.CharField(max_length=64, blank=True, help_text="of that file")
    external_id = models.CharField(max_length=60, blank=True, help_text="AI Hub image_id")
    width = models.PositiveIntegerField(help_text="pixels of the upright picture")
    height = models.PositiveIntegerField(help_text="pixels of the upright picture")
    license = models.ForeignKey(License, models.PROTECT, related_name="annotation_images")
    landmark = models.ForeignKey(
        Landmark, models.SET_NULL, null=True, blank=True, related_name="annotation_images"
    )
    suggestion = models.JSONField(null=True, blank=True, help_text="[x, y, width, height]")
    truth = models.JSONField(null=True, blank=True, help_text="the known answer: bbox and tags")
    stated = models.JSONField(null=True, blank=True, help_text="what an import said besides")
    created_at = models.DateTimeField()

    objects = AnnotationImageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="annotation_image_has_size", condition=Q(width__gt=0, height__gt=0)
            ),
            models.UniqueConstraint(
                name="annotation_image_once",
                fields=["dataset", "sha256"],
                condition=~Q(sha256=""),
            ),
            models.UniqueConstraint(
                name="annotation_image_external_id_once",
                fields=["dataset", "external_id"],
                condition=~Q(external_id=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return reverse("annotation:image", args=[self.pk])


class TaskQuerySet(models.QuerySet):
    def completed(self) -> TaskQuerySet:
        return self.filter(completed_at__isnull=False)

    def to_review(self) -> TaskQuerySet:
        return self.filter(state=TaskState.SUBMITTED, completed_at__isnull=True)

    def held_by(self, user, at: datetime) -> TaskQuerySet:
        return self.filter(state=TaskState.LEASED, holder=user, lease_until__gt=at)

    def with_what_the_editor_shows(self) -> TaskQuerySet:
        return self.select_related("image", "image__landmark", "dataset").prefetch_related(
            "image__landmark__names"
        )


class AnnotationTask(models.Model):
    """One person's work on one image. At most one person holds it at a time."""

    image = models.ForeignKey(AnnotationImage, models.CASCADE, related_name="tasks")
    # The image's dataset once more: the indexes of the claim begin with it.
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="tasks")
    slot = models.PositiveSmallIntegerField(default=1, help_text="1 to the dataset's redundancy")
    state = models.CharField(max_length=10, choices=TaskState.choices, default=TaskState.OPEN)
    reserved_for = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="reserved_tasks"
    )
    holder = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="held_tasks"
    )
    token = models.UUIDField(null=True, blank=True)
    leased_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    annotator = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="annotated_tasks"
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    reviewer = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="tasks_in_review"
    )
    review_until = models.DateTimeField(null=True, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="task_once_per_slot", fields=["image", "slot"]),
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
                F("id"),
                name="task_open",
                condition=Q(state="open", reserved_for__isnull=True),
            ),
            models.Index(F("dataset"), F("id"), name="task_skipped", condition=Q(state="skipped")),
            models.Index(
                F("dataset"), F("lease_until"), name="task_leases", condition=Q(state="leased")
            ),
            models.Index(
                F("reserved_for"), name="task_reserved", condition=Q(reserved_for__isnull=False)
            ),
            models.Index(
                F("submitted_at"),
                name="task_to_review",
                condition=Q(state="submitted", completed_at__isnull=True),
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


class Annotation(models.Model):
    """What one person, an import or a reviewer's fix says of an image. Rows are never changed,
    but for `current`: a later one for the same task takes its place."""

    class Origin(models.TextChoices):
        DRAWN = "drawn"
        FIXED = "fixed"  # by a reviewer
        IMPORTED = "imported"

    task = models.ForeignKey(AnnotationTask, models.CASCADE, related_name="annotations")
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.DRAWN)
    current = models.BooleanField(default=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="annotations")
    token = models.UUIDField(null=True, blank=True, help_text="of the lease it was drawn under")
    external_id = models.CharField(max_length=60, blank=True, help_text="as imported: 41544868_1")
    x = models.DecimalField(max_digits=9, decimal_places=2)
    y = models.DecimalField(max_digits=9, decimal_places=2)
    width = models.DecimalField(max_digits=9, decimal_places=2)
    height = models.DecimalField(max_digits=9, decimal_places=2)
    truncated = models.BooleanField(default=False)
    occluded = models.BooleanField(default=False)
    reflection = models.BooleanField(default=False)
    none_of_these = models.BooleanField(default=False)
    landmark = models.ForeignKey(
        Landmark, models.SET_NULL, null=True, blank=True, related_name="annotations"
    )
    other = models.CharField(max_length=200, blank=True, help_text="a place we do not have")
    seconds = models.FloatField(null=True, blank=True, help_text="from the claim to the submit")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="annotation_once_per_lease",
                fields=["task", "token"],
                condition=Q(token__isnull=False),
            ),
            models.UniqueConstraint(
                name="annotation_imported_once",
                fields=["task", "external_id"],
                condition=~Q(external_id=""),
            ),
            models.UniqueConstraint(
                name="annotation_one_current_per_task",
                fields=["task"],
                condition=Q(current=True) & ~Q(origin="imported"),
            ),
            models.CheckConstraint(
                name="annotation_box_has_size", condition=Q(width__gt=0, height__gt=0)
            ),
            models.CheckConstraint(
                name="annotation_tags_agree",
                condition=Q(origin="imported")
                | Q(none_of_these=True, truncated=False, occluded=False, reflection=False)
                | (
                    Q(none_of_these=False)
                    & (Q(truncated=True) | Q(occluded=True) | Q(reflection=True))
                ),
            ),
            models.CheckConstraint(
                name="annotation_has_an_author",
                condition=Q(origin="imported") | Q(by__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["by", "created_at"], name="annotation_by_person")]

    def __str__(self) -> str:
        return f"{self.origin} {self.box} of task {self.task_id}"

    @property
    def box(self) -> Box:
        return Box(self.x, self.y, self.width, self.height)

    @property
    def tags(self) -> Tags:
        return Tags(self.truncated, self.occluded, self.reflection, self.none_of_these)


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


class Review(models.Model):
    """What a reviewer decided on an annotation. Rows are never changed."""

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted"
        RETURNED = "returned"
        FIXED = "fixed"

    task = models.ForeignKey(AnnotationTask, models.CASCADE, related_name="reviews")
    annotation = models.ForeignKey(Annotation, models.CASCADE, related_name="reviews")
    fix = models.OneToOneField(
        Annotation, models.CASCADE, null=True, blank=True, related_name="fixed_in"
    )
    reviewer = models.ForeignKey(User, models.PROTECT, related_name="reviews")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="review_once_per_annotation", fields=["annotation"]),
            models.CheckConstraint(
                name="review_return_has_reason", condition=~Q(verdict="returned", reason="")
            ),
            models.CheckConstraint(
                name="review_fix_has_annotation",
                condition=Q(verdict="fixed", fix__isnull=False)
                | (~Q(verdict="fixed") & Q(fix__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict}: {self.annotation}"
