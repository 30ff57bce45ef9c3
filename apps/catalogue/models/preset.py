from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.catalogue.models.license import License


class PhotoPreset(models.Model):
    """What is said of the photos of one contributor: chosen instead of typed again."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    license = models.ForeignKey(
        License, models.PROTECT, related_name="presets", verbose_name=_("license")
    )
    author = models.CharField(_("author"), max_length=200, blank=True)
    credit = models.CharField(_("credit"), max_length=300, blank=True)
    source = models.CharField(_("source"), max_length=100, default="staff")

    class Meta:
        verbose_name = _("photo preset")
        verbose_name_plural = _("photo presets")

    def __str__(self) -> str:
        return self.name

    def values(self) -> dict[str, object]:
        """Return what the photos get; an empty text changes nothing."""
        texts = {"author": self.author, "credit": self.credit, "source": self.source}
        return {"license": self.license, **{name: text for name, text in texts.items() if text}}
