from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.partners.models import ApiKey, EventKind, Scope
from apps.partners.origins import NotAnOrigin, parse_origins


class OriginsField(forms.CharField):
    """Origins of web pages, one on each line."""

    def __init__(self, **kwargs):
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value) -> list[str]:
        if isinstance(value, list):
            return value
        try:
            return parse_origins(value or "")
        except NotAnOrigin as fault:
            message = _("%(text)s is not an origin. Write it like https://example.org.")
            raise ValidationError(message, params={"text": fault.args[0]}) from None

    def has_changed(self, initial, data) -> bool:
        try:
            return self.to_python(initial or []) != self.to_python(data)
        except ValidationError:
            return True


class OriginsForm(forms.Form):
    allowed_origins = OriginsField()


class NewKeyForm(OriginsForm):
    """What a partner says of a key of their own."""

    name = forms.CharField(max_length=100)
    scopes = forms.MultipleChoiceField(choices=Scope.choices)
    # A day in UTC, as the quota counts.
    expires = forms.DateField(required=False)

    def clean_expires(self) -> datetime | None:
        day = self.cleaned_data["expires"]
        if day is None:
            return None
        if day < timezone.now().astimezone(UTC).date():
            raise ValidationError(_("This day has passed."))
        # The key works until the end of the day.
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


class WebhookForm(forms.Form):
    """An address, what it is told of, and the key whose scopes allow that."""

    key = forms.ModelChoiceField(ApiKey.objects.none())
    url = forms.URLField(max_length=500, assume_scheme="https")
    kinds = forms.MultipleChoiceField(choices=EventKind.choices)

    def __init__(self, *args, keys: models.QuerySet, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["key"].queryset = keys
