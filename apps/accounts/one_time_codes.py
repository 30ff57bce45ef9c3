"""One-time codes of a phone and codes on paper: made, drawn, compared; pure but for the key."""

from __future__ import annotations

import base64
import hmac
import io
import secrets
from datetime import datetime

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.crypto import salted_hmac

STEP_SECONDS = 30
# Phones' clocks are some seconds wrong, and people need some to type.
STEPS_AROUND = 1
BACKUP_CODES = 10
# Without letters that look like digits.
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class UnreadableSecret(Exception):
    """The stored secret was sealed with another key of the portal; it must be set up again."""


def new_secret() -> str:
    return pyotp.random_base32()


def seal(secret: str) -> str:
    """Return a secret as it is stored: readable with the portal's secret key only."""
    return _seals().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Return a stored secret. Raises UnreadableSecret."""
    try:
        return _seals().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise UnreadableSecret from error


def _seals() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    material = HKDF(SHA256(), 32, salt=None, info=b"gilnun second factor").derive(key.encode())
    return base64.urlsafe_b64encode(material)


def matching_step(secret: str, code: str, *, at: datetime, after: int) -> int | None:
    """Return the half minute whose code this is, later than `after`; None: it is not one."""
    now = int(at.timestamp()) // STEP_SECONDS
    codes = pyotp.TOTP(secret)
    for step in range(now - STEPS_AROUND, now + STEPS_AROUND + 1):
        if hmac.compare_digest(codes.generate_otp(step), code) and step > after:
            return step
    return None


def address_for_phone(secret: str, *, name: str) -> str:
    """Return the otpauth: address that an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Gilnun")


def drawn(address: str) -> str:
    """Return the QR code of an address as SVG to stand inside a page."""
    # Dark on light also on dark pages: phones do not read it the other way round.
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=3, light="#fff"
    )
    return out.getvalue().decode()


def new_backup_codes() -> list[str]:
    """Return codes to print, such as K7QP-2XMD-9RTA (60 bits)."""
    return [
        "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))
        for _ in range(BACKUP_CODES)
    ]


def hash_of_backup_code(code: str) -> str:
    """Return what is stored of a code; spaces, dashes and small letters do not matter."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return salted_hmac("gilnun backup code", plain, algorithm="sha256").hexdigest()
