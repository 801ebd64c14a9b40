"""What every request passes before a page sees it, and what every answer carries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, url_for
from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    MethodNotAllowed,
    MisdirectedRequest,
    Unauthorized,
    UnsupportedMediaType,
)
from werkzeug.wrappers import Response as BaseResponse

from webapp.devices import LASTS_S
from webapp.parameters import check_names
from webapp.services import services, services_of
from webapp.sessions import LoginSession

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PUBLIC_ENDPOINTS = frozenset(
    {"static", "login.login_page", "login.login", "health.healthz", "health.readyz", "health.metrics"}
)
"""Reachable without a session; everything else asks for one, a new page too."""

MOST_PORT = 65_535
FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FIELDS = 20
MAX_BODY_BYTES = 64 * 1024
MOST_SESSION_COOKIES = 20
"""of one name; another program's cookie may stand beside ours or in front of it"""
MOST_DENIALS_TOLD = 50
"""of denied changes of somebody logged in, so many have a line of their own; the rest is summed up"""
_WRONG_HOST = "dashboard.wrong_host"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def install(app: Flask) -> None:
    """Put the guards before and the headers after every request of `app`."""
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        PROVIDE_AUTOMATIC_OPTIONS=False,
    )
    app.before_request(_guard)
    app.after_request(_add_headers)
    app.wsgi_app = _own_hosts_only(app.wsgi_app, services_of(app).settings.allowed_hosts)  # type: ignore[method-assign, assignment] # Flask's own way


def cookie_name() -> str:
    """Return the session cookie's name; the prefix makes browsers hold it to HTTPS, this host and the whole site.

    It names the port, because a cookie is for all ports of a host: a second dashboard on localhost would else end the
    session of the first.
    """
    settings = services().settings
    return f"__Host-sid-{settings.port}" if settings.tls else f"sid-{settings.port}"


def session_cookies() -> list[str]:
    """Return every session cookie of this request.

    Browsers send the cookies of all programs on localhost to each of them, whatever their ports, and one of theirs may
    have our name.
    """
    return request.cookies.getlist(cookie_name())[:MOST_SESSION_COOKIES]


def set_login_cookies(response: BaseResponse, value: str) -> None:
    """Give the browser the cookie of a new session, which ends with the browser, and the one that it is known by later.

    The second is sent to the login alone.
    """
    secure = services().settings.tls
    response.set_cookie(cookie_name(), value, path="/", secure=secure, httponly=True, samesite="Strict")
    response.set_cookie(
        _device_cookie_name(),
        services().devices.cookie(current_device()),
        max_age=LASTS_S,
        path=url_for("login.login"),
        secure=secure,
        httponly=True,
        samesite="Strict",
    )


def current_device() -> str | None:
    """Return the id of the browser of this request, None for one that was never logged in."""
    return services().devices.find(request.cookies.getlist(_device_cookie_name())[:MOST_SESSION_COOKIES])


def _device_cookie_name() -> str:
    settings = services().settings
    return f"__Secure-device-{settings.port}" if settings.tls else f"device-{settings.port}"


def drop_session_cookie(response: BaseResponse) -> None:
    """Take the session's cookie back."""
    response.delete_cookie(cookie_name(), path="/", secure=services().settings.tls, httponly=True, samesite="Strict")


def current_session() -> LoginSession | None:
    """Return the session of this request, None where nobody is logged in."""
    session = g.get("session")
    return session if isinstance(session, LoginSession) else None


def own_session() -> LoginSession:
    """Return the session of a request that has passed the guard.

    Raises: Unauthorized.
    """
    session = current_session()
    if session is None:
        raise Unauthorized(description="Log in first.")
    return session


def address() -> str:
    """Return the address of the socket; headers that claim another one are not read."""
    return request.remote_addr or "unknown"


def wants_json() -> bool:
    """Return whether this request's errors are for a program."""
    if request.path.startswith("/api/") or request.path in ("/healthz", "/readyz", "/metrics"):
        return True
    best = request.accept_mimetypes.best_match(("text/html", "application/json"))
    return best == "application/json"


