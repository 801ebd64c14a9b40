from __future__ import annotations

from simulator.broker import Broker
from simulator.messages import Request, Response
from simulator.router import Route, Router


def answer(_broker: Broker, request: Request) -> Response:
    return Response(200, repr(sorted(request.parameters.items())).encode())


ROUTER = Router(
    [
        Route("GET", "/a/{one}/c", answer),
        Route("GET", "/a/b/c", answer),
        Route("POST", "/a/{one}/{two}", answer),
    ]
)


def parameters(method: str, path: str) -> dict[str, str] | None:
    found = ROUTER.find(Request(method, path))
    return dict(found[1].parameters) if found else None


def test_named_parts_are_handed_over() -> None:
    assert parameters("GET", "/a/x/c") == {"one": "x"}
    assert parameters("POST", "/a/x/y/") == {"one": "x", "two": "y"}


def test_literal_path_wins() -> None:
    assert parameters("GET", "/a/b/c") == {}


def test_other_method_or_length_is_not_found() -> None:
    assert parameters("DELETE", "/a/b/c") is None
    assert parameters("GET", "/a/b") is None
