from __future__ import annotations

import ssl

import pytest
from gunicorn.http import errors
from gunicorn.http.errors import ParseException

from webapp.refusals import hint, refusal

OURS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
THEIRS: tuple[type[Exception], ...] = tuple(
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ParseException) and kind not in OURS
)


def made(kind: type[Exception]) -> Exception:
    """Return an error of a kind, whatever it wants to be told."""
    return Exception.__new__(kind)


@pytest.mark.parametrize("kind", THEIRS)
def test_whatever_is_wrong_with_a_request_is_its_senders_mistake(kind: type[Exception]) -> None:
    status = refusal(made(kind))
    assert status is not None
    assert 400 <= status < 500


def test_an_unknown_transfer_coding_is_no_failure_of_the_server() -> None:
    assert refusal(errors.UnsupportedTransferCoding("x")) == 400


def test_a_client_that_breaks_off_its_handshake_is_no_failure_either() -> None:
    assert refusal(ssl.SSLError()) == 400


@pytest.mark.parametrize("error", [*(made(kind) for kind in OURS), ValueError("x"), OSError("x")])
def test_a_defect_of_ours_is_not_the_clients(error: Exception) -> None:
    assert refusal(error) is None


def test_too_many_cookies_of_others_are_explained() -> None:
    status = refusal(errors.LimitRequestHeaders("x"))
    assert status == 431
    assert "127.0.0.1" in hint(status)
    refused = refusal(errors.LimitRequestLine(5000, 4094))
    assert refused == 414
    assert hint(refused) == ""
