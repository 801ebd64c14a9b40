"""Requests and responses as values: what the HTTPS server and the in-process transport both hand over and get back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

import msgspec

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
NOT_FOUND_PAGE = b"<html><body><h1>Resource not found</h1></body></html>"

_encode = msgspec.json.Encoder().encode


class Break(StrEnum):
    """How the way back to the client breaks."""

    RESET = "reset"
    """the connection is reset instead of an answer"""
    SILENT = "silent"
    """nothing comes for `seconds`, then the connection closes"""
    LATE = "late"
    """the answer comes after `seconds`"""
    SLOW = "slow"
    """one byte each `seconds`"""
    CUT = "cut"
    """the answer ends after `count` bytes of its body, though its length says more"""
    CRASH = "crash"
    """the whole program dies, after `count` bytes of the answer"""
    REFUSED = "refused"
    """the connection is reset, and new ones are refused: `count` of them, or for `seconds`"""
    HALF_OPEN = "half open"
    """the answer comes, and the connection is dead without a word once it was idle for `seconds`"""
    CERTIFICATE = "certificate"
    """the connection is reset, and the server shows another certificate, of the kind `detail`, for `seconds`"""
    FLOOD = "flood"
    """a message of the websocket comes `count` times"""
    GARBAGE = "garbage"
    """in place of a message the websocket brings bytes that are none"""


@dataclass(frozen=True, slots=True)
class Wire:
    """What a fault does to the connection; seconds are real ones over a socket."""

    broken: Break
    seconds: float = 0.0
    count: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer; `headers` beside Content-Type and Content-Length, names as sent; `wire` where a fault asks for it."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    wire: Wire | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One call; `path` is without the query, `parameters` holds the named parts of the path that the router found."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    parameters: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)

    def argument(self, name: str) -> str:
        """Return the part of the path that the route calls `name`."""
        return self.parameters[name]

    def json(self) -> Any:  # noqa: ANN401  (JSON becomes values here)
        """Return the body as a value; an empty body is an empty object.

        Raises:
            msgspec.DecodeError: the body is not JSON.
        """
        return decode_json(self.body) if self.body.strip() else {}

    def json_object(self) -> dict[str, Any]:
        """Return the body as an object, an empty one where it is something else or no JSON at all."""
        try:
            value = self.json()
        except msgspec.DecodeError:
            return {}
        return value if isinstance(value, dict) else {}


def decode_json(data: bytes) -> Any:  # noqa: ANN401  (JSON becomes values here)
    """Return JSON as values.

    Raises:
        msgspec.DecodeError: it is none; text that is no UTF-8 and lists within lists without end included.
    """
    try:
        return msgspec.json.decode(data)
    except (UnicodeDecodeError, RecursionError) as fault:
        raise msgspec.DecodeError(str(fault)) from fault


def parse_query(text: str) -> dict[str, str]:
    """Return the query's fields; a repeated one is a list, as if it were written with commas."""
    fields: dict[str, str] = {}
    if not text:
        return fields
    for name, value in parse_qsl(text, keep_blank_values=True):
        fields[name] = f"{fields[name]},{value}" if name in fields else value
    return fields


def json_response(value: object, status: int = 200) -> Response:
    """Return `value` as a JSON answer."""
    return Response(status, _encode(value))


def error(status: int, text: str, *, code: bool = False) -> Response:
    """Return an error in the older envelope, or with `code` in the one that repeats the status."""
    return json_response({"error": text, "statusCode": status} if code else {"error": text}, status)


def bad_request(text: str) -> Response:
    """Return the envelope of most validation errors below /iserver."""
    return error(400, f"Bad Request: {text}", code=True)


def unavailable() -> Response:
    """Return what the back end answers when it gives up on a call."""
    return error(503, "Service Unavailable", code=True)


def not_found() -> Response:
    """Return the HTML page of an unknown path."""
    return Response(404, NOT_FOUND_PAGE, HTML)
