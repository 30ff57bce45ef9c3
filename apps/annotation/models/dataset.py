from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

User = settings.AUTH_USER_MODEL


class Dataset(models.Model):
    """A group of images to annotate; AI Hub calls it info."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    description = models.TextField(_("description"), blank=True)
    url = models.URLField(_("web address"), blank=True)
    version = models.CharField(_("version"), max_length=40, default="1.0")
    year = models.PositiveSmallIntegerField(_("year"))
    needs_review = models.BooleanField(_("needs review"), default=True)
    redundancy = models.PositiveSmallIntegerField(
        _("people per image"),
        default=1,
    )
    open_to_all = models.BooleanField(
        _("open to all"),
        default=False,
        help_text=_("every annotator may work on it, without an assignment"),
    )
    practice = models.BooleanField(
        _("practice"),
        default=False,
        help_text=_("tells the annotator at once how near the known answer is"),
    )
    truth_share = models.PositiveSmallIntegerField(
        _("hidden known answers"),
        default=0,
        help_text=_("percent of a person's images that are hidden known answers"),
    )
    least_agreement = models.PositiveSmallIntegerField(
        _("least overlap"),
        default=75,
        help_text=_("percent; people's boxes of one image that overlap less are reviewed"),
    )
    source = models.CharField(_("source"), max_length=100)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("dataset")
        verbose_name_plural = _("datasets")
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

    dataset = models.ForeignKey(
        Dataset, models.CASCADE, related_name="assignments", verbose_name=_("dataset")
    )
    annotator = models.ForeignKey(
        User, models.CASCADE, related_name="assignments", verbose_name=_("annotator")
    )
    position = models.PositiveIntegerField(_("place in the order"), default=1)

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        constraints = [
            models.UniqueConstraint(name="assignment_once", fields=["dataset", "annotator"])
        ]

    def __str__(self) -> str:
        return f"{self.annotator}: {self.dataset}"
