from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _
from pgvector.django import BitField, HammingDistance, HnswIndex

from apps.catalogue.models.landmark import Landmark
from apps.catalogue.models.license import License
from apps.catalogue.photo_texts import NEEDED_LANGUAGES
from apps.catalogue.scope import within_regions

# Pictures of one thing differ in more of the 64 bits; scaled and re-encoded copies in few.
ALIKE_BITS = 8
RENDITIONS = "renditions/"
# The best first: a browser takes the first format that it knows.
RENDITION_FORMATS = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
NIL = str(uuid.UUID(int=0))


class Source(NamedTuple):
    """One `<source>` of a `<picture>`."""

    type: str
    srcset: str


class PhotoQuerySet(models.QuerySet):
    def editable_by(self, user: AbstractBaseUser) -> PhotoQuerySet:
        """Photos of landmarks in the regions that a person may edit."""
        return within_regions(self, user)

    def showable(self) -> PhotoQuerySet:
        """Photos whose license lets them be shown, with the credit that it asks for."""
        credited = Q(license__needs_credit=False) | ~Q(credit="")
        return self.filter(credited, license__may_show=True)

    def shown(self) -> PhotoQuerySet:
        """Photos that anybody may see."""
        return self.showable().filter(landmark__state=Landmark.State.PUBLISHED)

    def uncredited(self) -> PhotoQuerySet:
        """Photos that could be shown, were it not for the credit that is missing."""
        return self.filter(license__may_show=True, license__needs_credit=True, credit="")

    def without_texts(self) -> PhotoQuerySet:
        """Photos that lack an alternative text or a caption in a language that is needed."""
        languages = list(NEEDED_LANGUAGES)
        return self.exclude(alt_texts__has_keys=languages, captions__has_keys=languages)

    def alike(self, perceptual_hash: str, *, bits: int = ALIKE_BITS) -> PhotoQuerySet:
        """Photos that look like one of this hash, the likeliest first; slice them."""
        return (
            self.exclude(perceptual_hash=None)
            .annotate(differing_bits=HammingDistance("perceptual_hash", perceptual_hash))
            .filter(differing_bits__lte=bits)
            .order_by("differing_bits")
        )

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
    sha256 = models.CharField(
        _("SHA-256"), max_length=64, help_text=_("of the file as it was given to us")
    )
    bytes = models.PositiveIntegerField(_("bytes"))
    width = models.PositiveIntegerField(_("width"), help_text=_("pixels"))
    height = models.PositiveIntegerField(_("height"), help_text=_("pixels"))
    license = models.ForeignKey(
        License, models.PROTECT, related_name="photos", verbose_name=_("license")
    )
    credit = models.CharField(
        _("credit"), max_length=300, blank=True, help_text=_("Shown beside the photo.")
    )
    author = models.CharField(_("author"), max_length=200, blank=True)
    alt_texts = models.JSONField(
        _("alternative text"),
        default=dict,
        blank=True,
        help_text=_("What is to be seen, for who cannot see it. Needed for publication."),
    )
    captions = models.JSONField(
        _("caption"),
        default=dict,
        blank=True,
        help_text=_("Stands beneath the photo. Needed for publication."),
    )
    source = models.CharField(_("source"), max_length=100)
    source_url = models.URLField(_("page of the source"), max_length=500, blank=True)
    focal_x = models.FloatField(
        _("focal point, from the left"), default=0.5, help_text=_("0 to 1; crops keep it in view")
    )
    # Buildings rise: what a visitor looks for is a little above the middle.
    focal_y = models.FloatField(_("focal point, from above"), default=0.4)
    perceptual_hash = BitField(
        length=64, null=True, editable=False, help_text="alike for pictures that look alike"
    )
    renditions = models.JSONField(
        default=dict, editable=False, help_text='sizes by shape: {"whole": [[width, height], …]}'
    )
    renditions_key = models.CharField(max_length=64, blank=True, editable=False)
    # Set by the database, too, where license, landmark or focal point change (migration 0007).
    renditions_due = models.BooleanField(default=True, editable=False)
    renditions_error = models.TextField(blank=True, editable=False)
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
            models.CheckConstraint(
                name="photo_focal_point_inside",
                condition=Q(focal_x__gte=0, focal_x__lte=1, focal_y__gte=0, focal_y__lte=1),
            ),
            models.UniqueConstraint(name="photo_once", fields=["landmark", "sha256"]),
            models.UniqueConstraint(
                name="photo_without_landmark_once",
                fields=["sha256"],
                condition=Q(landmark__isnull=True),
            ),
        ]
        indexes = [
            HnswIndex(
                name="photo_looks", fields=["perceptual_hash"], opclasses=["bit_hamming_ops"]
            ),
            # The admin's list begins with the newest.
            models.Index(F("created_at").desc(), F("id").desc(), name="photo_newest"),
            models.Index(
                F("created_at"), name="photo_renditions_due", condition=Q(renditions_due=True)
            ),
            models.Index(
                F("created_at"), name="photo_renditions_failed", condition=~Q(renditions_error="")
            ),
            models.Index(
                F("renditions_key"), name="photo_renditions_key", condition=~Q(renditions_key="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.landmark or self.source} {self.id}"

    @cached_property
    def url(self) -> str:
        return _address(get_language()).replace(NIL, str(self.id))

    @property
    def alt(self) -> str:
        """What the photo shows, in the language of the page; "" where nobody said it."""
        return self.alt_texts.get(get_language(), "")

    @property
    def caption(self) -> str:
        """What stands beneath it, in the language of the page; "" where nobody wrote any."""
        return self.captions.get(get_language(), "")

    @property
    def whole_only(self) -> bool:
        """Whether the license wants the picture as it is: no crop, no other version of it."""
        return not self.license.may_modify

    def sizes_of(self, shape: str) -> list[list[int]]:
        """Widths and heights of the finished renditions of a shape, the smallest first."""
        return [] if self.whole_only else self.renditions.get(shape, [])

    def rendition_url(self, shape: str, width: int, suffix: str = "jpg") -> str:
        if settings.MEDIA_HOST:
            return f"{settings.MEDIA_HOST}/{self.rendition_name(shape, width, suffix)}"
        # Built and not reversed: a page names hundreds. It changes with the picture, so that no
        # cache shows a former crop.
        base, version = self.url.removesuffix(".jpg"), self.renditions_key[:8]
        return f"{base}/{shape}-{width}.{suffix}?v={version}"

    def rendition_name(self, shape: str, width: int, suffix: str) -> str:
        """Return the name in the storage."""
        key = self.renditions_key
        return f"{RENDITIONS}{key[:2]}/{key}/{shape}-{width}.{suffix}"

    def sources(self, shape: str) -> list[Source]:
        """Return what a `<picture>` offers; nothing while the renditions are not made."""
        sizes = self.sizes_of(shape)
        return [
            Source(
                kind,
                ", ".join(
                    f"{self.rendition_url(shape, width, suffix)} {width}w" for width, _ in sizes
                ),
            )
            for suffix, kind in RENDITION_FORMATS.items()
            if sizes
        ]

    def rendition_names(self) -> list[str]:
        """Return all files of the renditions."""
        return [
            self.rendition_name(shape, width, suffix)
            for shape, sizes in self.renditions.items()
            for width, _ in sizes
            for suffix in RENDITION_FORMATS
        ]

    # Left out of the log; a photo that comes back gets them anew.
    worked_out = (
        *("perceptual_hash", "renditions", "renditions_key"),
        *("renditions_due", "renditions_error"),
    )
    # Files of the storage that no file field names; see operations.stored_files.
    other_files = RENDITIONS

    @classmethod
    def known_files(cls, names: Iterable[str]) -> set[str]:
        """Return those of some names under `other_files` that belong to a photo."""
        by_key: dict[str, list[str]] = {}
        for name in names:
            by_key.setdefault(name.removeprefix(RENDITIONS).split("/")[1], []).append(name)
        photos = cls.objects.filter(renditions_key__in=by_key)
        return {name for photo in photos for name in photo.rendition_names()}


@cache
def _address(language: str) -> str:
    """Return the address of a picture without a number, in the pages of a language."""
    with override(language):
        return reverse("guide:photo_file", args=[NIL])