def _guard() -> BaseResponse | None:
    _check_host()
    if request.routing_exception is not None or request.endpoint is None:
        return None  # Flask answers 404 or 405 itself
    if request.method == "OPTIONS":  # which Flask would answer by itself for static files
        raise MethodNotAllowed(valid_methods=("GET", "HEAD"))
    _find_session()
    if request.endpoint not in PUBLIC_ENDPOINTS and current_session() is None:
        return _ask_to_log_in()
    if request.method == "POST":
        _check_origin()
        _check_form()
    check_names(current_app.view_functions[request.endpoint])
    if request.method == "POST" and request.endpoint not in PUBLIC_ENDPOINTS:
        _check_csrf_token()
    return None


def _own_hosts_only(app: WSGIApplication, allowed: tuple[str, ...]) -> WSGIApplication:
    """Keep every other name from Flask, which can't make an address of some of them, not even for the error's page.

    Another site's name could have been made to resolve to this machine: `_check_host` refuses it.
    """

    def guarded(call: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not is_own_host(call.get("HTTP_HOST", ""), allowed):
            call = {**call, "HTTP_HOST": "localhost", _WRONG_HOST: True}
        return app(call, start_response)

    return guarded


def is_own_host(host: str, allowed: tuple[str, ...]) -> bool:
    """Return whether a Host header has one of our names, with any port or none."""
    host = host.lower()
    name, colon, port = (host, "", "") if host.endswith("]") else host.rpartition(":")
    if not colon:
        return host in allowed
    return name in allowed and (not port or (port.isascii() and port.isdigit() and int(port[:6]) <= MOST_PORT))


def _check_host() -> None:
    if _WRONG_HOST in request.environ:
        services().audit.noise("wrong_host", address=address())
        raise MisdirectedRequest(description="This name is not one of the dashboard's; see DASHBOARD_ALLOWED_HOSTS.")


def _find_session() -> None:
    if request.endpoint == "static":
        return
    # A page that refreshes itself must not keep a session alive that nobody looks at.
    active = "X-Live" not in request.headers or "X-Active" in request.headers
    found = (services().sessions.find(cookie, active=active) for cookie in session_cookies())
    g.session = next((session for session in found if session is not None), None)


def _ask_to_log_in() -> BaseResponse:
    if request.method != "GET" or wants_json() or "X-Live" in request.headers:
        raise Unauthorized(description="Log in first.")
    return redirect(url_for("login.login_page"))


def _check_origin() -> None:
    if not _from_here(request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site"), request.host):
        _note_denial("origin")
        raise Forbidden(description="This request came from another site.")


def _from_here(origin: str | None, site: str | None, host: str) -> bool:
    """Return whether a change was asked for by a page of ours, as far as the browser says.

    Our own Referrer-Policy makes browsers send the origin of our forms as "null"; only Sec-Fetch-Site tells them from
    those of others then. A program that sends neither is held by the cookie and the token.
    """
    if site is not None and site not in ("same-origin", "none"):
        return False
    if origin == "null":
        return site == "same-origin"
    try:
        return origin is None or urlsplit(origin).netloc == host
    except ValueError:
        # No browser sends what is no address.
        return False


def _note_denial(cause: str) -> None:
    """Record a denied change: each one of a session, as far as they are not hundreds; of anybody else as noise."""
    known = current_session() is not None
    services().audit.noise(
        "csrf_denied" if known else "csrf_denied_stranger",
        address=address(),
        cause=cause,
        actor="operator" if known else "unknown",
        most=MOST_DENIALS_TOLD if known else 1,
        path=request.path,
    )


def _check_form() -> None:
    if request.mimetype != FORM_TYPE:
        raise UnsupportedMediaType(description=f"Send {FORM_TYPE}.")
    if request.get_data(cache=True).count(b"&") >= MAX_FIELDS:
        raise BadRequest(description="too many fields")


def _check_csrf_token() -> None:
    if not own_session().token_matches(request.form.get("csrf_token", "")):
        _note_denial("token")
        raise Forbidden(description="This form is out of date. Go back, reload the page and try again.")


def _add_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    static = request.endpoint == "static" and response.status_code in (200, 304)
    response.headers["Cache-Control"] = "public, max-age=3600" if static else "no-store"
    if services().settings.tls:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
