"""Which function answers which call, and what has to hold before it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

from simulator.broker import Broker
from simulator.messages import Request, Response

Handler = Callable[[Broker, Request], Response]


class Needs(IntEnum):
    """The session that a call needs; each level includes those below it."""

    NOTHING = 0
    SSO = 1
    BROKERAGE = 2
    ACCOUNTS = 3
    """a brokerage session that was asked for /iserver/accounts"""


@dataclass(frozen=True, slots=True)
class Route:
    """One call; `pattern` has `{name}` where a part of the path is an argument."""

    method: str
    pattern: str
    handler: Handler
    needs: Needs = Needs.SSO


class Router:
    """Finds the route of a call; literal parts win over named ones."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Sort the routes by their number of parts."""
        self._literal: dict[tuple[str, str], Route] = {}
        self._named: dict[tuple[str, int], list[tuple[tuple[str, ...], Route]]] = {}
        for route in routes:
            parts = tuple(route.pattern.strip("/").split("/"))
            if "{" in route.pattern:
                self._named.setdefault((route.method, len(parts)), []).append((parts, route))
            else:
                self._literal[route.method, "/".join(parts)] = route

    def find(self, request: Request) -> tuple[Route, Request] | None:
        """Return the route and the request with its arguments, None for a path that isn't one."""
        path = request.path.strip("/")
        literal = self._literal.get((request.method, path))
        if literal is not None:
            return literal, request
        parts = path.split("/")
        for pattern, route in self._named.get((request.method, len(parts)), ()):
            arguments = _match(pattern, parts)
            if arguments is not None:
                return route, _with(request, arguments)
        return None


def _with(request: Request, arguments: dict[str, str]) -> Request:
    # As dataclasses.replace, which takes longer than all the rest of the way to an answer.
    return Request(request.method, request.path, request.query, request.body, arguments, request.cookies)


def _match(pattern: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    arguments = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            arguments[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return arguments
