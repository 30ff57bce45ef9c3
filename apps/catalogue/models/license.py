from django.db import models
from django.utils.translation import gettext_lazy as _


class License(models.Model):
    """What one may do with a photo. Rules, not labels: code asks the flags, never the name."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    url = models.URLField(_("address of the text"), blank=True)
    holder = models.CharField(_("holder"), max_length=200, blank=True)
    may_show = models.BooleanField(_("may be shown"), default=False)
    may_modify = models.BooleanField(_("may be cropped and changed"), default=False)
    may_train = models.BooleanField(_("may train models"), default=False)
    needs_credit = models.BooleanField(_("needs a credit"), default=True)

    class Meta:
        verbose_name = _("license")
        verbose_name_plural = _("licenses")

    def __str__(self) -> str:
        return self.name
