"""A websocket conversation on a connection: frames in and out, topics, heartbeats."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import msgspec

from simulator.server import websocket
from simulator.server.http import Connection, HttpRequest
from simulator.server.misbehaviour import disturb
from simulator.server.websocket import Frame, FrameReader, Opcode, ProtocolViolation
from simulator.stream import Message, Stream, claimed_session

if TYPE_CHECKING:
    from simulator.core import Simulator

POLL_S = 0.1
_CHUNK = 65_536
_encode = msgspec.json.Encoder().encode


def converse(connection: Connection, simulator: Simulator, request: HttpRequest, stopping: threading.Event) -> None:
    """Serve a websocket until either side ends it.

    Raises:
        OSError: the client is gone.
    """
    connection.socket.sendall(websocket.handshake(request.headers))
    stream = Stream(simulator.broker, time.monotonic(), claimed_session(request.cookies.get("api")))
    reader = FrameReader()
    with simulator.locked():
        greeting = stream.greet()
    going_on = _send(connection, simulator, greeting)
    data = bytes(connection.buffer)
    while going_on and not stopping.is_set():
        try:
            if any(not _take(connection, simulator, stream, frame) for frame in reader.feed(data)):
                return
        except ProtocolViolation as fault:
            connection.socket.sendall(websocket.close_frame(fault.code))
            return
        with simulator.locked():
            messages, over = stream.poll(time.monotonic()), stream.is_over()
        going_on = _send(connection, simulator, messages)
        if over and going_on:
            connection.socket.sendall(websocket.close_frame(websocket.NORMAL))
            return
        received = _receive(connection)
        if received is None:
            return
        data = received
    if going_on:
        connection.socket.sendall(websocket.close_frame(websocket.GOING_AWAY))


def _receive(connection: Connection) -> bytes | None:
    """Return what came within a moment, None when the client has closed."""
    connection.socket.settimeout(POLL_S)
    try:
        return connection.socket.recv(_CHUNK) or None
    except TimeoutError:
        return b""


def _take(connection: Connection, simulator: Simulator, stream: Stream, frame: Frame) -> bool:
    """Act on one frame and return whether the conversation goes on."""
    match frame.opcode:
        case Opcode.CLOSE:
            connection.socket.sendall(websocket.encode(frame.payload[:2], Opcode.CLOSE))
            return False
        case Opcode.PING:
            connection.socket.sendall(websocket.encode(frame.payload, Opcode.PONG))
        case Opcode.TEXT:
            with simulator.locked():
                answers = stream.receive(frame.payload.decode("utf-8", "replace"), time.monotonic())
            return _send(connection, simulator, answers)
    return True


def _send(connection: Connection, simulator: Simulator, messages: list[Message] | list[Message | str]) -> bool:
    """Send messages and return whether the conversation goes on, which a fault may end."""
    whole = bytearray()
    connection.socket.settimeout(10.0)
    for message in messages:
        response = simulator.deliver(message.encode() if isinstance(message, str) else _encode(message))
        if response.wire is None:
            whole += websocket.encode(response.body)
            continue
        connection.socket.sendall(whole)
        whole.clear()
        if not disturb(connection.socket, response.body, response.wire):
            return False
    connection.socket.sendall(whole)
    return True
