from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.catalogue.models.landmark import Landmark
from apps.catalogue.models.license import License
from apps.catalogue.scope import within_regions


class PhotoQuerySet(models.QuerySet):
    def editable_by(self, user: AbstractBaseUser) -> PhotoQuerySet:
        """Photos of landmarks in the regions that a person may edit."""
        return within_regions(self, user)

    def shown(self) -> PhotoQuerySet:
        """Photos that anybody may see."""
        return self.filter(license__may_show=True, landmark__state=Landmark.State.PUBLISHED)

    def references(self) -> PhotoQuerySet:
        """Photos by which recognition knows landmarks."""
        return self.filter(reference=True, landmark__isnull=False)

    def nonlandmarks(self) -> PhotoQuerySet:
        """Photos that teach recognition what no landmark looks like."""
        return self.filter(shows_no_landmark=True)


class Photo(models.Model):
    """A picture in the catalogue, made anew from pixels: no metadata of its maker remains."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    landmark = models.ForeignKey(
        Landmark,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="photos",
        verbose_name=_("landmark"),
    )
    shows_no_landmark = models.BooleanField(_("shows no landmark"), default=False)
    reference = models.BooleanField(
        _("reference"), default=False, help_text=_("Recognition may know the landmark by it.")
    )
    file = models.FileField(_("file"), upload_to="photos/")
    sha256 = models.CharField(max_length=64, help_text="of the file as it was given to us")
    bytes = models.PositiveIntegerField(_("bytes"))
    width = models.PositiveIntegerField(_("width"), help_text="pixels")
    height = models.PositiveIntegerField(_("height"), help_text="pixels")
    license = models.ForeignKey(
        License, models.PROTECT, related_name="photos", verbose_name=_("license")
    )
    credit = models.CharField(_("credit"), max_length=300, blank=True)
    source = models.CharField(_("source"), max_length=100)
    created_at = models.DateTimeField(_("created"))

    objects = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        constraints = [
            models.CheckConstraint(
                name="photo_of_a_landmark_or_of_none",
                condition=Q(landmark__isnull=False, shows_no_landmark=False)
                | Q(landmark__isnull=True),
            ),
            models.CheckConstraint(
                name="photo_reference_has_landmark",
                condition=Q(reference=False) | Q(landmark__isnull=False),
            ),
            models.CheckConstraint(
                name="photo_has_size", condition=Q(width__gt=0, height__gt=0, bytes__gt=0)
            ),
            models.UniqueConstraint(name="photo_once", fields=["landmark", "sha256"]),
            models.UniqueConstraint(
                name="photo_without_landmark_once",
                fields=["sha256"],
                condition=Q(landmark__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.landmark or self.source} {self.id}"

    @property
    def url(self) -> str:
        return reverse("guide:photo_file", args=[self.id])
