from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.annotation.models.task import AnnotationTask
from apps.annotation.shapes import Box, Tags
from apps.catalogue.models import Landmark

User = settings.AUTH_USER_MODEL


class Annotation(models.Model):
    """What one person, an import or a reviewer's fix says of an image. Rows are never changed,
    but for `current`: a later one for the same task takes its place."""

    class Origin(models.TextChoices):
        DRAWN = "drawn", _("drawn")
        FIXED = "fixed", _("fixed")  # by a reviewer
        IMPORTED = "imported", _("imported")

    task = models.ForeignKey(
        AnnotationTask, models.CASCADE, related_name="annotations", verbose_name=_("task")
    )
    origin = models.CharField(
        _("origin"), max_length=10, choices=Origin.choices, default=Origin.DRAWN
    )
    current = models.BooleanField(_("current"), default=True)
    by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="annotations",
        verbose_name=_("who"),
    )
    token = models.UUIDField(
        _("token of the lease"),
        null=True,
        blank=True,
    )
    external_id = models.CharField(
        _("number elsewhere"), max_length=60, blank=True, help_text=_("as imported: 41544868_1")
    )
    x = models.DecimalField(max_digits=9, decimal_places=2)
    y = models.DecimalField(max_digits=9, decimal_places=2)
    width = models.DecimalField(_("width"), max_digits=9, decimal_places=2)
    height = models.DecimalField(_("height"), max_digits=9, decimal_places=2)
    truncated = models.BooleanField(_("truncated"), default=False)
    occluded = models.BooleanField(_("occluded"), default=False)
    reflection = models.BooleanField(_("reflection"), default=False)
    none_of_these = models.BooleanField(_("none of these"), default=False)
    landmark = models.ForeignKey(
        Landmark,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="annotations",
        verbose_name=_("landmark"),
    )
    other = models.CharField(
        _("other place"), max_length=200, blank=True, help_text=_("a place we do not have")
    )
    seconds = models.FloatField(
        _("seconds"), null=True, blank=True, help_text=_("from the claim to the submit")
    )
    truth_overlap = models.FloatField(
        _("overlap with the known answer"),
        null=True,
        blank=True,
    )
    truth_tags_right = models.BooleanField(_("tags as in the known answer"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("annotation")
        verbose_name_plural = _("annotations")
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


class Review(models.Model):
    """What a reviewer decided on an annotation. Rows are never changed."""

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        RETURNED = "returned", _("returned")
        FIXED = "fixed", _("fixed")

    task = models.ForeignKey(
        AnnotationTask, models.CASCADE, related_name="reviews", verbose_name=_("task")
    )
    annotation = models.ForeignKey(
        Annotation, models.CASCADE, related_name="reviews", verbose_name=_("annotation")
    )
    fix = models.OneToOneField(
        Annotation,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="fixed_in",
        verbose_name=_("fixed as"),
    )
    reviewer = models.ForeignKey(
        User, models.PROTECT, related_name="reviews", verbose_name=_("reviewer")
    )
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
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
