"""What faults do to a connection: reset, silence, lateness, dripping, cutting short, the program's death."""

from __future__ import annotations

import os
import select
import socket
import struct
import time

from simulator.messages import Break, Response, Wire
from simulator.server.http import Connection, encode_response

CRASH_CODE = 70


def misbehave(connection: Connection, response: Response, wire: Wire) -> None:
    """Send `response` as `wire` says, or don't; the connection is over afterwards.

    Raises:
        OSError: the client is gone.
    """
    match wire.broken:
        case Break.RESET:
            time.sleep(wire.seconds)
            reset(connection.socket)
        case Break.SILENT:
            _wait_for_end(connection.socket, wire.seconds)
        case Break.LATE:
            time.sleep(wire.seconds)
            connection.write(response, keep_alive=False)
        case Break.SLOW:
            _drip(connection.socket, encode_response(response, keep_alive=False), wire.seconds)
        case Break.CUT:
            whole = encode_response(response, keep_alive=False)
            connection.socket.sendall(whole[: len(whole) - max(len(response.body) - wire.count, 0)])
        case Break.CRASH:
            os._exit(CRASH_CODE)


def reset(sock: socket.socket) -> None:
    """Make the close that follows a reset instead of an orderly end."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _wait_for_end(sock: socket.socket, seconds: float) -> None:
    """Keep silent until the client gives up, `seconds` at most."""
    select.select([sock], [], [], seconds)


def _drip(sock: socket.socket, data: bytes, seconds: float) -> None:
    for byte in data:
        sock.sendall(bytes([byte]))
        time.sleep(seconds)
