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
    token = request.form.get("token", "")
    if token:
        if use_login_link(made.settings, token, made.clock.now()):
            return _welcome("link")
        if made.link_attempts.begin(address()) is None:
            made.audit.write("login_failed", actor="unknown", address=address(), by="link")
        return _refused(by_link=True)
    wait_s = made.attempts.begin(address())
    if wait_s is not None:
        made.audit.write("login_throttled", actor="unknown", address=address(), wait_s=round(wait_s))
        return too_many_attempts(wait_s)
    if not made.password.matches(request.form.get("password", "")):
        made.audit.write("login_failed", actor="unknown", address=address(), by="password")
        return _refused(by_link=False)
    made.attempts.succeed(address())
    return _welcome("password")


def _welcome(by: str) -> BaseResponse:
    """Open a session, which ends the one before."""
    made = services()
    cookie = made.sessions.open(address(), request.cookies.get(cookie_name()))
    made.audit.write("login", actor="operator", address=address(), by=by)
    answer = redirect(url_for("overview.overview"), code=303)
    set_session_cookie(answer, cookie)
    return answer


def _refused(*, by_link: bool) -> BaseResponse:
    response = make_response(render_template("login.html", token="", wrong=True, by_link=by_link))
    response.status_code = 401
    return response


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
