from __future__ import annotations

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.accounts.signing_in import TooManyTries, check_password


class SignInForm(AuthenticationForm):
    """Name and password; programs may send the one-time code along."""

    otp_token = forms.CharField(max_length=40, required=False)
    retry_after = 0

    def clean(self) -> dict:
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not name or not password:
            return self.cleaned_data
        try:
            self.user_cache = check_password(
                self.request, name=name, password=password, at=timezone.now()
            )
        except TooManyTries as reached:
            self.retry_after = reached.seconds
            raise ValidationError(too_many_tries(reached.minutes), code="locked") from reached
        if self.user_cache is None:
            text = _("User name and password do not match. Capital letters count.")
            raise ValidationError(text, code="invalid_login")
        return self.cleaned_data


class CodeForm(forms.Form):
    """A one-time code, or a backup code."""

    otp_token = forms.CharField(label=_("Code"), max_length=40)


def too_many_tries(minutes: int) -> str:
    """Return what somebody reads who must wait."""
    return ngettext(
        "Too many wrong tries. Please wait %(minutes)d minute, or ask an administrator.",
        "Too many wrong tries. Please wait %(minutes)d minutes, or ask an administrator.",
        minutes,
    ) % {"minutes": minutes}
