"""Where a request comes from."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

# Parts of the portal itself, which operators have to tell apart.
INSIDE = [
    ip_network(text)
    for text in ("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    + ("::1/128", "fc00::/7", "fe80::/10")
]


def visitor_address(request: HttpRequest) -> str:
    """Return the address to count a visitor by; headers count only behind trusted proxies."""
    direct = request.META.get("REMOTE_ADDR", "") or "local"
    if not settings.TRUSTED_PROXIES:
        return direct
    # Each proxy adds the address it was called from; what stands before is the sender's own text.
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    hops = [part for part in forwarded if part]
    return hops[-settings.TRUSTED_PROXIES] if len(hops) >= settings.TRUSTED_PROXIES else direct


def truncated_address(address: str) -> str:
    """Return a network address without the part that names one household; inner ones stay.

    What is no address comes back as it is.
    """
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if any(known in network for network in INSIDE if network.version == known.version):
        return address
    network = ip_network(f"{known}/{24 if known.version == 4 else 48}", strict=False)
    return str(network.network_address)
