"""Who asks: `Authorization: Api-Key <key>`, and how often they may."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission

from apps.operations.visitors import visitor_address
from apps.partners.metering import QuotaReached, count_anonymous, use_key
from apps.partners.models import ApiKey, Scope
from apps.partners.services import KeyRefused

KEYWORD = "Api-Key"


class ApiKeyAuthentication(BaseAuthentication):
    """Find the key of a request and count its use; without one, count its address."""

    def authenticate(self, request) -> tuple[None, ApiKey] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != KEYWORD.lower().encode():
            meter_anonymous(request._request)
            return None
        text = parts[1].decode("ascii", "replace") if len(parts) == 2 else ""
        return None, meter(request._request, text)

    def authenticate_header(self, request) -> str:
        return KEYWORD


def meter(request: HttpRequest, text: str, *, operation: str = "") -> ApiKey:
    """Find the key with this text and count one request of it.

    operation: what the usage page calls it; otherwise the method and the name of the address.
    Raises AuthenticationFailed, QuotaReached.
    """
    operation = operation or f"{request.method} {request.resolver_match.url_name}"
    try:
        request.api_key, request.meters = use_key(text, operation=operation, at=timezone.now())
    except KeyRefused:
        # Guesses count like requests without a key.
        meter_anonymous(request)
        raise AuthenticationFailed from None
    except QuotaReached as reached:
        request.api_key, request.meters = reached.key, reached.meters
        raise
    return request.api_key


def meter_anonymous(request: HttpRequest) -> None:
    """Count one request of an address without a key. Raises QuotaReached."""
    try:
        request.meters = count_anonymous(visitor_address(request), at=timezone.now())
    except QuotaReached as reached:
        request.meters = reached.meters
        raise


class HasScope(BasePermission):
    """The request carries a key with a scope; each scope has its class below."""

    scope: Scope

    def has_permission(self, request, view) -> bool:
        return isinstance(request.auth, ApiKey) and self.scope in request.auth.scopes


class MayRecognize(HasScope):
    scope = Scope.RECOGNIZE


class MayExport(HasScope):
    scope = Scope.EXPORT


class HasKey(BasePermission):
    """The request carries a key, whatever its scopes."""

    def has_permission(self, request, view) -> bool:
        return isinstance(request.auth, ApiKey)


class MayRead(BasePermission):
    """Anybody may read; a key must have the scope read."""

    def has_permission(self, request, view) -> bool:
        return request.auth is None or Scope.READ in request.auth.scopes


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
