"""Who asks: `Authorization: Api-Key <key>`, and how often they may."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission

from apps.partners.models import ApiKey, Scope
from apps.partners.services import KeyRefused, count_use, find_api_key

KEYWORD = "Api-Key"


class ApiKeyAuthentication(BaseAuthentication):
    """Find the key of a request and count its use."""

    def authenticate(self, request) -> tuple[None, ApiKey] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != KEYWORD.lower().encode():
            return None
        if len(parts) != 2:
            raise AuthenticationFailed
        now = timezone.now()
        try:
            key = find_api_key(parts[1].decode("ascii", "replace"), at=now)
        except KeyRefused:
            raise AuthenticationFailed from None
        request.allowance = count_use(key, at=now)
        return None, key

    def authenticate_header(self, request) -> str:
        return KEYWORD


class MayRecognize(BasePermission):
    """The request carries a key with scope recognize."""

    def has_permission(self, request, view) -> bool:
        return isinstance(request.auth, ApiKey) and Scope.RECOGNIZE in request.auth.scopes


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = ApiKeyAuthentication
    name = "ApiKey"

    def get_security_definition(self, auto_schema) -> dict:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key <key>`",
        }
