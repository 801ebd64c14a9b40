"""Faults of the way there and back, and of whole answers: T03-T12, T15, H01-H09, H12, G05, G06, G10, G12, G13."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from simulator.faults.context import Firing, Handler
from simulator.messages import HTML, Break, Response, Wire, error

BOX_S = 900.0
MAINTENANCE = "xcredserv comm failed during getEvents due to Connection refused"
LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Login</title></head><body><form action='/sso/Login'></form></body></html>"
)


def reset_before(firing: Firing) -> Response:
    """The connection is reset and the call never applied."""
    return Response(200, wire=Wire(Break.RESET, count=firing.integer("bytes", 1)))


def reset_after(firing: Firing) -> Response:
    """The call is applied, then the connection is reset."""
    return replace(firing.proceed(), wire=Wire(Break.RESET, firing.number("delay_s", 0.0)))


def answer_lost(firing: Firing) -> Response:
    """The call is applied, and nothing comes back."""
    return replace(firing.proceed(), wire=Wire(Break.SILENT, firing.number("seconds", 30.0)))


def late_answer(firing: Firing) -> Response:
    """The call is applied, and the answer comes late on the same connection."""
    return replace(firing.proceed(), wire=Wire(Break.LATE, firing.number("seconds", 20.0)))


def slow(firing: Firing) -> Response:
    """The answer drips."""
    return replace(firing.proceed(), wire=Wire(Break.SLOW, firing.number("seconds", 0.5)))


def late_apply(firing: Firing) -> Response:
    """The client sees a reset; the call is applied some simulated time later."""
    firing.broker.later(firing.number("seconds", 10.0), partial(firing.apply, firing.request))
    return Response(200, wire=Wire(Break.RESET, count=1))


def reordered(firing: Firing) -> Response:
    """The call is applied after the next read, though it was sent before it."""
    firing.broker.after_next_read.append(partial(firing.apply, firing.request))
    return Response(200, wire=Wire(Break.SILENT, firing.number("seconds", 15.0)))


def duplicated(firing: Firing) -> Response:
    """A proxy delivers the call twice; the client gets the first answer."""
    first = firing.proceed()
    firing.proceed()
    return first


def partition(firing: Firing) -> Response:
    """Nothing passes either way: the call is not applied."""
    return Response(200, wire=Wire(Break.SILENT, firing.number("seconds", 15.0)))


def redirected(firing: Firing) -> Response:
    """A redirect to the login page, or to another host."""
    location = firing.text("location", "/sso/Login?forwardTo=22&RL=1&ip2loc=US")
    return Response(firing.integer("status", 302), b"", HTML, (("Location", location),))


def unauthorized(firing: Firing) -> Response:
    """Return 401 with an empty body, or another status of refusal."""
    return Response(firing.integer("status", 401))


def forbidden(_firing: Firing) -> Response:
    """Return 403."""
    return Response(403, b"Access Denied", HTML)


def too_many(_firing: Firing) -> Response:
    """Return 429 once."""
    return error(429, "Too Many Requests")


def penalty_box(firing: Firing) -> Response:
    """Put the client into the penalty box: 429 to every call for real seconds."""
    firing.broker.pacing.box(firing.broker.clock.real(), firing.number("seconds", BOX_S))
    return error(429, "Too Many Requests")


def server_error(firing: Firing) -> Response:
    """Return a 5xx; the call is not applied."""
    return error(firing.integer("status", 503), firing.text("error", "Service Unavailable"), code=True)


def server_error_applied(firing: Firing) -> Response:
    """Apply the call and return a 5xx."""
    firing.proceed()
    return server_error(firing)


def html(_firing: Firing) -> Response:
    """Return a login page with status 200."""
    return Response(200, LOGIN_PAGE, HTML)


def empty(firing: Firing) -> Response:
    """Apply the call and answer with nothing: zero bytes, null, {} or []."""
    firing.proceed()
    return Response(200, firing.text("body", "").encode())


def cut(firing: Firing) -> Response:
    """The answer ends early, though its length says more."""
    return replace(firing.proceed(), wire=Wire(Break.CUT, count=firing.integer("bytes", 10)))


def hostile_body(firing: Firing) -> Response:
    """An answer that no parser should be trusted with: NaN, depth, size, bad UTF-8, byte order mark, double key."""
    kind = firing.text("kind", "nan")
    body = firing.proceed().body
    bodies = {
        "nan": b'{"price":NaN,"size":Infinity}',
        "deep": b"[" * 10_000 + b"]" * 10_000,
        "large": b'{"padding":"' + b"x" * firing.integer("bytes", 50_000_000) + b'"}',
        "utf8": b'{"text":"\xff\xfe"}',
        "bom": b"\xef\xbb\xbf" + body,
        "double": b'{"orders":[],"orders":null,"snapshot":true}',
    }
    return Response(200, bodies.get(kind, b""))


def maintenance(_firing: Firing) -> Response:
    """Return what the broker's maintenance shows."""
    return error(500, MAINTENANCE)


def crash(firing: Firing) -> Response:
    """The program dies, before or (with `applied`) after the call."""
    if firing.flag("applied"):
        firing.proceed()
    return Response(200, wire=Wire(Break.CRASH))


def no_permission(_firing: Firing) -> Response:
    """Refuse an order for want of permissions."""
    return error(200, "No trading permissions.")


def dead_back_end(_firing: Firing) -> Response:
    """Return 503: the gateway answers, and what is behind it doesn't."""
    return error(503, "Service Unavailable", code=True)


HANDLERS: dict[str, Handler] = {
    "T01": reset_before,
    "T03": reset_before,
    "T04": reset_after,
    "T05": answer_lost,
    "T06": late_answer,
    "T07": slow,
    "T08": late_apply,
    "T09": duplicated,
    "T10": reordered,
    "T11": partition,
    "T12": reset_before,
    "T15": redirected,
    "H01": unauthorized,
    "H02": forbidden,
    "H03": too_many,
    "H04": penalty_box,
    "H05": server_error,
    "H06": server_error_applied,
    "H07": html,
    "H08": empty,
    "H09": cut,
    "H12": hostile_body,
    "G05": maintenance,
    "G06": crash,
    "G10": no_permission,
    "G12": dead_back_end,
    "G13": html,
}
