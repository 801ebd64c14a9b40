"""Logging in, by password or by the one-time link, and out."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.attempts import guesser
from webapp.errors import Problem, error_response
from webapp.parameters import accepts
from webapp.passwords import use_login_link
from webapp.security import (
    address,
    current_device,
    current_session,
    drop_session_cookie,
    session_cookies,
    set_login_cookies,
)
from webapp.services import services

blueprint = Blueprint("login", __name__)

_TOO_MANY = "Too many wrong passwords within a minute, yours or somebody else's. Trading goes on meanwhile."
_WITH_A_LINK = "To get in at once, print a one-time link on the machine that this runs on: python -m webapp login-link."


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
        made.audit.noise("login_failed", address=address(), cause="link")
        return _refused(by_link=True)
    who = guesser(address(), current_device())
    wait_s = made.attempts.begin(who)
    if wait_s is not None:
        made.audit.noise("login_throttled", address=address())
        return too_many_attempts(wait_s, f"{_TOO_MANY} {_WITH_A_LINK}")
    if not made.password.matches(request.form.get("password", "")):
        made.audit.noise("login_failed", address=address(), cause="password")
        return _refused(by_link=False)
    made.attempts.succeed(who)
    return _welcome("password")


def _welcome(by: str) -> BaseResponse:
    """Open a session, which ends the one before."""
    made = services()
    cookie = made.sessions.open(address(), session_cookies())
    made.audit.write("login", actor="operator", address=address(), by=by)
    answer = redirect(url_for("overview.overview"), code=303)
    set_login_cookies(answer, cookie)
    return answer


def _refused(*, by_link: bool) -> BaseResponse:
    response = make_response(render_template("login.html", token="", wrong=True, by_link=by_link))
    response.status_code = 401
    return response


@blueprint.post("/logout")
@accepts()
def logout() -> BaseResponse:
    """End this session."""
    for cookie in session_cookies():
        services().sessions.close(cookie)
    services().audit.write("logout", actor="operator", address=address())
    answer = redirect(url_for("login.login_page"), code=303)
    drop_session_cookie(answer)
    return answer


def too_many_attempts(wait_s: float, why: str) -> Response:
    """Return the answer to an attempt that came too soon."""
    seconds = round(wait_s)
    text = f"{why} Try again in {seconds} s."
    response = error_response(Problem(429, "too_many_attempts", "Too many attempts", text))
    response.headers["Retry-After"] = str(seconds)
    return response
