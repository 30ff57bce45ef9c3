from __future__ import annotations

import re

from django.db import models
from django.db.models import Prefetch, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.catalogue.models import Landmark

FIRST_LANGUAGE = "ko"
LONGEST_STAY = 24 * 60


class RouteQuerySet(models.QuerySet):
    def published(self) -> RouteQuerySet:
        return self.filter(state=Route.State.PUBLISHED)

    def through(self, landmark: Landmark) -> RouteQuerySet:
        return self.filter(stops__landmark=landmark)

    def with_stops(self, *related: str) -> RouteQuerySet:
        """Fetch the stops that visitors may see, each with its landmark or more: one query."""
        stops = (
            RouteStop.objects.filter(
                landmark__state=Landmark.State.PUBLISHED, landmark__latitude__isnull=False
            )
            .select_related("landmark", *related)
            .order_by("position", "pk")
        )
        return self.prefetch_related(Prefetch("stops", queryset=stops, to_attr="shown_stops"))


class Route(models.Model):
    """A walk or drive from landmark to landmark that staff put together."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Travel(models.TextChoices):
        WALK = "walk", _("on foot")
        DRIVE = "drive", _("by car")

    slug = models.SlugField(
        _("address on the site"), max_length=120, unique=True, help_text=_("It never changes.")
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.DRAFT, editable=False
    )
    travel = models.CharField(
        _("how one travels"), max_length=10, choices=Travel.choices, default=Travel.WALK
    )
    source = models.CharField(_("source"), max_length=100, default="staff")
    version = models.PositiveIntegerField(default=1, help_text="raised by every save")
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("changed"))

    objects = RouteQuerySet.as_manager()

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        permissions = [("publish_route", _("Can publish and withdraw routes"))]
        constraints = [
            models.CheckConstraint(
                # /routes/plan/ is the page of a visitor's own route.
                name="route_slug_is_ascii",
                condition=Q(slug__regex=r"^[a-z0-9]+(-[a-z0-9]+)*$") & ~Q(slug="plan"),
                violation_error_message=_(
                    "Use small letters, digits and hyphens; “plan” is taken by the site itself."
                ),
            ),
            models.CheckConstraint(
                name="route_state_is_known",
                condition=Q(state__in=["draft", "published", "withdrawn"]),
            ),
            models.CheckConstraint(
                name="route_travel_is_known", condition=Q(travel__in=["walk", "drive"])
            ),
        ]
        indexes = [models.Index(fields=["state", "slug"], name="route_state_slug")]

    def __str__(self) -> str:
        text = self.text_in(FIRST_LANGUAGE)
        return text.title if text else self.slug

    def get_absolute_url(self) -> str:
        return reverse("guide:route", args=[self.slug])

    def text_in(self, language: str) -> RouteText | None:
        """Return the text in a language, else in Korean, else any; None without texts."""
        wanted = {language: 0, FIRST_LANGUAGE: 1} if language != FIRST_LANGUAGE else {language: 0}
        return min(
            self.texts.all(), key=lambda text: (wanted.get(text.language, 2), text.pk), default=None
        )


class RouteText(models.Model):
    """What a route is called and said to be, in one language."""

    route = models.ForeignKey(Route, models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=10)
    title = models.CharField(_("title"), max_length=200)
    summary = models.CharField(
        _("summary"), max_length=300, help_text=_("One or two sentences for lists.")
    )
    body = models.TextField(
        _("text"), blank=True, help_text=_("Paragraphs are separated by an empty line.")
    )

    class Meta:
        verbose_name = _("text of a route")
        verbose_name_plural = _("texts of a route")
        constraints = [
            models.UniqueConstraint(
                name="route_text_once_per_language", fields=["route", "language"]
            ),
            models.CheckConstraint(
                name="route_text_not_empty",
                condition=~Q(title="") & ~Q(summary="") & ~Q(language=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.language})"

    @property
    def paragraphs(self) -> list[str]:
        return [part.strip() for part in re.split(r"\n\s*\n", self.body) if part.strip()]


class RouteStop(models.Model):
    """A landmark on a route. Stops come by position; gaps and equal ones do no harm."""

    route = models.ForeignKey(Route, models.CASCADE, related_name="stops")
    landmark = models.ForeignKey(
        Landmark, models.CASCADE, related_name="route_stops", verbose_name=_("landmark")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    minutes = models.PositiveSmallIntegerField(_("minutes there"), default=60)
    # Language → what to look for or how to go on; one field each in the form.
    notes = models.JSONField(_("notes"), default=dict, blank=True)

    class Meta:
        verbose_name = _("stop")
        verbose_name_plural = _("stops")
        constraints = [
            models.UniqueConstraint(name="route_stop_once", fields=["route", "landmark"]),
            models.CheckConstraint(
                name="route_stop_minutes_in_a_day", condition=Q(minutes__range=(1, LONGEST_STAY))
            ),
        ]
        indexes = [models.Index(fields=["route", "position"], name="route_stop_position")]

    def __str__(self) -> str:
        return f"{self.position}. {self.landmark}"

    def note_in(self, language: str) -> str:
        """Return the note in a language, else in Korean; "" without one."""
        return self.notes.get(language) or self.notes.get(FIRST_LANGUAGE, "")
