from __future__ import annotations

from django.db import models
from django.db.models import Q
from pgvector.django import HalfVectorField, HnswIndex

from apps.catalogue.models import Landmark, Photo
from apps.recognition.models.served_model import ServedModel

PROJECTED_SIZE = 512


class PhotoEmbedding(models.Model):
    """What a model sees in a catalogue photo; kept so that a new index needs no model."""

    # Left out of the log: a photo that comes back is described again.
    remade = True

    photo = models.ForeignKey(Photo, models.CASCADE, related_name="embeddings")
    model = models.ForeignKey(ServedModel, models.CASCADE, related_name="embeddings")
    embedding = models.BinaryField(help_text="float16 [D], L2-normalized")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="photo_embedding_once", fields=["photo", "model"])
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} by {self.model}"


class ReferenceIndex(models.Model):
    """A projection, its projected references and its calibration, switched as one."""

    # What a process reads once, and lists do not need.
    LARGE = frozenset({"projection", "background"})

    model = models.ForeignKey(ServedModel, models.PROTECT, related_name="indexes")
    version = models.PositiveIntegerField(unique=True)
    projection = models.BinaryField()
    projection_version = models.CharField(max_length=80)
    background = models.BinaryField(help_text="projected non-landmark photos, .npy [m, 512]")
    calibration = models.JSONField()
    references = models.PositiveIntegerField()
    nonlandmarks = models.PositiveIntegerField()
    active = models.BooleanField(default=False)
    # Landmarks and photos joined or left since then; the projection is that of the build.
    changed_at = models.DateTimeField(null=True, blank=True)
    built_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "reference indexes"
        constraints = [
            models.UniqueConstraint(
                name="one_active_reference_index", fields=["active"], condition=Q(active=True)
            )
        ]

    def __str__(self) -> str:
        return f"index {self.version} of {self.model_id}"


class ReferenceEmbedding(models.Model):
    """A reference photo in the space of one index."""

    remade = True

    index = models.ForeignKey(ReferenceIndex, models.CASCADE, related_name="embeddings")
    photo = models.ForeignKey(Photo, models.CASCADE, related_name="+")
    landmark = models.ForeignKey(Landmark, models.CASCADE, related_name="+")
    embedding = HalfVectorField(dimensions=PROJECTED_SIZE)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="reference_embedding_once", fields=["index", "photo"])
        ]
        indexes = [
            HnswIndex(
                name="reference_embedding_nearest",
                fields=["embedding"],
                m=16,
                ef_construction=128,
                opclasses=["halfvec_cosine_ops"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} in index {self.index_id}"


class Prototype(models.Model):
    """The normalized mean of a landmark's references in one index."""

    index = models.ForeignKey(ReferenceIndex, models.CASCADE, related_name="prototypes")
    landmark = models.ForeignKey(Landmark, models.CASCADE, related_name="+")
    references = models.PositiveIntegerField()
    embedding = HalfVectorField(dimensions=PROJECTED_SIZE)

    class Meta:
        constraints = [models.UniqueConstraint(name="prototype_once", fields=["index", "landmark"])]

    def __str__(self) -> str:
        return f"{self.landmark_id} in index {self.index_id}"
