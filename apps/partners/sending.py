"""The only module that calls partners' addresses: public ones, over HTTPS, for a short time."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

CONNECT_SECONDS = 5.0
# For everything after the connection, however slowly the other side drips its answer.
ANSWER_SECONDS = 10.0
# What is read of an answer; nobody needs it.
ANSWER_BYTES = 4096
# Addresses inside others that reach whatever IPv4 address is written in them.
TUNNELS = [ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")]


class AddressRefused(Exception):
    """The address cannot or must not be called; the argument says why."""


class NoAnswer(Exception):
    """The address did not answer; the argument says why."""


class Target(NamedTuple):
    secure: bool
    host: str
    port: int
    path: str


def check_url(url: str) -> Target:
    """Return the parts of an address that may be called, without asking for its host.

    Raises AddressRefused.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("not_an_address") from None
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise AddressRefused("not_an_address")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise AddressRefused("not_an_address")
    secure = parts.scheme == "https"
    if not secure and host not in settings.WEBHOOK_HOSTS:
        raise AddressRefused("not_https")
    with suppress(ValueError):
        # Written as numbers, an address can be judged without a question.
        _check_address(host, host)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port or (443 if secure else 80), path)


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """POST to an address and return the status; redirects are not followed.

    The host is asked for once, every address it has must be public, and one of those is called:
    a name that means something else a moment later changes nothing. Raises AddressRefused and
    NoAnswer.
    """
    target = check_url(url)
    call = _Call(_connected(target))
    timer = threading.Timer(ANSWER_SECONDS, call.hang_up)
    timer.start()
    try:
        if target.secure:
            call.secure(target.host)
        status = _exchange(call.socket, target, body, headers)
        if call.hung_up:
            raise TimeoutError("the answer took too long")
        return status
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}"[:200]) from error
    finally:
        timer.cancel()
        call.socket.close()


class _Call:
    """A connection that another thread may end."""

    def __init__(self, connection: socket.socket):
        self.socket = connection
        self.hung_up = False

    def secure(self, host: str) -> None:
        context = ssl.create_default_context()
        self.socket = context.wrap_socket(
            self.socket, server_hostname=host, do_handshake_on_connect=False
        )
        self.socket.do_handshake()

    def hang_up(self) -> None:
        self.hung_up = True
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


def _connected(target: Target) -> socket.socket:
    failure: OSError | None = None
    for address in _addresses(target):
        try:
            return socket.create_connection((address, target.port), timeout=CONNECT_SECONDS)
        except OSError as error:
            failure = error
    raise NoAnswer(f"{type(failure).__name__}: {failure}"[:200]) from failure


def _addresses(target: Target) -> Sequence[str]:
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAnswer(f"unknown host: {target.host}"[:200]) from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for address in addresses:
        _check_address(address, target.host)
    return addresses


def _check_address(text: str, host: str) -> None:
    """Raise AddressRefused where an address is not public; ValueError where it is none."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if host in settings.WEBHOOK_HOSTS:
        return
    inner = getattr(address, "ipv4_mapped", None) or address
    tunnel = any(inner in network for network in TUNNELS if network.version == inner.version)
    teredo = getattr(inner, "teredo", None)
    if tunnel or teredo or not inner.is_global or inner.is_multicast:
        raise AddressRefused("not_public")


def _exchange(
    connection: socket.socket, target: Target, body: bytes, headers: dict[str, str]
) -> int:
    connection.settimeout(ANSWER_SECONDS)
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = target.port == (443 if target.secure else 80)
    client = http.client.HTTPConnection(target.host, target.port)
    client.sock = connection
    host_header = host if usual else f"{host}:{target.port}"
    headers = {**headers, "Host": host_header, "Connection": "close"}
    client.request("POST", target.path, body=body, headers=headers)
    answer = client.getresponse()
    answer.read(ANSWER_BYTES)
    return answer.status
