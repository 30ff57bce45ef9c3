"""A partner's own page: keys, how much they were used, what pages may use them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.permissions import Permission, require_permission
from apps.partners.forms import NewKeyForm, OriginsForm
from apps.partners.models import ApiKey, Scope
from apps.partners.numbers import as_csv, chart, usage_by_day
from apps.partners.services import (
    KEYS_OF_A_PARTNER,
    TooManyKeys,
    change_origins,
    create_own_key,
    revoke_api_key,
)

PERIODS = (7, 30, 90, 366)


@require_http_methods(["GET", "POST"])
@never_cache
@require_permission(Permission.USE_API)
def keys(request: HttpRequest) -> HttpResponse:
    """Show the keys; a POST makes one and shows its text, this once."""
    form = NewKeyForm(request.POST or None, initial={"scopes": [Scope.READ]})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = create_own_key(
                request.user,
                name=values["name"],
                scopes=values["scopes"],
                expires_at=values["expires"],
                allowed_origins=values["allowed_origins"],
                at=timezone.now(),
            )
        except TooManyKeys:
            text = _("You have %(number)d working keys. Revoke one first.")
            form.add_error(None, text % {"number": KEYS_OF_A_PARTNER})
        else:
            return render(request, "partners/key_made.html", {"made": made})
    now = timezone.now()
    held = ApiKey.objects.seen_by(request.user).select_related("owner").order_by("-pk")
    context = {
        "form": form,
        "keys": [(key, key.works_at(now)) for key in held],
        "scopes": Scope.choices,
        "chosen": form["scopes"].value() or [],
    }
    return render(request, "partners/key_list.html", context)


@require_http_methods(["GET", "POST"])
@require_permission(Permission.USE_API)
def key(request: HttpRequest, prefix: str) -> HttpResponse:
    """Show how much a key was used; a POST says which pages may use it."""
    held = _own(request, prefix)
    form = OriginsForm(request.POST or None, initial={"allowed_origins": held.allowed_origins})
    if request.method == "POST" and form.is_valid():
        change_origins(
            held, form.cleaned_data["allowed_origins"], by=request.user, at=timezone.now()
        )
        messages.success(request, _("Saved."))
        return redirect("partners:key", prefix)
    days = usage_by_day([held], days=_period(request), at=timezone.now())
    context = {
        "key": held,
        "works": held.works_at(timezone.now()),
        "form": form,
        "days": days,
        "bars": chart(days),
        "most": max(day.used for day in days),
        "total": sum(day.used for day in days),
        "period": len(days),
        "periods": PERIODS,
    }
    return render(request, "partners/key_detail.html", context)


@require_GET
@require_permission(Permission.USE_API)
def usage_csv(request: HttpRequest, prefix: str) -> HttpResponse:
    """Return the usage of a key as CSV: day (UTC), operation, requests."""
    held = _own(request, prefix)
    table = as_csv(usage_by_day([held], days=_period(request), at=timezone.now()))
    name = f"gilnun-usage-{held.prefix}.csv"
    return HttpResponse(
        table,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_POST
@require_permission(Permission.USE_API)
def revoke(request: HttpRequest, prefix: str) -> HttpResponse:
    held = _own(request, prefix)
    revoke_api_key(held, by=request.user, at=timezone.now())
    messages.success(request, _("%(name)s no longer works.") % {"name": held})
    return redirect("partners:keys")


def _own(request: HttpRequest, prefix: str) -> ApiKey:
    return get_object_or_404(ApiKey.objects.seen_by(request.user), prefix=prefix)


def _period(request: HttpRequest) -> int:
    wanted = request.GET.get("days", "")
    return int(wanted) if wanted in {str(days) for days in PERIODS} else 30
