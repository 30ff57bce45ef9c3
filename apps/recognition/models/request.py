from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from apps.catalogue.models import Landmark, Photo
from apps.recognition.models.reference_index import ReferenceIndex
from apps.recognition.models.served_model import ServedModel


class RecognitionRequestQuerySet(models.QuerySet):
    def public(self) -> RecognitionRequestQuerySet:
        """Requests made on the public page; whoever has the receipt may see them."""
        return self.filter(requester="")

    def made_by(self, requester: str) -> RecognitionRequestQuerySet:
        return self.filter(requester=requester)


class RecognitionRequest(models.Model):
    """A visitor's or partner's question: which landmark do these photos show?"""

    class State(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        FAILED = "failed"

    class Certainty(models.TextChoices):
        SURE = "sure"
        UNSURE = "unsure"
        UNKNOWN = "unknown"

    receipt = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    requester = models.CharField(
        max_length=60, blank=True, help_text="prefix of the API key; empty for the public page"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    top_k = models.PositiveSmallIntegerField(default=5)
    # The visitor's own position, offered for this one answer and removed with it.
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    position_used = models.BooleanField(default=False)
    certainty = models.CharField(max_length=10, choices=Certainty.choices, blank=True)
    unknown_probability = models.FloatField(null=True, blank=True)
    index = models.ForeignKey(
        ReferenceIndex, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    model_name = models.CharField(max_length=100, blank=True)
    model_version = models.PositiveIntegerField(null=True, blank=True)
    waiting_reason = models.CharField(max_length=40, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    timings = models.JSONField(default=dict, help_text="milliseconds by step")
    submitted_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = RecognitionRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="recognition_done_has_answer",
                condition=~Q(state="done")
                | Q(
                    certainty__in=["sure", "unsure", "unknown"],
                    unknown_probability__range=(0, 1),
                    finished_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="recognition_failed_has_reason",
                condition=~Q(state="failed") | (~Q(error_code="") & Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="recognition_keeps_no_position",
                condition=Q(state="pending") | Q(latitude__isnull=True, longitude__isnull=True),
            ),
            models.CheckConstraint(
                name="recognition_position_is_whole",
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__range=(-90, 90),
                    longitude__range=(-180, 180),
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["requester", "submitted_at"], name="recognition_requester"),
            models.Index(
                fields=["submitted_at"],
                condition=Q(deleted_at__isnull=True),
                name="recognition_kept",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt} ({self.state})"

    @property
    def known(self) -> bool:
        return self.certainty != self.Certainty.UNKNOWN

    def server_timing(self) -> str:
        """Return the value of the Server-Timing header (milliseconds by step)."""
        return ", ".join(f"{step};dur={spent:.1f}" for step, spent in self.timings.items())


class RecognitionPhoto(models.Model):
    """A photo of a request: up to five of one place."""

    request = models.ForeignKey(RecognitionRequest, models.CASCADE, related_name="photos")
    position = models.PositiveSmallIntegerField()
    file = models.FileField(upload_to="recognition/%Y/%m/%d/")
    width = models.PositiveIntegerField(help_text="pixels")
    height = models.PositiveIntegerField(help_text="pixels")
    kept_as = models.ForeignKey(
        Photo, models.SET_NULL, null=True, blank=True, related_name="sent_as"
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                name="recognition_photo_position", fields=["request", "position"]
            )
        ]

    def __str__(self) -> str:
        return f"photo {self.position} of {self.request_id}"


class Candidate(models.Model):
    """One place the photo may show."""

    class Source(models.TextChoices):
        HEAD = "head"
        REFERENCE = "reference"

    request = models.ForeignKey(RecognitionRequest, models.CASCADE, related_name="candidates")
    landmark = models.ForeignKey(Landmark, models.CASCADE, related_name="+")
    rank = models.PositiveSmallIntegerField()
    probability = models.FloatField()
    similarity = models.FloatField(help_text="cosine with the landmark's references")
    source = models.CharField(max_length=10, choices=Source.choices)
    # Empty until geometry was asked; 0 where it confirms nothing.
    inliers = models.PositiveIntegerField(null=True, blank=True)
    match_photo = models.ForeignKey(Photo, models.SET_NULL, null=True, blank=True, related_name="+")
    match_lines = models.JSONField(
        null=True,
        blank=True,
        help_text="[x, y, x, y] of agreeing places in both pictures, shares of their sides",
    )

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(name="candidate_once_per_rank", fields=["request", "rank"]),
            models.UniqueConstraint(
                name="candidate_once_per_landmark", fields=["request", "landmark"]
            ),
            models.CheckConstraint(name="candidate_top_five", condition=Q(rank__range=(1, 5))),
            models.CheckConstraint(
                name="candidate_probability", condition=Q(probability__range=(0, 1))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.landmark_id} {self.probability:.2f}"


class ShadowAnswer(models.Model):
    """What the canary said of a request that the stable model answered; never shown to visitors."""

    request = models.ForeignKey(RecognitionRequest, models.CASCADE, related_name="shadow_answers")
    model = models.ForeignKey(ServedModel, models.CASCADE, related_name="shadow_answers")
    stable = models.ForeignKey(ServedModel, models.SET_NULL, null=True, related_name="+")
    landmark = models.ForeignKey(
        Landmark, models.SET_NULL, null=True, related_name="+", help_text="its first place"
    )
    certainty = models.CharField(max_length=10, choices=RecognitionRequest.Certainty.choices)
    probability = models.FloatField(help_text="of its first place")
    agrees = models.BooleanField(help_text="the same first place, or both know none")
    model_milliseconds = models.FloatField()
    stable_milliseconds = models.FloatField()
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="shadow_answer_once", fields=["request", "model"])
        ]

    def __str__(self) -> str:
        return f"{self.request_id} by {self.model_id}"


class Feedback(models.Model):
    """What the sender says of an answer. A later word takes the place of an earlier one."""

    request = models.OneToOneField(RecognitionRequest, models.CASCADE, related_name="feedback")
    correct = models.BooleanField(help_text="the answer was right")
    landmark = models.ForeignKey(
        Landmark,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="what the photo shows; empty where the sender does not know",
    )
    consent = models.BooleanField(default=False, help_text="the photo may be kept to learn from")
    given_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.request_id}: {self.landmark_id}"
