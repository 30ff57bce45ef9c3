from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Permission, may


class Scope(models.TextChoices):
    READ = "read", _("read landmarks")
    RECOGNIZE = "recognize", _("recognize photos")
    EXPORT = "export", _("fetch full files")


class ApiKeyQuerySet(models.QuerySet):
    def seen_by(self, user: AbstractBaseUser) -> ApiKeyQuerySet:
        """The keys of a person; those who manage partners see everybody's."""
        return self if may(user, Permission.MANAGE_PARTNERS) else self.filter(owner=user)

    def working(self, at: datetime) -> ApiKeyQuerySet:
        """Keys that are neither revoked nor expired, of people who did not leave."""
        return self.filter(
            Q(owner=None) | Q(owner__is_active=True),
            Q(expires_at=None) | Q(expires_at__gt=at),
            revoked_at=None,
        )


class ApiKey(models.Model):
    """A partner's key. Only its prefix and the SHA-256 of the whole are kept."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="api_keys",
        verbose_name=_("partner"),
        help_text=_("Who sees this key, its usage and its webhooks on the page for partners."),
    )
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=12, unique=True)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    allowed_origins = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        verbose_name=_("origins"),
        help_text=_("Web pages that may use this key, one on each line: https://example.org"),
    )
    per_minute = models.PositiveIntegerField(
        _("requests a minute"), null=True, blank=True, help_text=_("Empty: the usual limit.")
    )
    per_day = models.PositiveIntegerField(
        _("requests a day"), null=True, blank=True, help_text=_("Empty: the usual limit.")
    )
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("works until"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.CheckConstraint(
                name="api_key_known_scopes",
                condition=Q(scopes__contained_by=[scope.value for scope in Scope]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def works_at(self, at: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)

    @property
    def minute_limit(self) -> int:
        return settings.KEY_PER_MINUTE if self.per_minute is None else self.per_minute

    @property
    def day_limit(self) -> int:
        return settings.KEY_PER_DAY if self.per_day is None else self.per_day


class KeyUsage(models.Model):
    """How often a key did something on one day (UTC, as the daily quota counts)."""

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="usage")
    day = models.DateField()
    operation = models.CharField(max_length=60, help_text="as GET landmarks")
    used = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="key_usage_once", fields=["key", "day", "operation"])
        ]

    def __str__(self) -> str:
        return f"{self.key_id} {self.day} {self.operation}: {self.used}"


class EventKind(models.TextChoices):
    """What partners may hear of."""

    LANDMARK_CHANGED = "landmark.changed", _("landmarks changed")
    RECOGNITION_FINISHED = "recognition.finished", _("a photo of yours was recognized")
    ANNOTATION_SUBMITTED = "annotation.submitted", _("an annotation was submitted")
    ANNOTATION_RETURNED = "annotation.returned", _("an annotation was sent back")
    ANNOTATION_ACCEPTED = "annotation.accepted", _("an annotation was accepted")
    EXPORT_READY = "export.ready", _("an export is ready")


# The scope that a partner's key must have for them to hear of it.
SCOPE_OF = {
    EventKind.LANDMARK_CHANGED: Scope.READ,
    EventKind.RECOGNITION_FINISHED: Scope.RECOGNIZE,
    EventKind.ANNOTATION_SUBMITTED: Scope.EXPORT,
    EventKind.ANNOTATION_RETURNED: Scope.EXPORT,
    EventKind.ANNOTATION_ACCEPTED: Scope.EXPORT,
    EventKind.EXPORT_READY: Scope.EXPORT,
}


class WebhookQuerySet(models.QuerySet):
    def of_partner(self, key: ApiKey) -> WebhookQuerySet:
        """The webhooks of the partner whose key this is: their other keys see them too."""
        same = Q(key=key)
        return self.filter(same | Q(key__owner=key.owner_id) if key.owner_id else same)

    def seen_by(self, user: AbstractBaseUser) -> WebhookQuerySet:
        return self.filter(key__in=ApiKey.objects.seen_by(user))

    def listening(self, kind: EventKind, at: datetime) -> WebhookQuerySet:
        """Those who asked for a kind, and whose partner still has a key that allows it."""
        keys = _keys_of_partner().working(at).filter(scopes__contains=[SCOPE_OF[kind]])
        return self.filter(Exists(keys), kinds__contains=[kind], active=True)

    def of_requester(self, prefix: str) -> WebhookQuerySet:
        """Those of the partner one of whose keys has this prefix."""
        return self.filter(Exists(_keys_of_partner().filter(prefix=prefix)))


def _keys_of_partner() -> ApiKeyQuerySet:
    return ApiKey.objects.filter(Q(pk=OuterRef("key")) | Q(owner=OuterRef("key__owner")))


class Webhook(models.Model):
    """An address of a partner that is told what happened."""

    key = models.ForeignKey(
        ApiKey,
        models.CASCADE,
        related_name="webhooks",
        verbose_name=_("API key"),
        help_text=_("Made with this key; it belongs to the key's partner."),
    )
    url = models.URLField(_("address"), max_length=500)
    kinds = ArrayField(
        models.CharField(max_length=40, choices=EventKind.choices), verbose_name=_("kinds")
    )
    sealed_secret = models.TextField(help_text="readable with the portal's secret key only")
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("made"))
    failing_since = models.DateTimeField(_("fails since"), null=True, blank=True)
    # While it fails, one attempt at a time finds out whether it is back.
    paused_until = models.DateTimeField(null=True, blank=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.url


class Delivery(models.Model):
    """One message to one webhook, and how it went."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(
        Webhook, models.CASCADE, related_name="deliveries", verbose_name=_("webhook")
    )
    kind = models.CharField(_("kind"), max_length=40, choices=EventKind.choices)
    body = models.TextField(help_text="the JSON that is sent")
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    status = models.PositiveSmallIntegerField(_("status of the answer"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("made"))
    last_attempt_at = models.DateTimeField(_("last attempt"), null=True, blank=True)
    finished_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(F("webhook"), F("created_at").desc(), name="delivery_of_webhook"),
            models.Index(fields=["finished_at"], name="delivery_finished"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class LandmarkFollower(models.Model):
    """How far the feed of changes was passed on to webhooks; one row."""

    cursor = models.TextField()

    def __str__(self) -> str:
        return self.cursor
