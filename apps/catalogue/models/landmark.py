from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.catalogue.completeness import Facts
from apps.catalogue.models.naming import name_for, shown_name
from apps.catalogue.models.tree import Category, CategoryName, NameKind, Region, RegionName
from apps.catalogue.opening_hours import WrongOpeningHours, is_open, parse
from apps.catalogue.scope import within_regions
from apps.catalogue.searching import searched

# So many photos are named that keep a landmark from publication.
UNTOLD_NAMED = 3


def valid_opening_hours(text: str) -> None:
    """Raise ValidationError naming the piece that is not understood."""
    try:
        parse(text)
    except WrongOpeningHours as wrong:
        raise ValidationError(
            _("“%(part)s” is not understood. Write it like “Tu-Su 09:00-18:00; Mo off”."),
            params={"part": wrong.part},
        ) from wrong


class SearchForm(Func):
    """Lower case, without spaces and dots, Hangul decomposed to letters (migration 0001)."""

    function = "gilnun_search_form"
    output_field = models.TextField()


class InitialConsonants(Func):
    """First consonant of each Hangul syllable: 첨성대 → ㅊㅅㄷ (migration 0001)."""

    function = "gilnun_initial_consonants"
    output_field = models.TextField()


class EarthPoint(Func):
    """A point of PostgreSQL's earthdistance module from WGS84 degrees."""

    function = "ll_to_earth"
    output_field = models.FloatField()


class ContentVersion(Func):
    """Another text whenever what a landmark shows is another (migration 0013)."""

    function = "gilnun_content_version"
    output_field = models.TextField()


class ContentChangedAt(Func):
    """When what a landmark shows became what it is (migration 0013)."""

    function = "gilnun_content_changed_at"
    output_field = models.DateTimeField()


class LandmarkQuerySet(models.QuerySet):
    def published(self) -> LandmarkQuerySet:
        return self.filter(state=Landmark.State.PUBLISHED)

    def with_content_version(self) -> LandmarkQuerySet:
        """Note `content_version` and `content_changed_at`, for ETag and Last-Modified.

        The version is a text that changes with anything the landmark shows: itself, names,
        notes, photos, licenses, articles, category, region; not what is near, nor its routes.
        """
        return self.annotate(
            content_version=ContentVersion("pk"), content_changed_at=ContentChangedAt("pk")
        )

    def editable_by(self, user: AbstractBaseUser) -> LandmarkQuerySet:
        """Landmarks in the regions that a person may edit."""
        return within_regions(self, user)

    def with_names(self) -> LandmarkQuerySet:
        """Fetch what a list shows in any language, in a fixed number of queries."""
        return self.prefetch_related(
            "names",
            "category__names",
            "category__parent__names",
            "region__names",
            "region__parent__names",
        )

    def open_at(self, moment: datetime) -> LandmarkQuerySet:
        """Places known to be open at a moment; what says nothing of its hours is left out."""
        texts = Landmark.objects.exclude(opening_hours="").values_list("opening_hours", flat=True)
        return self.filter(
            opening_hours__in=[text for text in texts.distinct() if is_open(text, moment)]
        )

    def with_korean_name(self) -> LandmarkQuerySet:
        """Note how each landmark calls itself, in the same query."""
        names = LandmarkName.objects.filter(landmark=OuterRef("pk"))
        return self.annotate(korean_name=shown_name(names, "ko"))

    def with_shown_names(self, language: str) -> LandmarkQuerySet:
        """Note how a landmark, its category and its region are called, in the same query."""
        regions = RegionName.objects
        return self.annotate(
            shown_name=shown_name(LandmarkName.objects.filter(landmark=OuterRef("pk")), language),
            shown_category=shown_name(
                CategoryName.objects.filter(category=OuterRef("category")), language
            ),
            shown_region=shown_name(regions.filter(region=OuterRef("region")), language),
            shown_province=shown_name(regions.filter(region=OuterRef("region__parent")), language),
        )

    def with_photos(self) -> LandmarkQuerySet:
        from django.db.models import Prefetch

        from apps.catalogue.models.photo import Photo

        shown = Photo.objects.shown().select_related("license").order_by("pk")
        return self.prefetch_related(Prefetch("photos", queryset=shown, to_attr="shown_photos"))

    def with_facts(self) -> LandmarkQuerySet:
        """Note with each row what `facts` asks for; PostgreSQL asks only for the rows of a page."""
        from apps.catalogue.models.photo import Photo

        names = LandmarkName.objects.filter(landmark=OuterRef("pk"), kind=NameKind.OFFICIAL)
        photos = Photo.objects.filter(landmark=OuterRef("pk"))
        return self.annotate(
            has_korean_name=Exists(names.filter(language="ko")),
            has_english_name=Exists(names.filter(language="en")),
            has_photo=Exists(photos.showable()),
            uncredited=Exists(photos.uncredited()),
            untold=ArraySubquery(
                photos.showable()
                .without_texts()
                .order_by("created_at", "pk")
                .values(lacks=JSONObject(pk="pk", alt_texts="alt_texts", captions="captions"))[
                    :UNTOLD_NAMED
                ]
            ),
            has_korean_text=Exists(self._texts("ko")),
            has_english_text=Exists(self._texts("en")),
            redirected=Exists(LandmarkRedirect.objects.filter(old_slug=OuterRef("slug"))),
        )

    def _texts(self, language: str) -> models.QuerySet:
        # The texts belong to the guide, which knows the catalogue and not the other way round.
        texts = self.model._meta.get_field("articles").related_model
        return texts._base_manager.filter(
            landmark=OuterRef("pk"), language=language, state="published"
        )

    def search(self, query: str) -> LandmarkQuerySet:
        """Landmarks that a query finds, best first: by infix (첨성), typo (첨성데), initial
        consonants (ㅊㅅㄷ), other languages, aliases, former names and addresses.

        What may have been meant is asked at once, in a statement or two.
        """
        return searched(self, query, entry="search_entry__")


