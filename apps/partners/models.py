from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
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
