"""The simulator under `requests` without a socket: the same calls, answers and broken connections, as fast as calls go.

session = requests.Session()
session.mount("https://", InProcessAdapter(Simulator(config, ReplayedMarket.load(bars))))
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import HTTPMessage
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from simulator.core import Simulator
from simulator.messages import Break, Response, Wire
from simulator.server.http import parse_cookies

CRASHED = "connection refused: the simulator has crashed"
RESET = "connection reset"
REFUSED = "connection refused"
OTHER_CERTIFICATE = "certificate verify failed"
TOO_LATE = "no answer in time"
CUT_SHORT = "the answer ends early"
Timeout = float | tuple[float | None, float | None] | None


def _let_pass(_seconds: float) -> None:
    """Do nothing: real time is not simulated time."""


class InProcessAdapter(HTTPAdapter):
    """Mount it on a session for every address that the simulator is to stand behind.

    A connection that a fault breaks raises what `requests` raises then: ConnectionError, ReadTimeout,
    ChunkedEncodingError. Nobody waits: the seconds that a client would have are handed to `waits`, which may move the
    simulated clock.
    """

    def __init__(self, simulator: Simulator, waits: Callable[[float], None] = _let_pass) -> None:
        """Stand in front of `simulator`."""
        super().__init__()
        self._simulator = simulator
        self._waits = waits
        self.crashed = False
        """whether a fault has ended the program; every call is refused then"""
        self.other_certificate = False
        """whether a fault has put another certificate in place; every call fails then"""
        self._refuses = 0

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002  (the signature that requests calls)
        timeout: Timeout = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Answer a request; of the other arguments only the time limit means something here.

        Raises:
            requests.RequestException: a fault broke the connection.
        """
        self._connect(request)
        split = urlsplit(str(request.url))
        body = request.body or b""
        answer = self._simulator.handle(
            str(request.method),
            unquote(split.path),
            split.query,
            body.encode() if isinstance(body, str) else bytes(body),
            parse_cookies(str(request.headers.get("Cookie", ""))),
        )
        if answer.wire is not None:
            self._misbehave(request, answer.wire, timeout)
        return self.build_response(request, _as_urllib3(answer))

    def _connect(self, request: requests.PreparedRequest) -> None:
        if self.crashed:
            raise requests.ConnectionError(CRASHED, request=request)
        if self.other_certificate:
            raise requests.exceptions.SSLError(OTHER_CERTIFICATE, request=request)
        if self._refuses:
            self._refuses -= 1
            raise requests.ConnectionError(REFUSED, request=request)

    def _misbehave(self, request: requests.PreparedRequest, wire: Wire, timeout: Timeout) -> None:
        limit = timeout[1] if isinstance(timeout, tuple) else timeout
        seconds = wire.seconds if limit is None else min(wire.seconds, limit)
        match wire.broken:
            case Break.SLOW:
                # A time limit holds for each byte, and each comes in time.
                self._waits(seconds)
            case Break.LATE if seconds == wire.seconds:
                self._waits(seconds)
            case Break.LATE | Break.SILENT:
                self._waits(seconds)
                raise requests.ReadTimeout(TOO_LATE, request=request)
            case Break.CUT:
                raise requests.exceptions.ChunkedEncodingError(CUT_SHORT, request=request)
            case Break.CRASH:
                self.crashed = True
                raise requests.ConnectionError(RESET, request=request)
            case Break.CERTIFICATE:
                # Without real time it stays, unless it was to be there for a while only.
                self.other_certificate = not wire.seconds
                raise requests.exceptions.SSLError(OTHER_CERTIFICATE, request=request)
            case Break.REFUSED:
                self._refuses = wire.count
                raise requests.ConnectionError(REFUSED, request=request)
            case Break.RESET:
                self._waits(seconds)
                sent = f" after {wire.count} bytes of the body" if wire.count else ""
                raise requests.ConnectionError(f"{RESET}{sent}", request=request)


def _as_urllib3(answer: Response) -> HTTPResponse:
    headers = HTTPHeaderDict()
    message = HTTPMessage()
    for name, value in (("Content-Type", answer.content_type), *answer.headers):
        headers.add(name, value)
        message[name] = value
    return HTTPResponse(
        io.BytesIO(answer.body),
        headers=headers,
        status=answer.status,
        reason=HTTPStatus(answer.status).phrase,
        preload_content=False,
        original_response=_Original(message),  # type: ignore[arg-type]  # of it only the headers are read
    )


class _Original:
    """What `requests` takes cookies from."""

    def __init__(self, message: HTTPMessage) -> None:
        self.msg = message

    def isclosed(self) -> bool:
        """Return that there is nothing to close."""
        return True
