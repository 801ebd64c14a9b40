"""What every request passes before a page sees it, and what every answer carries."""

from __future__ import annotations

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

from webapp.parameters import check_names
from webapp.services import services
from webapp.sessions import LoginSession

PUBLIC_ENDPOINTS = frozenset(
    {"static", "login.login_page", "login.login", "health.healthz", "health.readyz", "health.metrics"}
)
"""Reachable without a session; everything else asks for one, a new page too."""

FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FIELDS = 20
MAX_BODY_BYTES = 64 * 1024

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


def cookie_name() -> str:
    """Return the session cookie's name; the prefix makes browsers hold it to HTTPS, this host and the whole site."""
    return "__Host-sid" if services().settings.tls else "sid"


def set_session_cookie(response: BaseResponse, value: str) -> None:
    """Give the browser the cookie of a new session; it ends with the browser."""
    response.set_cookie(
        cookie_name(), value, path="/", secure=services().settings.tls, httponly=True, samesite="Strict"
    )


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


def _check_host() -> None:
    """Refuse a name that isn't ours: another site's name could have been made to resolve to this machine."""
    host = request.headers.get("Host", "").lower()
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not name:
        name, port = host, ""
    if name not in services().settings.allowed_hosts or (port and not port.isdigit()):
        raise MisdirectedRequest(description="This name is not one of the dashboard's; see DASHBOARD_ALLOWED_HOSTS.")


def _find_session() -> None:
    cookie = request.cookies.get(cookie_name())
    if cookie is None or request.endpoint == "static":
        return
    # A page that refreshes itself must not keep a session alive that nobody looks at.
    active = "X-Live" not in request.headers or "X-Active" in request.headers
    g.session = services().sessions.find(cookie, active=active)


def _ask_to_log_in() -> BaseResponse:
    if request.method != "GET" or wants_json() or "X-Live" in request.headers:
        raise Unauthorized(description="Log in first.")
    return redirect(url_for("login.login_page"))


def _check_origin() -> None:
    if not _from_here(request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site"), request.host):
        services().audit.write("csrf_denied", actor="unknown", address=address(), path=request.path, cause="origin")
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


def _check_form() -> None:
    if request.mimetype != FORM_TYPE:
        raise UnsupportedMediaType(description=f"Send {FORM_TYPE}.")
    if request.get_data(cache=True).count(b"&") >= MAX_FIELDS:
        raise BadRequest(description="too many fields")


def _check_csrf_token() -> None:
    if not own_session().token_matches(request.form.get("csrf_token", "")):
        services().audit.write("csrf_denied", actor="unknown", address=address(), path=request.path, cause="token")
        raise Forbidden(description="This form is out of date. Go back, reload the page and try again.")


def _add_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    static = request.endpoint == "static" and response.status_code in (200, 304)
    response.headers["Cache-Control"] = "public, max-age=3600" if static else "no-store"
    if services().settings.tls:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
