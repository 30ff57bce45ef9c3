"""What the web server refuses before Django sees it gets a page of the guide all the same."""

from __future__ import annotations

import re
import socket

import pytest

pytestmark = pytest.mark.slow
HOST = b"Host: 127.0.0.1\r\n"
END = b"Connection: close\r\n\r\n"


def asked(portal, request: bytes) -> tuple[int, str, str]:
    """Send bytes as they are; return status, head and body of the answer."""
    with socket.create_connection(("127.0.0.1", portal.port), timeout=30) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as answer:
            head, _, body = answer.read().partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode("latin-1"), body.decode()


def get(address: bytes, more: bytes = b"") -> bytes:
    return b"GET " + address + b" HTTP/1.1\r\n" + HOST + more + END


@pytest.mark.parametrize(
    ("request_", "status", "korean", "english"),
    [
        (get(b"/landmarks/?q=" + b"a" * 9000), 414, "주소가 너무 깁니다", "too long"),
        (get(b"/" + b"%EA%B0%80" * 20_000), 414, "주소가 너무 깁니다", "too long"),
        (get(b"/", b"Cookie: a=" + b"b" * 9000 + b"\r\n"), 431, "쿠키", "cookies of this site"),
        (get(b"/\0"), 400, "요청을 읽지 못했습니다", "could not be read"),
        (b"GET / nonsense\r\n\r\n", 400, "요청을 읽지 못했습니다", "could not be read"),
    ],
    ids=["long query", "very long path", "large cookie", "NUL byte", "no HTTP"],
)
def test_the_server_itself_answers_with_a_page(running_portal, request_, status, korean, english):
    found, head, body = asked(running_portal, request_)

    assert found == status
    assert "default-src 'self'" in head and "text/html; charset=utf-8" in head
    assert f"Content-Length: {len(body.encode())}" in head
    assert body.count("<h1") == 1 and korean in body
    assert english in body[body.index('<p lang="en">') :]
    assert 'href="/"' in body and 'href="/en/"' in body
    style = re.search(r'href="(/static/css/tokens[^"]+)"', body)[1]
    assert asked(running_portal, get(style.encode()))[0] == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (b"/landmarks/?q=" + b"a" * 5000, 200),
        (b"/landmarks/?page=" + b"9" * 4500, 200),
        (b"/en/" + b"a" * 7000 + b"/", 404),
        (b"/%zz/%", 404),
        (b"/landmarks/%00/", 404),
        (b"/%ff%fe/", 404),
    ],
    ids=["long query", "huge page", "long path", "broken encoding", "NUL", "no UTF-8"],
)
def test_odd_addresses_reach_the_guide(running_portal, address, status):
    found, _, body = asked(running_portal, get(address))

    assert found == status
    assert body.count("<h1") == 1 and 'name="q"' in body
