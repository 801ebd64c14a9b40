"""What a request that is no proper HTTP is answered: always its sender's mistake, so never a 5xx."""

from __future__ import annotations

import ssl
from http import HTTPStatus

from gunicorn.http.errors import (
    ExpectationFailed,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)

_STATUS: dict[type[Exception], HTTPStatus] = {
    ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
}
_HINTS = {
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        "If a browser shows you this, it has too many cookies of other programs on localhost, which it sends to all of "
        "them alike. Delete the cookies of localhost, or open the dashboard as 127.0.0.1 instead of localhost."
    )
}


def refusal(error: Exception) -> HTTPStatus | None:
    """Return the status for a request that can't be read, None where `error` is a defect of ours.

    An unknown transfer coding is a 400 like every other one, where HTTP has 501: whoever watches a server takes a 5xx
    for its own failure, and anybody could make as many of them as he likes.
    """
    if isinstance(error, InvalidResponseHeader | InvalidResponseHeaderName):
        return None
    if isinstance(error, ParseException | ssl.SSLError):
        return _STATUS.get(type(error), HTTPStatus.BAD_REQUEST)
    return None


def hint(status: HTTPStatus) -> str:
    """Return what a person can do about a refusal, empty where nothing is known; never what was sent."""
    return _HINTS.get(status, "")
