"""What a request over HTTP is answered: the simulator's answers, and what only a server can say."""

from __future__ import annotations

import ipaddress
import logging
import traceback
from functools import partial

from simulator.core import Simulator
from simulator.messages import TEXT, Response, error
from simulator.pacing import Limit
from simulator.server.http import HttpRequest
from simulator.server.origins import is_foreign_page, is_page_of_elsewhere
from simulator.server.tempo import Tempo
from simulator.truth import LogLostError

_READING = frozenset({"GET", "HEAD"})
# Links of any page may lead here. Elsewhere a GET is no mere look: one logs out, and each counts for the limits.
_LOGIN_PAGES = frozenset({"/", "/sso/Login", "/sso/Success"})
logger = logging.getLogger(__name__)


class Answers:
    """Answers requests one by one; safe to be called from several threads."""

    def __init__(self, simulator: Simulator, tempo: Tempo) -> None:
        """Answer for `simulator`, each answer after the time that `tempo` gives it."""
        self._simulator = simulator
        self._tempo = tempo

    def answer(self, request: HttpRequest, client: str) -> Response:
        """Return the answer to a request; a defect of the simulator is the real one's 500 and a line of the log.

        Raises:
            LogLostError: nothing may be answered any more.
        """
        try:
            return self._answer(request, client)
        except LogLostError:
            raise
        except Exception as fault:  # noqa: BLE001  (one call's defect must not end the other calls)
            log_defect(f"{request.method} {request.path}", fault)
            return error(500, "unknown")

    def refuse_websocket(self, request: HttpRequest) -> Response | None:
        """Return what the opening of a websocket is told that may not be opened, None for one that may."""
        if is_foreign_page(request.headers):
            return _wrong_origin()
        return self._simulator.refuse_websocket()

    def _answer(self, request: HttpRequest, client: str) -> Response:
        if request.path.startswith("/sim/"):
            refused = _refuse_control(request, client)
            if refused is not None:
                return refused
        if request.method == "OPTIONS":
            return _preflight(request)
        linked = request.method in _READING and request.path in _LOGIN_PAGES
        if not linked and is_foreign_page(request.headers):
            return _wrong_origin()
        method = "GET" if request.method == "HEAD" else request.method

        def proceed() -> Response:
            return self._simulator.handle(method, request.path, request.query, request.body, dict(request.cookies))

        refuse = partial(self._simulator.refuse, method, request.path, Limit.CHARTS)
        return self._tempo.answer(request.path, proceed, refuse)


def log_defect(what: str, fault: Exception) -> None:
    """Log an exception that nothing expected, in one line with the place that it came from."""
    place = traceback.extract_tb(fault.__traceback__)[-1]
    text = " ".join(f"{type(fault).__name__}: {fault}".split())
    logger.error("defect in %r: %s (%s:%s)", what, text, place.filename, place.lineno)


def _wrong_origin() -> Response:
    """Return the answer of the gateway program to an origin that its `cors.origin.allowed` does not name."""
    return Response(403, b"CORS Rejected - Invalid origin", TEXT)


def _preflight(request: HttpRequest) -> Response:
    """Return what the gateway program answers a browser that asks first: every page may ask whether it may ask."""
    asked = request.headers.get("access-control-request-headers", "")
    allowed = asked if asked.isascii() and asked.isprintable() else ""
    return Response(
        204,
        headers=(
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS"),
            *((("Access-Control-Allow-Headers", allowed),) if allowed else ()),
        ),
    )


def _refuse_control(request: HttpRequest, client: str) -> Response | None:
    """Keep the control to programs of this machine: no other address, and no page of a browser."""
    if not ipaddress.ip_address(client.partition("%")[0]).is_loopback:
        return error(403, "the simulator's control is for this machine only")
    if is_page_of_elsewhere(request.headers):
        return error(403, "the simulator's control is not for pages of other sites")
    return None