class Landmark(models.Model):
    """A place."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Wheelchair(models.TextChoices):
        YES = "yes", _("accessible")
        LIMITED = "limited", _("partly accessible")
        NO = "no", _("not accessible")

    slug = models.SlugField(
        _("address on the site"), max_length=120, unique=True, help_text=_("It never changes.")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="parts",
        verbose_name=_("part of"),
    )
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="landmarks", verbose_name=_("category")
    )
    region = models.ForeignKey(
        Region, models.PROTECT, related_name="landmarks", verbose_name=_("region")
    )
    latitude = models.FloatField(_("latitude"), null=True, blank=True, help_text=_("WGS84 degrees"))
    longitude = models.FloatField(
        _("longitude"), null=True, blank=True, help_text=_("WGS84 degrees")
    )
    address = models.CharField(_("address"), max_length=300, blank=True)
    address_form = models.GeneratedField(
        expression=SearchForm("address"), output_field=models.TextField(), db_persist=True
    )
    opening_hours = models.CharField(
        _("opening hours"),
        max_length=300,
        blank=True,
        validators=[valid_opening_hours],
        help_text=_(
            "“Tu-Su 09:00-18:00; Mo off”, “Nov-Feb 09:00-17:00” after the rule for all months,"
            " “24/7” for always. Empty: not known."
        ),
    )
    adult_fee = models.PositiveIntegerField(
        _("fee for an adult"),
        null=True,
        blank=True,
        help_text=_("Won; 0 is free. Empty: not known."),
    )
    wheelchair = models.CharField(
        _("with a wheelchair"), max_length=10, choices=Wheelchair.choices, blank=True
    )
    website = models.URLField(_("website"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    external_ids = models.JSONField(_("numbers elsewhere"), default=dict, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="landmarks",
        limit_choices_to={"is_staff": True, "is_active": True},
        verbose_name=_("responsible person"),
    )
    source = models.CharField(_("source"), max_length=100)
    version = models.PositiveIntegerField(default=1, help_text="raised by every save")
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("changed"))

    objects = LandmarkQuerySet.as_manager()

    class Meta:
        verbose_name = _("landmark")
        verbose_name_plural = _("landmarks")
        constraints = [
            models.CheckConstraint(
                name="landmark_slug_is_ascii", condition=Q(slug__regex=r"^[a-z0-9]+(-[a-z0-9]+)*$")
            ),
            models.CheckConstraint(
                name="landmark_has_both_coordinates_or_none",
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__range=(-90, 90),
                    longitude__range=(-180, 180),
                ),
            ),
            models.CheckConstraint(
                name="landmark_not_its_own_parent",
                condition=~Q(parent=F("id")) | Q(parent__isnull=True),
            ),
            models.CheckConstraint(
                name="landmark_wheelchair_is_known",
                condition=Q(wheelchair__in=["", "yes", "limited", "no"]),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "slug"], name="landmark_state_slug"),
            models.Index(fields=["latitude", "longitude"], name="landmark_position"),
            models.Index(fields=["-updated_at", "-id"], name="landmark_last_changed"),
            GistIndex(
                EarthPoint("latitude", "longitude"),
                name="landmark_nearest",
                condition=Q(state="published", latitude__isnull=False),
            ),
            # What is open now is asked of the few different texts, not of every place.
            models.Index(
                fields=["opening_hours"],
                name="landmark_opening_hours",
                condition=~Q(opening_hours=""),
            ),
            GinIndex(
                OpClass("external_ids", name="jsonb_path_ops"),
                name="landmark_numbers_elsewhere",
                # Each look-up would read all that waits to be put into the index.
                fastupdate=False,
            ),
        ]

    def __str__(self) -> str:
        known = self.__dict__.get("korean_name")
        return known or self.name_in("ko") or self.slug

    def name_in(self, language: str) -> str:
        """Return the official name in a language, else in Korean, else any name."""
        return name_for(self.names.all(), language)

    def get_absolute_url(self) -> str:
        return reverse("guide:landmark", args=[self.slug])

    @property
    def facts(self) -> Facts:
        """What the entry has; for rows fetched `with_facts`."""
        return Facts(
            coordinates=self.latitude is not None,
            address=bool(self.address),
            korean_name=self.has_korean_name,
            english_name=self.has_english_name,
            photo=self.has_photo,
            korean_text=self.has_korean_text,
            english_text=self.has_english_text,
        )


class LandmarkName(models.Model):
    """One name of a landmark. The search columns are kept by the database itself."""

    landmark = models.ForeignKey(Landmark, models.CASCADE, related_name="names")
    language = models.CharField(_("language"), max_length=10)
    kind = models.CharField(
        _("kind"), max_length=10, choices=NameKind.choices, default=NameKind.OFFICIAL
    )
    text = models.CharField(_("name"), max_length=200)
    search_form = models.GeneratedField(
        expression=SearchForm("text"), output_field=models.TextField(), db_persist=True
    )
    initial_consonants = models.GeneratedField(
        expression=InitialConsonants("text"), output_field=models.TextField(), db_persist=True
    )

    class Meta:
        verbose_name = _("name")
        verbose_name_plural = _("names")
        constraints = [
            models.UniqueConstraint(
                name="landmark_one_official_name_per_language",
                fields=["landmark", "language"],
                condition=Q(kind="official"),
            ),
            models.UniqueConstraint(
                name="landmark_name_once", fields=["landmark", "language", "kind", "text"]
            ),
            models.CheckConstraint(name="landmark_name_not_empty", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return self.text


class LandmarkRedirect(models.Model):
    """The address of a landmark that was merged into another one; it leads there for good."""

    old_slug = models.SlugField(_("former address"), max_length=120, unique=True)
    landmark = models.ForeignKey(
        Landmark, models.CASCADE, related_name="redirects", verbose_name=_("landmark")
    )
    moved = models.JSONField(
        default=dict, editable=False, help_text="what the merge did, so that it can be undone"
    )
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("redirect")
        verbose_name_plural = _("redirects")

    def __str__(self) -> str:
        return f"{self.old_slug} → {self.landmark_id}"
