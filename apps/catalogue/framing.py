"""Messages on a socket: a few named values and blocks of bytes; pure Python, no Django."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Sequence

HEAD = struct.Struct("!I")


def send(connection: socket.socket, values: dict, blobs: Sequence[bytes] = ()) -> None:
    head = json.dumps({"values": values, "sizes": [len(blob) for blob in blobs]}).encode()
    connection.sendall(HEAD.pack(len(head)) + head)
    for blob in blobs:
        connection.sendall(blob)


def receive(connection: socket.socket) -> tuple[dict, list[bytes]]:
    """Return the next message. Raises EOFError when the other side is gone."""
    (length,) = HEAD.unpack(_exactly(connection, HEAD.size))
    head = json.loads(_exactly(connection, length))
    return head["values"], [bytes(_exactly(connection, size)) for size in head["sizes"]]


def _exactly(connection: socket.socket, size: int) -> bytearray:
    content = bytearray(size)
    rest = memoryview(content)
    while rest:
        count = connection.recv_into(rest)
        if not count:
            raise EOFError
        rest = rest[count:]
    return content
