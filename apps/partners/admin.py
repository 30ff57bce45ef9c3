from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.operations.editing import AuditedAdmin
from apps.partners.models import ApiKey
from apps.partners.services import revoke_api_key


@admin.register(ApiKey)
class ApiKeyAdmin(AuditedAdmin):
    # The log holds no secrets.
    keeps_no_way_back = True
    list_display = ["name", "prefix", "scopes", "created_at", "expires_at", "revoked_at"]
    readonly_fields = ["prefix", "scopes", "created_at", "revoked_at", "last_used_at"]
    exclude = ["secret_sha256"]
    actions = ["revoke"]

    def has_add_permission(self, request) -> bool:
        # A key is shown once, by the command create_api_key.
        return False

    @admin.action(description=_("Revoke the selected keys"), permissions=["change"])
    def revoke(self, request, queryset) -> None:
        for key in queryset:
            revoke_api_key(key, by=request.user, at=timezone.now())
