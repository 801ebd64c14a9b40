"""Every error in one shape: JSON for programs, a page with what to do for people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from trading.errors import DataError, InvariantBroken
from webapp.security import address, current_session, wants_json
from webapp.services import services

_CODES = {
    400: "bad_request",
    401: "not_logged_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    414: "too_long",
    415: "unsupported_media_type",
    421: "wrong_host",
    429: "too_many_attempts",
    503: "unavailable",
}
_TITLES = {
    400: "That request can't be read",
    401: "You are not logged in",
    403: "Refused",
    404: "There is no such page",
    405: "That can't be done here",
    413: "That is too much",
    415: "That kind of content is not taken here",
    421: "Wrong address",
    429: "Too many attempts",
    503: "Not available now",
}
_HINTS = {
    401: "Log in and open the page again.",
    404: "The link may be old. Start from the overview.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One error as it is shown."""

    status: int
    code: str
    title: str
    message: str
    error_id: str | None = None


def install(app: Flask) -> None:
    """Answer every error of `app` in the one shape."""
    app.register_error_handler(HTTPException, _expected)
    app.register_error_handler(Exception, _unexpected)


def error_response(problem: Problem) -> Response:
    """Return the answer to a request that ended in `problem`."""
    if wants_json():
        body: dict[str, str] = {"code": problem.code, "message": problem.message}
        if problem.error_id is not None:
            body["id"] = problem.error_id
        response = jsonify(error=body)
    else:
        logged_in = current_session() is not None
        response = make_response(render_template("error.html", problem=problem, logged_in=logged_in))
    response.status_code = problem.status
    return response


def _expected(error: HTTPException) -> BaseResponse:
    if error.response is not None:
        return error.get_response()  # a redirect that werkzeug made, such as a missing slash
    status = error.code or 500
    if status >= 500 and status != 503:  # noqa: PLR2004 - HTTP's own numbers
        return _unexpected(error)
    message = _HINTS.get(status) or error.description or _TITLES.get(status, "")
    if status == 405:  # noqa: PLR2004
        message = f"{request.method} is not possible here."
    problem = Problem(status, _CODES.get(status, "error"), _TITLES.get(status, "That did not work"), message)
    response = error_response(problem)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    """Answer with an id; the traceback goes to the log alone."""
    error_id = services().audit.failure(address=address(), error=error)
    if isinstance(error, DataError):
        text = f"{Path(error.subject).name} {error.problem}. Trading is another process; it may well go on."
        return error_response(Problem(503, "unavailable", "Not available now", text, error_id))
    if isinstance(error, InvariantBroken):
        text = f"Nothing was asked of the trading process: {error.detail}"
        return error_response(Problem(503, "unavailable", "Not available now", text, error_id))
    text = "Something went wrong in the dashboard. Trading is not affected: it is another process."
    return error_response(Problem(500, "internal_error", "An error in the dashboard", text, error_id))
