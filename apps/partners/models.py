from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Scope(models.TextChoices):
    READ = "read"
    RECOGNIZE = "recognize"
    EXPORT = "export"


class ApiKey(models.Model):
    """A partner's key. Only its prefix and the SHA-256 of the whole are kept."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    per_minute = models.PositiveIntegerField(null=True, blank=True, help_text="empty: the default")
    per_day = models.PositiveIntegerField(null=True, blank=True, help_text="empty: the default")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
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
