from django.db import models


class License(models.Model):
    """What one may do with a photo. Rules, not labels: code asks the flags, never the name."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    url = models.URLField(blank=True)
    holder = models.CharField(max_length=200, blank=True)
    may_show = models.BooleanField(default=False)
    may_modify = models.BooleanField(default=False)
    may_train = models.BooleanField(default=False)
    needs_credit = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name
