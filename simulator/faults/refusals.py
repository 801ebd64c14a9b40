"""Whole answers that are another: redirects, refusals, errors, pages, nothing at all."""

from __future__ import annotations

from simulator.faults.context import Firing
from simulator.faults.declaration import ORDERS, FaultKind, choice, flag, real_seconds, text, whole
from simulator.messages import HTML, Response, error

LOGIN_LOCATION = "/sso/Login?forwardTo=22&RL=1&ip2loc=US"
OTHER_HOST = "https://gateway.example/sso/Login"
LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Login</title></head><body><form action='/sso/Login'></form>{}</body></html>"
)
ERROR_PAGE = "<html><head><title>Error</title></head><body><h1>Internal error</h1>{}</body></html>"
BOX_S = 900.0
SERVER_ERRORS = (500, 502, 503, 504)


def redirected(firing: Firing) -> Response:
    """A redirect to the login page, or to another host; the call is not applied."""
    location = LOGIN_LOCATION if firing.text("to") == "login" else OTHER_HOST
    return Response(firing.integer("status"), b"", HTML, (("Location", location),))


def unauthorized(firing: Firing) -> Response:
    """401 with an empty body; the call is not applied."""
    if firing.flag("until_login"):
        firing.broker.session.logout()
    return Response(401)


def forbidden(_firing: Firing) -> Response:
    """403; the call is not applied."""
    return Response(403, b"Access Denied", HTML)


def too_many(firing: Firing) -> Response:
    """429, or from now on the documented limits, which count this call as well."""
    if firing.text("limits") == "documented":
        firing.broker.pacing.enabled = True
        return firing.proceed()
    return error(429, "Too Many Requests")


def penalty_box(firing: Firing) -> Response:
    """The client is in the penalty box: 429 to every call."""
    firing.broker.pacing.box(firing.broker.clock.real(), firing.number("seconds"))
    return error(429, "Too Many Requests")


def server_error(firing: Firing) -> Response:
    """A 5xx; the call is not applied."""
    return error(firing.integer("status"), firing.text("error"), code=True)


def server_error_applied(firing: Firing) -> Response:
    """A 5xx; the call is applied."""
    firing.proceed()
    return server_error(firing)


def page(firing: Firing) -> Response:
    """A page with status 200; the call is not applied."""
    form = LOGIN_PAGE if firing.text("page") == "login" else ERROR_PAGE
    bare = form.format("")
    return Response(200, form.format("&nbsp;" * ((firing.integer("size") - len(bare)) // 6)).encode(), HTML)


def empty(firing: Firing) -> Response:
    """Status 200 and nothing: zero bytes, null, {} or []."""
    if firing.flag("applied"):
        firing.proceed()
    return Response(200, firing.text("body").encode())


def no_permission(firing: Firing) -> Response:
    """The order is refused for want of permissions."""
    return error(200, firing.text("error"))


_STATUS = choice("status", 503, SERVER_ERRORS, "status of the answer")
_ERROR = text("error", "Service Unavailable", "text of the answer")

KINDS = (
    FaultKind(
        "T15",
        "Redirect",
        redirected,
        (
            choice("status", 302, (301, 302, 303, 307, 308), "status of the answer"),
            choice("to", "login", ("login", "other_host"), "where it leads"),
        ),
    ),
    FaultKind(
        "H01",
        "401 in the middle of things",
        unauthorized,
        (flag("until_login", "the login is gone, so that every call is refused until the next one"),),
    ),
    FaultKind("H02", "403", forbidden),
    FaultKind(
        "H03",
        "429",
        too_many,
        (choice("limits", "forced", ("forced", "documented"), "refuse this call, or keep to the documented limits"),),
    ),
    FaultKind(
        "H04",
        "Penalty box: 429 to every call",
        penalty_box,
        (real_seconds("seconds", BOX_S, "how long"),),
        once=True,
    ),
    FaultKind("H05", "5xx, and the call is not applied", server_error, (_STATUS, _ERROR)),
    FaultKind("H06", "5xx, and the call is applied", server_error_applied, (_STATUS, _ERROR)),
    FaultKind(
        "H07",
        "A page in place of JSON, with status 200",
        page,
        (
            choice("page", "login", ("login", "error"), "which"),
            whole("size", 0, "at least about this long", most=10_000_000, unit="bytes"),
        ),
    ),
    FaultKind(
        "H08",
        "Empty answer, with status 200",
        empty,
        (
            choice("body", "", ("", "null", "{}", "[]"), "what comes"),
            flag("applied", "the call is applied all the same", default=True),
        ),
    ),
    FaultKind(
        "G10",
        "Trading permission lost",
        no_permission,
        (text("error", "No trading permissions.", "text of the refusal"),),
        calls=ORDERS,
    ),
)
