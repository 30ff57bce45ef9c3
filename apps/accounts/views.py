"""Signing in, with one factor or two, and the second factor itself."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from unfold.forms import AdminOwnPasswordChangeForm

from apps.accounts import second_factor
from apps.accounts.forms import CodeForm, SignInForm, too_many_tries
from apps.accounts.models import User
from apps.accounts.one_time_codes import address_for_phone, drawn, new_secret, seal, unseal
from apps.accounts.permissions import first_page
from apps.accounts.services import record_password_change
from apps.accounts.signing_in import (
    TooManyTries,
    WrongCode,
    check_code,
    known_device,
    remember_device,
)
from apps.operations.visitors import visitor_address

HALF_DONE = "half_signed_in"
HALF_DONE_SECONDS = 600
NEW_SECRET = "new_second_factor"


class SignIn(LoginView):
    """Ask for name and password; who has a second factor is asked for it next."""

    template_name = "accounts/login.html"
    form_class = SignInForm

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        user = request.user
        wanted = self.get_redirect_url()
        if user.is_authenticated and not user.is_staff and wanted.startswith("/admin/"):
            # Sent here by a page that is not theirs: signing in again would not help.
            raise PermissionDenied
        return super().get(request, *args, **kwargs)

    def form_valid(self, form: SignInForm) -> HttpResponse:
        user = form.get_user()
        if not user.second_factor_at:
            return self._enter(user)
        if not form.cleaned_data["otp_token"]:
            self.request.session.cycle_key()
            self.request.session[HALF_DONE] = {
                "user": user.pk,
                "password": user.get_session_auth_hash(),
                "at": timezone.now().timestamp(),
                "next": self.get_redirect_url(),
            }
            return redirect("accounts:second_step")
        try:
            _check(self.request, user, form.cleaned_data["otp_token"])
        except TooManyTries as reached:
            form.retry_after = reached.seconds
            form.add_error(None, too_many_tries(reached.minutes))
        except WrongCode:
            form.add_error(None, wrong_code())
        else:
            return self._enter(user)
        return self.form_invalid(form)

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        response = super().form_invalid(form)
        return _said_to_wait(response, form.retry_after)

    def _enter(self, user: User) -> HttpResponse:
        return _enter(self.request, user, self.get_redirect_url())


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for the one-time code of somebody whose name and password were right."""
    half_done = request.session.get(HALF_DONE) or {}
    user = _half_signed_in(half_done)
    if user is None:
        request.session.pop(HALF_DONE, None)
        return redirect("login")
    form = CodeForm(request.POST or None)
    retry_after = 0
    if request.method == "POST" and form.is_valid():
        try:
            _check(request, user, form.cleaned_data["otp_token"])
        except TooManyTries as reached:
            retry_after = reached.seconds
            form.add_error(None, too_many_tries(reached.minutes))
        except WrongCode:
            form.add_error("otp_token", wrong_code())
        else:
            del request.session[HALF_DONE]
            return _enter(request, user, half_done["next"])
    return _said_to_wait(render(request, "accounts/second_step.html", {"form": form}), retry_after)


def _half_signed_in(half_done: dict) -> User | None:
    """Return who gave the right password a few minutes ago, if it still is the right one."""
    if timezone.now().timestamp() - half_done.get("at", 0) > HALF_DONE_SECONDS:
        return None
    user = User.objects.filter(pk=half_done["user"], is_active=True).first()
    if user is None or user.get_session_auth_hash() != half_done["password"]:
        return None
    return user if user.second_factor_at else None


def _check(request: HttpRequest, user: User, code: str) -> None:
    check_code(user, code, at=timezone.now(), address=visitor_address(request))


def _enter(request: HttpRequest, user: User, wanted: str) -> HttpResponse:
    """Sign somebody in who gave all that is asked of them."""
    device = known_device(request, user.get_username()) or secrets.token_urlsafe(16)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session[second_factor.SESSION_KEY] = second_factor.session_mark(user)
    allowed = {request.get_host()}
    if not url_has_allowed_host_and_scheme(wanted, allowed, require_https=request.is_secure()):
        wanted = ""
    response = redirect(wanted or first_page(user))
    remember_device(response, user, device=device)
    return response


def _said_to_wait(response: HttpResponse, seconds: int) -> HttpResponse:
    if seconds:
        response.status_code = 429
        response["Retry-After"] = str(seconds)
    return response


def wrong_code() -> str:
    return _("This code is not right. It changes every half minute, and each is good for once.")


@sensitive_post_parameters()
@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def set_up_second_factor(request: HttpRequest) -> HttpResponse:
    """Show the QR code for the phone, or what can be done with a second factor that is there."""
    if request.user.second_factor_at:
        return _manage(request)
    if NEW_SECRET not in request.session:
        request.session[NEW_SECRET] = seal(new_secret())
    secret = unseal(request.session[NEW_SECRET])
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.set_up(
                request.user, secret=secret, code=form.cleaned_data["otp_token"], at=timezone.now()
            )
        except second_factor.AlreadySetUp:
            return redirect("accounts:second_factor")
        except WrongCode:
            form.add_error("otp_token", wrong_code())
        else:
            del request.session[NEW_SECRET]
            return _shown_codes(request, codes)
    address = address_for_phone(secret, name=request.user.get_username())
    context = {
        "form": form,
        "picture": drawn(address),
        "address": address,
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "required": second_factor.needs_second_factor(request.user),
    }
    return render(request, "accounts/second_factor_new.html", context)


def _manage(request: HttpRequest) -> HttpResponse:
    if not second_factor.is_complete(request):
        return redirect("login")
    user, form, retry_after = request.user, CodeForm(request.POST or None), 0
    required = second_factor.needs_second_factor(user)
    if request.method == "POST" and form.is_valid():
        try:
            _check(request, user, form.cleaned_data["otp_token"])
        except TooManyTries as reached:
            retry_after = reached.seconds
            form.add_error(None, too_many_tries(reached.minutes))
        except WrongCode:
            form.add_error("otp_token", wrong_code())
        else:
            if "renew" in request.POST:
                codes = second_factor.renew_backup_codes(user, at=timezone.now())
                return _shown_codes(request, codes)
            second_factor.take_away(user, by=user, at=timezone.now())
            request.session[second_factor.SESSION_KEY] = None
            return redirect("accounts:second_factor")
    left = user.backup_codes.filter(used_at=None).count()
    context = {"form": form, "left": left, "required": required}
    return _said_to_wait(render(request, "accounts/second_factor.html", context), retry_after)


def _shown_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    request.session.cycle_key()
    request.session[second_factor.SESSION_KEY] = second_factor.session_mark(request.user)
    context = {"codes": codes, "next": first_page(request.user)}
    return render(request, "accounts/backup_codes.html", context)


class ChangePassword(PasswordChangeView):
    """The admin's page to change one's own password, with an entry in the log."""

    form_class = AdminOwnPasswordChangeForm
    template_name = "registration/password_change_form.html"
    success_url = reverse_lazy("admin:password_change_done")

    def get_context_data(self, **kwargs) -> dict:
        return {**super().get_context_data(**kwargs), **admin.site.each_context(self.request)}

    def form_valid(self, form) -> HttpResponse:
        response = super().form_valid(form)
        record_password_change(form.user, by=form.user, at=timezone.now())
        return response
