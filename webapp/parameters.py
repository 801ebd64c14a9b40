"""Parameters of a request: each view names the ones it takes; anything else, or one twice, is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from trading.config.checks import UnusableError, symbols

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_KEY = re.compile(r"[A-Za-z0-9_\-]{16,64}")
_MAX_TEXT = 100

View = TypeVar("View", bound=Callable[..., object])


def accepts(*, query: tuple[str, ...] = (), form: tuple[str, ...] = ()) -> Callable[[View], View]:
    """Name the query and form parameters of a view, for `check_names`."""

    def mark(view: View) -> View:
        view.__dict__["query_names"] = frozenset(query)
        view.__dict__["form_names"] = frozenset(form)
        return view

    return mark


def check_names(view: Callable[..., object]) -> None:
    """Refuse parameters that the view doesn't take, and any that comes twice.

    Raises: BadRequest.
    """
    _check(request.args, view.__dict__.get("query_names", frozenset()))
    if request.method == "POST":
        _check(request.form, view.__dict__.get("form_names", frozenset()) | {"csrf_token"})


def day(text: str) -> date:
    """Return a YYYY-MM-DD date.

    Raises: BadRequest.
    """
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise BadRequest(description="session: use a date like 2014-01-31")


def symbol(text: str) -> str:
    """Return a ticker symbol, which is whatever can be set as one, in capitals.

    Raises: BadRequest.
    """
    try:
        known = symbols((text,))
    except UnusableError as error:
        raise BadRequest(description=f"symbol: {error.fix.partition(';')[0]}") from None
    if known != (text,):
        raise BadRequest(description="symbol: use capital letters, and no blank around them")
    return text


def choice(name: str, text: str, allowed: Mapping[str, str]) -> str:
    """Return `text` if it is one of the keys of `allowed`.

    Raises: BadRequest.
    """
    if text in allowed:
        return text
    raise BadRequest(description=f"{name}: use one of {', '.join(key for key in allowed if key)}")


def search_text(name: str, text: str) -> str:
    """Return text to look for: one line, not long.

    Raises: BadRequest.
    """
    if len(text) > _MAX_TEXT or not text.isprintable():
        raise BadRequest(description=f"{name}: use at most {_MAX_TEXT} printable characters")
    return text


def idempotency_key(text: str) -> str:
    """Return the key of a request that must have one effect however often it is sent.

    Raises: BadRequest.
    """
    if _KEY.fullmatch(text):
        return text
    raise BadRequest(description="key: missing or malformed")


def _check(given: MultiDict[str, str], allowed: frozenset[str]) -> None:
    for name, values in given.lists():
        if name not in allowed:
            raise BadRequest(description="unknown parameter")
        if len(values) > 1:
            raise BadRequest(description=f"{name}: given more than once")
