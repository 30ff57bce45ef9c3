from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.catalogue.models.landmark import Landmark
from apps.catalogue.models.photo import Photo


class OpenPhotoImport(models.Model):
    """A photo of Wikimedia Commons that somebody chose for a landmark, and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("being fetched")
        IMPORTED = "imported", _("imported")
        KNOWN = "known", _("already there")
        REFUSED = "refused", _("not taken")

    landmark = models.ForeignKey(Landmark, models.CASCADE, related_name="open_photo_imports")
    page_id = models.PositiveBigIntegerField(help_text="of the photo's page on Wikimedia Commons")
    title = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(
        max_length=40, blank=True, help_text="a key of open_photo_imports.REASONS"
    )
    photo = models.ForeignKey(Photo, models.SET_NULL, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    chosen_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("open photo")
        verbose_name_plural = _("open photos")
        constraints = [
            models.UniqueConstraint(name="open_photo_once", fields=["landmark", "page_id"]),
            models.CheckConstraint(
                name="open_photo_finished_has_time",
                condition=Q(state="waiting", finished_at__isnull=True)
                | ~Q(state="waiting") & Q(finished_at__isnull=False),
            ),
            models.CheckConstraint(
                name="open_photo_refused_has_reason",
                condition=~Q(state="refused") | ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return self.title
