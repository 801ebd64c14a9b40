"""Logging in, by password or by the one-time link, and out."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.errors import Problem, error_response
from webapp.parameters import accepts
from webapp.passwords import use_login_link
from webapp.security import address, cookie_name, current_session, drop_session_cookie, set_session_cookie
from webapp.services import services

blueprint = Blueprint("login", __name__)


@blueprint.get("/login")
@accepts(query=("token",))
def login_page() -> BaseResponse:
    """Show the form; a link's token waits for a click, so that nothing that only looks at links uses it up."""
    if current_session() is not None:
        return redirect(url_for("overview.overview"))
    return make_response(render_template("login.html", token=request.args.get("token", ""), wrong=False))


@blueprint.post("/login")
@accepts(form=("password", "token"))
def login() -> BaseResponse:
    """Open a session for the right password or an unused link."""
    made = services()
    wait_s = made.attempts.begin(address())
    if wait_s is not None:
        made.audit.write("login_throttled", actor="unknown", address=address(), wait_s=round(wait_s))
        return too_many_attempts(wait_s)
    token = request.form.get("token", "")
    by_link = bool(token) and use_login_link(made.settings, token)
    if not by_link and not made.password.matches(request.form.get("password", "")):
        made.audit.write("login_failed", actor="unknown", address=address(), by="link" if token else "password")
        response = make_response(render_template("login.html", token="", wrong=True, by_link=bool(token)))
        response.status_code = 401
        return response
    made.attempts.succeed(address())
    cookie = made.sessions.open(address(), request.cookies.get(cookie_name()))
    made.audit.write("login", actor="operator", address=address(), by="link" if by_link else "password")
    answer = redirect(url_for("overview.overview"), code=303)
    set_session_cookie(answer, cookie)
    return answer


@blueprint.post("/logout")
@accepts()
def logout() -> BaseResponse:
    """End this session."""
    services().sessions.close(request.cookies[cookie_name()])
    services().audit.write("logout", actor="operator", address=address())
    answer = redirect(url_for("login.login_page"), code=303)
    drop_session_cookie(answer)
    return answer


def too_many_attempts(wait_s: float) -> Response:
    """Return the answer to an attempt that came too soon."""
    seconds = round(wait_s)
    text = f"Five wrong passwords within a minute. Try again in {seconds} s. Trading goes on meanwhile."
    response = error_response(Problem(429, "too_many_attempts", "Too many attempts", text))
    response.headers["Retry-After"] = str(seconds)
    return response
