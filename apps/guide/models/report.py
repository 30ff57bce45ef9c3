from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.catalogue.models import Landmark, Photo

LONGEST_MESSAGE = 2000


class ReportQuerySet(models.QuerySet):
    def waiting(self) -> ReportQuerySet:
        """Reports that nobody looked at yet."""
        return self.filter(state=Report.State.NEW)


class Report(models.Model):
    """A visitor says that something on the page of a landmark is wrong."""

    class State(models.TextChoices):
        NEW = "new", _("new")
        IN_WORK = "in_work", _("in work")
        DONE = "done", _("corrected")
        REJECTED = "rejected", _("nothing to correct")

    class About(models.TextChoices):
        TEXT = "text", _("the text")
        PHOTO = "photo", _("a photo")
        FACTS = "facts", _("hours, fee, address or position")
        CLOSED = "closed", _("the place is closed or gone")
        OTHER = "other", _("something else")

    landmark = models.ForeignKey(
        Landmark, models.CASCADE, related_name="reports", verbose_name=_("landmark")
    )
    photo = models.ForeignKey(
        Photo,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="reports",
        verbose_name=_("photo"),
    )
    about = models.CharField(_("what is wrong"), max_length=10, choices=About.choices)
    message = models.TextField(_("message"), max_length=LONGEST_MESSAGE)
    language = models.CharField(_("language"), max_length=10)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.NEW)
    remark = models.TextField(_("what was done"), blank=True)
    version = models.PositiveIntegerField(default=1, help_text="raised by every save")
    created_at = models.DateTimeField(_("reported"))
    updated_at = models.DateTimeField(_("changed"))

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report of a visitor")
        verbose_name_plural = _("reports of visitors")
        constraints = [
            models.CheckConstraint(
                name="report_state_is_known",
                condition=Q(state__in=["new", "in_work", "done", "rejected"]),
            ),
            models.CheckConstraint(name="report_says_something", condition=~Q(message="")),
        ]
        indexes = [models.Index(F("id"), name="report_new", condition=Q(state="new"))]

    def __str__(self) -> str:
        return f"{self.landmark}: {self.get_about_display()}"
