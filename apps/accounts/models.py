from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person who works in the portal; tourists need no account."""

    # Written with the second factor itself; each request compares its session with it.
    second_factor_at = models.DateTimeField(
        _("second factor since"), null=True, blank=True, editable=False
    )

    class Meta(AbstractUser.Meta):
        verbose_name = _("person")
        verbose_name_plural = _("people")


class EditorRegion(models.Model):
    """A region to which the edits of a person are limited; without any they edit everywhere.

    A region that limits somebody cannot be deleted: the limit would silently go with it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="regions")
    region = models.ForeignKey(
        "catalogue.Region", models.PROTECT, related_name="editors", verbose_name=_("region")
    )

    class Meta:
        verbose_name = _("region of an editor")
        verbose_name_plural = _("regions of an editor")
        constraints = [
            models.UniqueConstraint(name="editor_region_once", fields=["user", "region"])
        ]

    def __str__(self) -> str:
        return str(self.region)


class SecondFactor(models.Model):
    """The app on a person's phone that makes one-time codes."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="second_factor"
    )
    sealed_secret = models.TextField(help_text="readable with the portal's secret key only")
    last_step = models.BigIntegerField(
        help_text="the half minute of the last code taken; earlier codes are worthless"
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def __str__(self) -> str:
        return str(self.user)


class BackupCode(models.Model):
    """A code on paper for the day the phone is lost; good for one sign-in."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="backup_codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("backup code")
        verbose_name_plural = _("backup codes")
        constraints = [
            models.UniqueConstraint(name="backup_code_once", fields=["user", "code_hash"])
        ]

    def __str__(self) -> str:
        return str(self.user)
