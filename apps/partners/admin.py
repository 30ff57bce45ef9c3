from __future__ import annotations

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from apps.operations.admin import ReadOnlyAdmin
from apps.operations.conflicts import VersionedAdmin
from apps.partners.delivering import send_again
from apps.partners.forms import OriginsField
from apps.partners.models import ApiKey, Delivery, Scope, Webhook
from apps.partners.services import give_secret, revoke_api_key
from apps.partners.webhooks import change_webhook


class ApiKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    allowed_origins = OriginsField(
        label=_("Origins"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Web pages that may use this key, one on each line: https://example.org"),
    )


@admin.register(ApiKey)
class ApiKeyAdmin(VersionedAdmin):
    # The log holds no secrets.
    keeps_no_way_back = True
    form = ApiKeyForm
    list_display = ["name", "prefix", "owner", "scopes", "last_used_at", "expires_at", "revoked_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "prefix", "owner__username"]
    raw_id_fields = ["owner"]
    fields = ["name", "owner", "scopes", "allowed_origins", "per_minute", "per_day", "expires_at"]
    stored = ["prefix", "created_at", "last_used_at", "revoked_at"]
    readonly_fields = stored
    actions = ["revoke"]

    def get_fields(self, request: HttpRequest, row: ApiKey | None = None) -> list[str]:
        return [*self.fields, *self.stored] if row else self.fields

    def save_model(self, request: HttpRequest, row: ApiKey, form, change: bool) -> None:
        if not change:
            request.key_text = give_secret(row, at=timezone.now())
        super().save_model(request, row, form, change)

    def response_add(
        self, request: HttpRequest, row: ApiKey, post_url_continue=None
    ) -> HttpResponse:
        """Show the key, this once, instead of leading away."""
        context = {
            **self.admin_site.each_context(request),
            "title": row,
            "opts": self.opts,
            "text": request.key_text,
            "back": reverse("admin:partners_apikey_changelist"),
        }
        return render(request, "admin/partners/key_made.html", context)

    @admin.action(description=_("Revoke the selected keys"), permissions=["change"])
    def revoke(self, request, queryset) -> None:
        for key in queryset:
            revoke_api_key(key, by=request.user, at=timezone.now())


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    list_display = ["url", "key", "kinds", "active", "failing_since"]
    list_filter = ["active"]
    list_select_related = ["key"]
    search_fields = ["url", "key__name", "key__prefix"]
    fields = readonly_fields = [
        *("key", "url", "kinds", "active", "failing_since", "created_at"),
    ]
    actions = ["turn_off", "turn_on"]

    @admin.action(description=_("Turn the selected webhooks off"), permissions=["view"])
    def turn_off(self, request: HttpRequest, queryset) -> None:
        self._turn(request, queryset, active=False)

    @admin.action(description=_("Turn the selected webhooks on"), permissions=["view"])
    def turn_on(self, request: HttpRequest, queryset) -> None:
        self._turn(request, queryset, active=True)

    def _turn(self, request: HttpRequest, queryset, *, active: bool) -> None:
        for webhook in queryset.select_related("key"):
            change_webhook(
                webhook, key=webhook.key, active=active, by=request.user, at=timezone.now()
            )


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "kind", "webhook", "state", "attempts", "status", "error"]
    list_filter = ["state", "kind"]
    list_select_related = ["webhook"]
    search_fields = ["webhook__url", "=id"]
    ordering = ["-created_at"]
    show_full_result_count = False
    actions = ["resend"]

    @admin.action(description=_("Send the selected messages again"), permissions=["view"])
    def resend(self, request: HttpRequest, queryset) -> None:
        for delivery in queryset:
            send_again(delivery, at=timezone.now())
