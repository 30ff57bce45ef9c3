from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.annotation.models.dataset import Assignment, Dataset
from apps.catalogue.models import Landmark, License, Photo


class AnnotationImageQuerySet(models.QuerySet):
    def visible_to(self, user) -> AnnotationImageQuerySet:
        """Images of the datasets that an annotator works on, and of their own tasks."""
        from apps.annotation.models.task import AnnotationTask

        works_on = Assignment.objects.filter(annotator=user, dataset=OuterRef("dataset"))
        own = AnnotationTask.objects.filter(
            Q(holder=user) | Q(annotator=user) | Q(reserved_for=user), image=OuterRef("pk")
        )
        return self.filter(Q(dataset__open_to_all=True) | Exists(works_on) | Exists(own))


class AnnotationImage(models.Model):
    """A picture of a dataset. It is no Photo of a landmark: nothing of it shows in public."""

    dataset = models.ForeignKey(
        Dataset, models.CASCADE, related_name="images", verbose_name=_("dataset")
    )
    file = models.FileField(_("file"), upload_to="annotation/", blank=True, max_length=200)
    name = models.CharField(
        _("name"), max_length=300, help_text=_("of the file as it was given to us")
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True, help_text=_("of that file"))
    file_sha256 = models.CharField(
        _("SHA-256 of the stored picture"),
        max_length=64,
        blank=True,
        help_text=_("of what we made of it"),
    )
    original = models.TextField(
        _("original file"),
        blank=True,
        help_text=_("path of a picture that is read when it is first shown"),
    )
    broken = models.CharField(
        _("fault"),
        max_length=40,
        blank=True,
        help_text=_("why the picture cannot be shown, as a code"),
    )
    external_id = models.CharField(
        _("number elsewhere"), max_length=60, blank=True, help_text=_("AI Hub image_id")
    )
    width = models.PositiveIntegerField(_("width"), help_text=_("pixels of the upright picture"))
    height = models.PositiveIntegerField(_("height"), help_text=_("pixels of the upright picture"))
    license = models.ForeignKey(
        License, models.PROTECT, related_name="annotation_images", verbose_name=_("license")
    )
    credit = models.CharField(_("credit"), max_length=300, blank=True)
    landmark = models.ForeignKey(
        Landmark,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="annotation_images",
        verbose_name=_("landmark"),
    )
    # A visitor's photo: when it is taken back, what was drawn on it goes with it.
    photo = models.ForeignKey(
        Photo,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="annotation_images",
        verbose_name=_("photo"),
    )
    suggestion = models.JSONField(
        _("suggested box"), null=True, blank=True, help_text=_("[x, y, width, height]")
    )
    truth = models.JSONField(
        _("known answer"), null=True, blank=True, help_text=_("the known answer: bbox and tags")
    )
    stated = models.JSONField(
        _("what the import said besides"),
        null=True,
        blank=True,
    )
    created_at = models.DateTimeField(_("created"))

    objects = AnnotationImageQuerySet.as_manager()

    class Meta:
        verbose_name = _("image to annotate")
        verbose_name_plural = _("images to annotate")
        constraints = [
            models.CheckConstraint(
                name="annotation_image_has_size", condition=Q(width__gt=0, height__gt=0)
            ),
            models.UniqueConstraint(
                name="annotation_image_once",
                fields=["dataset", "sha256"],
                condition=~Q(sha256=""),
            ),
            models.UniqueConstraint(
                name="annotation_image_external_id_once",
                fields=["dataset", "external_id"],
                condition=~Q(external_id=""),
            ),
            models.UniqueConstraint(
                name="annotation_image_of_photo_once",
                fields=["dataset", "photo"],
                condition=Q(photo__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["dataset"],
                name="annotation_image_known",
                condition=Q(truth__isnull=False),
            ),
            # Which files of the storage belong to a row is asked for some hundred at once.
            models.Index(fields=["file"], name="annotation_image_file"),
            models.Index(
                fields=["dataset", "id"],
                name="annotation_image_broken",
                condition=~Q(broken=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return reverse("annotation:image", args=[self.pk])
