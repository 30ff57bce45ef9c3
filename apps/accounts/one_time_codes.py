"""One-time codes of a phone and codes on paper: made, drawn, compared; pure but for the key."""

from __future__ import annotations

import hmac
import io
import secrets
from datetime import datetime

import pyotp
import segno
from django.utils.crypto import salted_hmac

from apps.operations import sealing

STEP_SECONDS = 30
# Phones' clocks are some seconds wrong, and people need some to type.
STEPS_AROUND = 1
BACKUP_CODES = 10
# Without letters that look like digits.
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
PURPOSE = "gilnun second factor"


def new_secret() -> str:
    return pyotp.random_base32()


def seal(secret: str) -> str:
    """Return a secret as it is stored: readable with the portal's secret key only."""
    return sealing.seal(secret, purpose=PURPOSE)


def unseal(sealed: str) -> str:
    """Return a stored secret. Raises UnreadableSecret."""
    return sealing.unseal(sealed, purpose=PURPOSE)


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
