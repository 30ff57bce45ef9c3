from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

User = settings.AUTH_USER_MODEL


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
    truth_share = models.PositiveSmallIntegerField(
        default=0, help_text="percent of a person's images that are hidden known answers"
    )
    least_agreement = models.PositiveSmallIntegerField(
        default=75, help_text="percent; people's boxes of one image that overlap less are reviewed"
    )
    source = models.CharField(max_length=100)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="dataset_name_not_empty", condition=~Q(name="")),
            models.CheckConstraint(
                name="dataset_redundancy_1_to_9", condition=Q(redundancy__range=(1, 9))
            ),
            models.CheckConstraint(
                name="dataset_truth_share_to_half", condition=Q(truth_share__range=(0, 50))
            ),
            models.CheckConstraint(
                name="dataset_agreement_is_percent", condition=Q(least_agreement__range=(0, 100))
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
