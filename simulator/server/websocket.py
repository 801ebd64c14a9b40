"""The websocket protocol on a server's side: handshake and frames (RFC 6455), text only, with limits."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

NORMAL, GOING_AWAY, PROTOCOL_ERROR, UNSUPPORTED, TOO_BIG = 1000, 1001, 1002, 1003, 1009
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MOST_FRAME_BYTES = 65_536
_SHORT, _MEDIUM, _LONG = 125, 126, 127
_MASK_BYTES = 4


class Opcode(IntEnum):
    """Kinds of frames."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class ProtocolViolation(Exception):  # noqa: N818  (what the client did)
    """The client broke the protocol; `code` closes the connection."""

    def __init__(self, code: int) -> None:
        """Keep the close code."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, unmasked."""

    opcode: int
    payload: bytes
    final: bool = True


def is_upgrade(headers: Mapping[str, str]) -> bool:
    """Return whether a request asks for a websocket."""
    return headers.get("upgrade", "").lower() == "websocket" and bool(headers.get("sec-websocket-key"))


def handshake(headers: Mapping[str, str]) -> bytes:
    """Return the answer that opens the websocket."""
    key = headers["sec-websocket-key"] + GUID
    accept = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest()).decode()
    lines = ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade")
    return "\r\n".join((*lines, f"Sec-WebSocket-Accept: {accept}", "", "")).encode()


def encode(payload: bytes, opcode: int = Opcode.TEXT) -> bytes:
    """Return a whole, unmasked frame."""
    head = bytearray([0x80 | opcode])
    size = len(payload)
    if size <= _SHORT:
        head.append(size)
    elif size < 1 << 16:
        head += bytes([_MEDIUM]) + size.to_bytes(2, "big")
    else:
        head += bytes([_LONG]) + size.to_bytes(8, "big")
    return bytes(head) + payload


def close_frame(code: int) -> bytes:
    """Return a close frame."""
    return encode(code.to_bytes(2, "big"), Opcode.CLOSE)


class FrameReader:
    """Takes bytes as they come and gives whole messages: the parts of a message are put together."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._buffer = bytearray()
        self._parts: bytearray | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """Return the text messages and control frames that `data` completes.

        Raises:
            ProtocolViolation: a frame is unmasked, too long, no text, out of order or has reserved bits.
        """
        self._buffer += data
        frames = []
        while (frame := self._next()) is not None:
            whole = self._whole(frame)
            if whole is not None:
                frames.append(whole)
        return frames

    def _whole(self, frame: Frame) -> Frame | None:
        """Return a frame that is complete by itself or completes a message, None for one that doesn't."""
        match frame.opcode:
            case Opcode.CLOSE | Opcode.PING | Opcode.PONG:
                if not frame.final or len(frame.payload) > _SHORT:
                    raise ProtocolViolation(PROTOCOL_ERROR)
                return frame
            case Opcode.BINARY:
                raise ProtocolViolation(UNSUPPORTED)
            case Opcode.TEXT if self._parts is None:
                self._parts = bytearray()
            case Opcode.CONTINUATION if self._parts is not None:
                pass
            case _:
                raise ProtocolViolation(PROTOCOL_ERROR)
        self._parts += frame.payload
        if len(self._parts) > MOST_FRAME_BYTES:
            raise ProtocolViolation(TOO_BIG)
        if not frame.final:
            return None
        message, self._parts = bytes(self._parts), None
        return Frame(Opcode.TEXT, message)

    def _next(self) -> Frame | None:
        buffer = self._buffer
        if len(buffer) < 2:  # noqa: PLR2004  (the two bytes that every frame has)
            return None
        if buffer[0] & 0x70 or not buffer[1] & 0x80:
            raise ProtocolViolation(PROTOCOL_ERROR)
        size, at = buffer[1] & 0x7F, 2
        if size >= _MEDIUM:
            width = 2 if size == _MEDIUM else 8
            if len(buffer) < at + width:
                return None
            size, at = int.from_bytes(buffer[at : at + width], "big"), at + width
        if size > MOST_FRAME_BYTES:
            raise ProtocolViolation(TOO_BIG)
        if len(buffer) < at + _MASK_BYTES + size:
            return None
        mask = buffer[at : at + _MASK_BYTES]
        payload = buffer[at + _MASK_BYTES : at + _MASK_BYTES + size]
        plain = bytes(byte ^ mask[index % _MASK_BYTES] for index, byte in enumerate(payload))
        frame = Frame(buffer[0] & 0x0F, plain, bool(buffer[0] & 0x80))
        del buffer[: at + _MASK_BYTES + size]
        return frame
