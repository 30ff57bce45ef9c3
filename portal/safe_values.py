"""Values that would open an installation to everybody: with one of them it does not start."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured

INSIDE = frozenset({"localhost", "127.0.0.1", "::1", "[::1]", "testserver"})
SECRET_LENGTH = 32
DIFFERENT_LETTERS = 12
# As sample files and tutorials have them.
KNOWN_BEGINNINGS = ("django-insecure", "change", "secret", "replace", "example", "your")


def refuse_unsafe(
    *,
    debug: bool,
    https: bool,
    bind: str,
    hosts: Sequence[str],
    secret_keys: Sequence[str],
    metrics_token: str,
) -> None:
    """Raise ImproperlyConfigured, with what to do, where a value must not meet the world."""
    if debug and (https or bind not in INSIDE or set(hosts) - INSIDE):
        _refuse("GILNUN_DEBUG shows code and settings to everybody: it is for this machine only")
    if "*" in hosts:
        _refuse("GILNUN_ALLOWED_HOSTS names each host: with * anybody chooses where links lead")
    for key in secret_keys:
        if len(key) < SECRET_LENGTH:
            _refuse(f"GILNUN_SECRET_KEY needs {SECRET_LENGTH} characters")
        if len(set(key)) < DIFFERENT_LETTERS or key.lower().startswith(KNOWN_BEGINNINGS):
            _refuse("GILNUN_SECRET_KEY is one that others know; openssl rand -base64 48 makes one")
    if metrics_token and len(metrics_token) < 16:
        _refuse("GILNUN_METRICS_TOKEN needs 16 characters")


def _refuse(reason: str) -> None:
    raise ImproperlyConfigured(f"{reason}. See .env.example.")
