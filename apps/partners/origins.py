"""Origins of web pages (RFC 6454), as people type them and as browsers send them; pure."""

from __future__ import annotations

from urllib.parse import urlsplit

LOCAL = ("localhost", "127.0.0.1", "[::1]")


class NotAnOrigin(ValueError):
    """The text is no https:// address of a host; its argument is the text."""


def parse_origins(text: str) -> list[str]:
    """Return the origins that stand on the lines of a text. Raises NotAnOrigin."""
    return list(dict.fromkeys(_origin(line.strip()) for line in text.splitlines() if line.strip()))


def _origin(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise NotAnOrigin(text) from None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL)
    rest = parts.path not in ("", "/") or parts.query or parts.fragment or parts.username
    if not host or not secure or rest or "*" in host or not host.isascii() or len(text) > 200:
        raise NotAnOrigin(text)
    usual = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")
