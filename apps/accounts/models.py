from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person who works in the portal; tourists need no account."""


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
