"""HTTP/1.1 on one connection: requests read within limits of size and time, answers written in one piece."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote

from simulator.messages import Response

MOST_HEADER_BYTES = 32_768
MOST_BODY_BYTES = 1_048_576
REQUEST_DEADLINE_S = 10.0
"""from a request's first byte to its last"""
IDLE_S = 120.0
"""how long a connection is kept without a request"""
_CHUNK = 65_536
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_NO_BODY = frozenset({204, 304})
_MOST_DIGITS = 12
_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{1,8}")
_METHOD = re.compile(r"[A-Za-z]{1,20}")


class BadRequest(Exception):  # noqa: N818  (what it is, not that something went wrong here)
    """A request can't be read; `status` is what its sender gets before the connection is closed."""

    def __init__(self, status: int) -> None:
        """Keep the status."""
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it came over the wire; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    keep_alive: bool = True
    cookies: Mapping[str, str] = field(default_factory=dict)


def _all_of_it(_method: str, _path: str) -> None:
    """Wait for the whole body."""


class Connection:
    """One client's socket with what was read ahead."""

    def __init__(self, sock: socket.socket) -> None:
        """Take over a connected socket; its TLS handshake is done."""
        self.socket = sock
        self.buffer = bytearray()

    def read_request(self, taken_in: Callable[[str, str], int | None] = _all_of_it) -> HttpRequest | None:
        """Return the next request, None where the client closed or kept silent too long.

        `taken_in` tells by method and path of how many bytes of the body nobody waits for more, None: of all.

        Raises:
            BadRequest: it is malformed, too large or too slow.
            OSError: the connection broke.
        """
        deadline = time.monotonic() + (REQUEST_DEADLINE_S if self.buffer else IDLE_S)
        if not self.buffer and not self._receive(deadline):
            return None
        deadline = time.monotonic() + REQUEST_DEADLINE_S
        head = self._head(deadline)
        method, target, version, headers = _parse_head(head)
        path, _, query = target.partition("?")
        body = self._body(method, headers, deadline, taken_in(method, unquote(path)))
        connection = {token.strip() for token in headers.get("connection", "").lower().split(",")}
        keep = "close" not in connection if version == "HTTP/1.1" else "keep-alive" in connection
        return HttpRequest(method, unquote(path), query, headers, body, keep, parse_cookies(headers.get("cookie", "")))

    def _receive(self, deadline: float) -> bool:
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(_CHUNK)
        except TimeoutError:
            return False
        self.buffer += data
        return bool(data)

    def _need(self, deadline: float) -> None:
        if not self._receive(deadline):
            raise BadRequest(408)

    def _head(self, deadline: float) -> bytes:
        while self.buffer.startswith(b"\r\n"):
            # Some clients end a body with a line's end more than its length says.
            del self.buffer[:2]
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            if len(self.buffer) > MOST_HEADER_BYTES:
                raise BadRequest(431)
            self._need(deadline)
        head = bytes(self.buffer[:end])
        del self.buffer[: end + 4]
        return head

    def _body(self, method: str, headers: Mapping[str, str], deadline: float, most: int | None) -> bytes:
        coding = headers.get("transfer-encoding", "").lower()
        if coding not in ("", "chunked"):
            # HTTP has 501 for it, but a 5xx is a failure of the server's own to whoever watches one.
            raise BadRequest(400)
        count = _length(method, headers) if not coding else 0
        if headers.get("expect", "").lower() == "100-continue":
            self.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if coding:
            return self._chunked(deadline)
        return self._take(count if most is None else min(count, most), deadline)

    def _take(self, count: int, deadline: float) -> bytes:
        while len(self.buffer) < count:
            self._need(deadline)
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def _line(self, deadline: float) -> bytes:
        while (end := self.buffer.find(b"\r\n")) < 0:
            if len(self.buffer) > MOST_HEADER_BYTES:
                raise BadRequest(400)
            self._need(deadline)
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 2]
        return line

    def _chunked(self, deadline: float) -> bytes:
        body = bytearray()
        while True:
            size = self._line(deadline).partition(b";")[0].strip()
            if not _HEXADECIMAL.fullmatch(size):
                raise BadRequest(400)
            count = int(size, 16)
            if len(body) + count > MOST_BODY_BYTES:
                raise BadRequest(413)
            if count == 0:
                while self._line(deadline):
                    pass
                return bytes(body)
            body += self._take(count, deadline)
            if self._line(deadline):
                raise BadRequest(400)

    def write(self, response: Response, *, keep_alive: bool, head_only: bool = False) -> None:
        """Send an answer, headers and body in one piece.

        Raises:
            OSError: the client is gone.
        """
        self.socket.settimeout(REQUEST_DEADLINE_S)
        self.socket.sendall(encode_response(response, keep_alive=keep_alive, head_only=head_only))


def encode_response(response: Response, *, keep_alive: bool, head_only: bool = False) -> bytes:
    """Return an answer as bytes."""
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}"]
    if response.status not in _NO_BODY:
        lines.append(f"Content-Length: {len(response.body)}")
    if response.body:
        lines.append(f"Content-Type: {response.content_type}")
    lines += [f"{name}: {value}" for name, value in response.headers]
    lines.append(f"Connection: {'keep-alive' if keep_alive else 'close'}")
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head if head_only else head + response.body


def _length(method: str, headers: Mapping[str, str]) -> int:
    """Return how many bytes the body has."""
    length = headers.get("content-length")
    if length is None:
        if method in ("POST", "PUT", "PATCH"):
            raise BadRequest(411)
        return 0
    if not (length.isascii() and length.isdigit()):
        raise BadRequest(400)
    if len(length) > _MOST_DIGITS or int(length) > MOST_BODY_BYTES:
        raise BadRequest(413)
    return int(length)


def _parse_head(head: bytes) -> tuple[str, str, str, dict[str, str]]:
    first, *rest = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not _METHOD.fullmatch(parts[0]) or parts[2] not in ("HTTP/1.1", "HTTP/1.0"):  # noqa: PLR2004
        raise BadRequest(400)
    method, target, version = parts
    if not target.startswith("/") and (method.upper(), target) != ("OPTIONS", "*"):
        raise BadRequest(400)
    headers: dict[str, str] = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest(400)
        key = name.lower()
        if key in ("content-length", "transfer-encoding", "host") and key in headers:
            raise BadRequest(400)
        joined = headers.get(key)
        separator = "; " if key == "cookie" else ", "
        headers[key] = value.strip() if joined is None else f"{joined}{separator}{value.strip()}"
    if "content-length" in headers and "transfer-encoding" in headers:
        raise BadRequest(400)
    return method.upper(), target, version, headers


def parse_cookies(text: str) -> dict[str, str]:
    """Return the cookies; of double ones the first with a value: the gateway program sends empty ones as well."""
    found: dict[str, str] = {}
    for pair in text.split(";"):
        name, _, value = pair.strip().partition("=")
        if name and not found.get(name):
            found[name] = value
    return found
