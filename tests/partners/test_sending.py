"""Which addresses webhooks may call, and that only what was checked is called."""

from __future__ import annotations

import socket
import threading

import pytest

from apps.partners import sending
from apps.partners.sending import AddressRefused, NoAnswer, check_url, post
from tests.partners.receiving import receiver

PUBLIC = "93.184.215.14"


def answered_by(*addresses: str):
    """Stand for the name service: every name has these addresses."""

    def answer(host, port, *_args, **_options):
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, 1, 6, "", (each, port))
            for each in addresses
        ]

    return answer


@pytest.mark.S11
@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "https:///x",
        "https://user:pass@example.org/",
        "https://exämple.org/",
        "https://example.org:99999/",
        "https://[::1/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[fe80::1]/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://example.org/a\r\nX: y",
    ],
)
def test_an_address_that_must_not_be_called_is_refused_before_anything_is_asked(url, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_o: pytest.fail("asked"))

    with pytest.raises(AddressRefused):
        check_url(url)


@pytest.mark.S11
@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["192.168.1.1"],
        ["100.64.0.1"],
        ["fd00::1"],
        ["::ffff:10.0.0.1"],
        ["2002:7f00:1::"],
        ["2001::1"],
        [PUBLIC, "10.0.0.1"],
        ["fe80::1%eth0"],
    ],
    ids=str,
)
def test_a_name_with_one_address_inside_is_not_called(addresses, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", answered_by(*addresses))
    monkeypatch.setattr(socket, "create_connection", lambda *_a, **_o: pytest.fail("called"))

    with pytest.raises(AddressRefused, match="not_public"):
        post("https://rebind.example/", b"{}", {})


@pytest.mark.S11
def test_a_name_is_asked_once_and_what_was_checked_is_called(monkeypatch):
    """A name that means this machine a moment later reaches nothing."""
    asked, called = [], []

    def first_public_then_inside(host, port, *_args, **_options):
        asked.append(host)
        return answered_by(PUBLIC if len(asked) == 1 else "127.0.0.1")(host, port)

    def connect(address, **_options):
        called.append(address)
        raise OSError("nobody there")

    monkeypatch.setattr(socket, "getaddrinfo", first_public_then_inside)
    monkeypatch.setattr(socket, "create_connection", connect)

    with pytest.raises(NoAnswer):
        post("https://rebind.example/", b"{}", {})

    assert (asked, called) == (["rebind.example"], [(PUBLIC, 443)])


@pytest.mark.S11
def test_a_redirect_is_not_followed(settings):
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    with receiver() as first, receiver() as second:
        first.answers, first.location = [302], second.url

        assert post(first.url, b"{}", {}) == 302
        assert len(first.messages) == 1
        assert not second.messages


def test_an_answer_that_does_not_come_is_not_waited_for(settings, monkeypatch):
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    monkeypatch.setattr(sending, "ANSWER_SECONDS", 0.3)
    with receiver() as server:
        server.hold.clear()

        with pytest.raises(NoAnswer):
            post(server.url, b"{}", {})


def test_an_answer_that_drips_is_ended_as_a_whole(settings, monkeypatch):
    """Each byte comes in time; all of them together do not."""
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    monkeypatch.setattr(sending, "ANSWER_SECONDS", 0.5)
    ended = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while not ended.wait(0.1):
                    connection.sendall(b"X")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=[server])
        thread.start()
        try:
            with pytest.raises(NoAnswer):
                post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
        finally:
            ended.set()
            thread.join()


def test_a_host_that_speaks_no_tls_is_no_answer(settings):
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    with receiver() as server, pytest.raises(NoAnswer):
        post(server.url.replace("http:", "https:"), b"{}", {})
