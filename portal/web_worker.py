"""The web server's worker, with a page of ours where a request never reaches Django."""

from __future__ import annotations

import socket
import time

from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from gunicorn.workers.gthread import ThreadWorker

# A browser that still writes when the connection ends may never show what it was told.
LISTENED_SECONDS = 1.0
LISTENED_BYTES = 2_000_000
# There is no script in the page that would need more; Django's own middleware was never asked.
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Connection": "close",
}


class PageWorker(ThreadWorker):
    """Answers what cannot be read as a request with a page that leads on."""

    def handle_error(self, req, client, addr, exc) -> None:
        super().handle_error(req, _InOurWords(client), addr, exc)


class _InOurWords:
    """A connection on which gunicorn's few words become a page."""

    def __init__(self, client: socket.socket):
        self._client = client

    def __getattr__(self, name: str):
        return getattr(self._client, name)

    def sendall(self, said: bytes) -> None:
        status = said.split(b"\r\n", 1)[0].decode("latin-1")
        page = refusal_page(int(status.split()[1])).encode()
        lines = [f"{name}: {value}" for name, value in HEADERS.items()]
        head = "\r\n".join([status, *lines, f"Content-Length: {len(page)}", "", ""])
        self._client.sendall(head.encode("latin-1") + page)
        self._hear_out()

    def _hear_out(self) -> None:
        self._client.shutdown(socket.SHUT_WR)
        until, heard = time.monotonic() + LISTENED_SECONDS, 0
        while heard < LISTENED_BYTES and (left := until - time.monotonic()) > 0:
            self._client.settimeout(left)
            try:
                more = len(self._client.recv(65536))
            except OSError:
                return
            if not more:
                return
            heard += more


# By status; of others by their first digit.
SAID = {
    414: (
        _("This address is too long."),
        _("Please shorten what you searched for, or begin at the first page."),
    ),
    431: (
        _("Your browser sent too much with this request."),
        _("Please delete the cookies of this site, then try again."),
    ),
    4: (
        _("This request could not be read."),
        _(
            "Something in the form or the address was not as expected. "
            "Please go back and try again."
        ),
    ),
    5: (
        _("Something went wrong on our side."),
        _("We have been told. Please try again in a moment."),
    ),
}


def refusal_page(status: int) -> str:
    """Return the page in both languages: nobody could read which one was asked for."""
    heading, advice = SAID.get(status) or SAID.get(status // 100, SAID[4])
    with override("ko"):
        return render_to_string("refused.html", {"heading": heading, "advice": advice})
