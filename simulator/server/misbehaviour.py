"""What faults do to connections: reset, silent, late, dripping, cut short, refused, with another certificate."""

from __future__ import annotations

import os
import select
import socket
import ssl
import struct
import threading
import time

from simulator.messages import Break, Response, Wire
from simulator.server import websocket
from simulator.server.http import IDLE_S, Connection, encode_response
from simulator.server.tls import other_context

CRASH_CODE = 70
GARBAGE = b'\xff\xfe{"topic":\x00'
"""no UTF-8, and no JSON"""


class Misbehaviour:
    """What faults make of a server; safe to be used from several threads."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        """Behave, with `context` for new connections."""
        self._own = context
        self._other: ssl.SSLContext | None = None
        self._other_until_s = 0.0
        self._shut_until_s = 0.0
        self._to_reset = 0
        self._guard = threading.Lock()

    def context(self) -> ssl.SSLContext | None:
        """Return the TLS settings that the next handshake gets, None for plain HTTP."""
        with self._guard:
            shows_other = self._other is not None and time.monotonic() < self._other_until_s
            return self._other if shows_other else self._own

    def shut_for_s(self) -> float:
        """Return for how many seconds from now no connection is to be let in."""
        return self._shut_until_s - time.monotonic()

    def turns_away(self) -> bool:
        """Return whether a connection that has just come is to be reset, and count it."""
        with self._guard:
            if self._to_reset:
                self._to_reset -= 1
                return True
        return self.shut_for_s() > 0.0

    def act(self, connection: Connection, response: Response, wire: Wire, *, keep_alive: bool) -> bool:
        """Send `response` as `wire` says, or don't; return whether the connection goes on.

        Raises:
            OSError: the client is gone.
        """
        sock = connection.socket
        match wire.broken:
            case Break.LATE:
                time.sleep(wire.seconds)
                connection.write(response, keep_alive=keep_alive)
                return keep_alive
            case Break.HALF_OPEN:
                connection.write(response, keep_alive=keep_alive)
                return keep_alive and self._stays(sock, wire.seconds)
            case Break.REFUSED:
                self._shut(wire)
                reset(sock)
            case Break.CERTIFICATE:
                self._show_other(wire)
                reset(sock)
            case Break.RESET:
                time.sleep(wire.seconds)
                reset(sock)
            case Break.SILENT:
                select.select([sock], [], [], wire.seconds)
            case Break.SLOW:
                _drip(sock, encode_response(response, keep_alive=False), wire)
            case Break.CUT:
                sock.sendall(_cut_short(response, wire))
            case Break.CRASH:
                sock.sendall(encode_response(response, keep_alive=False)[: wire.count])
                os._exit(CRASH_CODE)
        return False

    def _shut(self, wire: Wire) -> None:
        with self._guard:
            if wire.count:
                self._to_reset = wire.count
            else:
                self._shut_until_s = time.monotonic() + wire.seconds

    def _show_other(self, wire: Wire) -> None:
        context = other_context(wire.detail) if self._own is not None else None
        with self._guard:
            self._other = context
            self._other_until_s = time.monotonic() + wire.seconds if wire.seconds else float("inf")

    def _stays(self, sock: socket.socket, idle_s: float) -> bool:
        """Return whether the next request comes before the connection is dead; one that comes later is reset unread."""
        if select.select([sock], [], [], idle_s)[0]:
            return True
        select.select([sock], [], [], IDLE_S)
        reset(sock)
        return False


def disturb(sock: socket.socket, message: bytes, wire: Wire) -> bool:
    """Send a message of the websocket as `wire` says; return whether the conversation goes on.

    Raises:
        OSError: the client is gone.
    """
    match wire.broken:
        case Break.SILENT:
            time.sleep(wire.seconds)
            sock.sendall(websocket.encode(message))
        case Break.FLOOD:
            sock.sendall(websocket.encode(message) * wire.count)
        case Break.GARBAGE:
            sock.sendall(websocket.encode(GARBAGE))
        case _:
            reset(sock)
            return False
    return True


def reset(sock: socket.socket) -> None:
    """Make the close that follows a reset instead of an orderly end."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _drip(sock: socket.socket, data: bytes, wire: Wire) -> None:
    """Send byte by byte; after `count` milliseconds, where there are any, the rest at once."""
    end_s = time.monotonic() + wire.count / 1000.0 if wire.count else float("inf")
    for sent in range(len(data)):
        if time.monotonic() >= end_s:
            sock.sendall(data[sent:])
            return
        sock.sendall(data[sent : sent + 1])
        time.sleep(min(wire.seconds, max(end_s - time.monotonic(), 0.0)))


def _cut_short(response: Response, wire: Wire) -> bytes:
    whole = encode_response(response, keep_alive=False)
    head, body = whole[: len(whole) - len(response.body)], response.body[: wire.count]
    if wire.detail != "chunked":
        return head + body
    length = f"Content-Length: {len(response.body)}".encode()
    return head.replace(length, b"Transfer-Encoding: chunked") + f"{len(response.body):x}\r\n".encode() + body
