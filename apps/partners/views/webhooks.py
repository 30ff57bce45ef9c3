"""A partner's webhooks: made, turned off and on, removed; their messages, sent again."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.permissions import Permission, require_permission
from apps.partners.delivering import send_again
from apps.partners.forms import WebhookForm
from apps.partners.models import ApiKey, EventKind, Webhook
from apps.partners.sending import AddressRefused
from apps.partners.webhooks import (
    WEBHOOKS_OF_A_PARTNER,
    KindNotAllowed,
    TooManyWebhooks,
    change_webhook,
    create_webhook,
    delete_webhook,
)

DELIVERIES_SHOWN = 50


@require_http_methods(["GET", "POST"])
@never_cache
@require_permission(Permission.USE_API)
def webhooks(request: HttpRequest) -> HttpResponse:
    """Show the webhooks; a POST makes one and shows its secret, this once."""
    keys = ApiKey.objects.seen_by(request.user).working(timezone.now()).order_by("-pk")
    form = WebhookForm(request.POST or None, keys=keys)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = create_webhook(
                values["key"],
                url=values["url"],
                kinds=values["kinds"],
                by=request.user,
                at=timezone.now(),
            )
        except AddressRefused:
            form.add_error("url", _("Only public addresses over HTTPS can be called."))
        except KindNotAllowed as refused:
            text = _("This key may not hear of %(kind)s.") % {"kind": refused.args[0]}
            form.add_error("kinds", text)
        except TooManyWebhooks:
            text = _("You have %(number)d webhooks. Remove one first.")
            form.add_error(None, text % {"number": WEBHOOKS_OF_A_PARTNER})
        else:
            return render(request, "partners/webhook_made.html", {"made": made})
    context = {
        "form": form,
        "webhooks": Webhook.objects.seen_by(request.user).select_related("key").order_by("pk"),
        "keys": keys,
        "kinds": EventKind.choices,
        "chosen": form["kinds"].value() or [],
    }
    return render(request, "partners/webhook_list.html", context)


@require_GET
@require_permission(Permission.USE_API)
def webhook(request: HttpRequest, number: int) -> HttpResponse:
    """Show the newest messages of a webhook and how they went."""
    held = _own(request, number)
    newest = held.deliveries.order_by("-created_at", "pk")[:DELIVERIES_SHOWN]
    return render(request, "partners/webhook_detail.html", {"webhook": held, "deliveries": newest})


@require_POST
@require_permission(Permission.USE_API)
def turn(request: HttpRequest, number: int) -> HttpResponse:
    """Turn a webhook on or off."""
    held = _own(request, number)
    change_webhook(
        held, key=held.key, active="on" in request.POST, by=request.user, at=timezone.now()
    )
    return redirect("partners:webhook", number)


@require_POST
@require_permission(Permission.USE_API)
def remove(request: HttpRequest, number: int) -> HttpResponse:
    held = _own(request, number)
    delete_webhook(held, key=held.key, by=request.user, at=timezone.now())
    messages.success(request, _("Removed."))
    return redirect("partners:webhooks")


@require_POST
@require_permission(Permission.USE_API)
def resend(request: HttpRequest, number: int, delivery: UUID) -> HttpResponse:
    """Send a message again."""
    held = get_object_or_404(_own(request, number).deliveries, pk=delivery)
    send_again(held, at=timezone.now())
    messages.success(request, _("The message is on its way again."))
    return redirect("partners:webhook", number)


def _own(request: HttpRequest, number: int) -> Webhook:
    seen = Webhook.objects.seen_by(request.user).select_related("key")
    return get_object_or_404(seen, pk=number)
