"""What others hold of a landmark: its version, and where its last change stands in the feed.

Triggers note every change of what a landmark shows, whoever made it (migration 0013);
`apps.catalogue.content` puts the changes in order.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class ContentChange(models.Model):
    """A change that has no place in the feed yet: of one landmark, or of what many show.

    Only ever added by triggers, so that two writers never wait for each other here.
    """

    landmark_id = models.BigIntegerField(null=True)
    category_id = models.BigIntegerField(null=True)
    region_id = models.BigIntegerField(null=True)
    license_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                F("landmark_id"),
                name="content_change_of_landmark",
                condition=Q(landmark_id__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.landmark_id or 'shared'} {self.at}"


class LandmarkContent(models.Model):
    """The last change of a landmark that is or was public. It outlives the landmark.

    A landmark that changes again moves to the end of the feed, so that the feed is never longer
    than the catalogue and its past.
    """

    class Kind(models.TextChoices):
        PUBLIC = "public"
        UNPUBLISHED = "unpublished"
        DELETED = "deleted"
        MERGED = "merged"

    landmark_id = models.BigIntegerField(primary_key=True)
    version = models.BigIntegerField()
    changed_at = models.DateTimeField(db_index=True)
    position = models.BigIntegerField(unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    merged_into = models.BigIntegerField(null=True)
    public_since = models.BigIntegerField(help_text="position at which it last became public")

    def __str__(self) -> str:
        return f"{self.position}: {self.landmark_id} {self.kind}"


class ContentFeed(models.Model):
    """Which feed the positions belong to; one row. A restored database begins another one."""

    epoch = models.CharField(max_length=16)
    place = models.CharField(max_length=100, help_text="the cluster, database and table it is in")

    def __str__(self) -> str:
        return self.epoch
