"""Secrets that must be read again: stored so that only the portal's secret key opens them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from django.conf import settings

# Imported where it is needed: it takes 6 MB, and most processes never open a seal.
if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class UnreadableSecret(Exception):
    """The stored secret was sealed with another key of the portal; it must be set up again."""


def seal(secret: str, *, purpose: str) -> str:
    """Return a secret as it is stored; what was sealed for one purpose opens for no other."""
    return _seals(purpose).encrypt(secret.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Return a stored secret. Raises UnreadableSecret."""
    from cryptography.fernet import InvalidToken

    try:
        return _seals(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise UnreadableSecret from error


def _seals(purpose: str) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet

    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key, purpose)) for key in keys])


def _derived(key: str, purpose: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    material = HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(key.encode())
    return base64.urlsafe_b64encode(material)
