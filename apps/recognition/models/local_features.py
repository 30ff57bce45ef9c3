from __future__ import annotations

from django.db import models

from apps.catalogue.models import Photo


class PhotoLocalFeatures(models.Model):
    """The local features of a reference photo, kept so that it is described once."""

    # Left out of the log: a photo that comes back is described again.
    remade = True

    photo = models.ForeignKey(Photo, models.CASCADE, related_name="local_features")
    model = models.CharField(max_length=120, help_text="name and version of the local model")
    content = models.BinaryField(help_text=".npz: locations uint16 [M, 2], descriptors uint8")
    width = models.PositiveIntegerField(help_text="pixels that the locations count in")
    height = models.PositiveIntegerField(help_text="pixels that the locations count in")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="photo_local_features_once", fields=["photo", "model"])
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} by {self.model}"


class PhotoMatch(models.Model):
    """What geometry says of two photos of the catalogue that look alike."""

    # Left out of the log: they are compared again.
    remade = True

    photo = models.ForeignKey(Photo, models.CASCADE, related_name="matches")
    other = models.ForeignKey(Photo, models.CASCADE, related_name="+")
    inliers = models.PositiveIntegerField(help_text="places that agree; 0: not confirmed")
    lines = models.JSONField(
        null=True,
        blank=True,
        help_text="[x, y, x, y] of agreeing places in both pictures, shares of their sides",
    )

    class Meta:
        verbose_name_plural = "photo matches"
        constraints = [models.UniqueConstraint(name="photo_match_once", fields=["photo", "other"])]

    def __str__(self) -> str:
        return f"{self.photo_id} and {self.other_id}"
