"""What the transport makes of a whole answer; what happens on a socket needs a server that can misbehave."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from responses import RequestsMock

from tests.unit.trading.gateway.posting import post
from trading.errors import OutcomeUnknown
from trading.gateway.transport import MAX_ANSWER_BYTES, HttpTransport

GATEWAY = "https://localhost:5055"
ORDERS = f"{GATEWAY}/v1/api/iserver/account/DU1234567/orders"


@pytest.fixture
def canned() -> Iterator[RequestsMock]:
    with RequestsMock() as answers:
        yield answers


def test_a_whole_answer_is_returned_with_its_status_whatever_it_is(canned: RequestsMock) -> None:
    canned.post(ORDERS, body=b'{"error":"x"}', status=503)
    answer = post(GATEWAY)
    assert (answer.status, answer.body) == (503, b'{"error":"x"}')


def test_a_query_keeps_its_commas(canned: RequestsMock) -> None:
    canned.get(f"{GATEWAY}/v1/api/x", body=b"{}")
    transport = HttpTransport(GATEWAY, None)
    transport.exchange("GET", "/x", {"conids": "1,2", "symbol": "BRK B"}, None, 5.0)
    transport.close()
    assert canned.calls[0].request.url == f"{GATEWAY}/v1/api/x?conids=1,2&symbol=BRK%20B"


@pytest.mark.parametrize("verb", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(("size", "whole"), [(MAX_ANSWER_BYTES, True), (MAX_ANSWER_BYTES + 1, False)])
def test_the_largest_answer_that_is_read_has_two_mebibytes(
    canned: RequestsMock, verb: str, size: int, *, whole: bool
) -> None:
    canned.add(verb, f"{GATEWAY}/v1/api/x", body=b" " * size)
    transport = HttpTransport(GATEWAY, None)
    if whole:
        assert len(transport.exchange(verb, "/x", None, None, 5.0).body) == size
    else:
        with pytest.raises(OutcomeUnknown, match="too large"):
            transport.exchange(verb, "/x", None, None, 5.0)
    transport.close()


def zipped(canned: RequestsMock, body: bytes, coding: str = "gzip") -> None:
    canned.post(ORDERS, body=body, headers={"Content-Encoding": coding})


def test_gzip_that_nobody_asked_for_is_undone(canned: RequestsMock) -> None:
    zipped(canned, gzip.compress(b'{"a":1}'))
    assert post(GATEWAY).body == b'{"a":1}'


def test_a_gzip_bomb_is_not_undone(canned: RequestsMock) -> None:
    zipped(canned, gzip.compress(b" " * (MAX_ANSWER_BYTES * 30)))
    with pytest.raises(OutcomeUnknown, match="too large"):
        post(GATEWAY)


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", b"{}"), ("gzip", gzip.compress(b"[1,2,3]")[:-9]), ("br", b"{}")],
    ids=["not gzip", "cut off", "unknown"],
)
def test_an_encoding_that_cannot_be_undone_is_an_unknown_outcome(
    canned: RequestsMock, coding: str, body: bytes
) -> None:
    zipped(canned, body, coding)
    with pytest.raises(OutcomeUnknown):
        post(GATEWAY)


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/elsewhere", "/sso/Login", "http://[broken", ""])
def test_a_redirection_is_an_answer_and_not_followed(canned: RequestsMock, target: str) -> None:
    canned.post(ORDERS, body=b"moved", status=302, headers={"Location": target})
    assert post(GATEWAY).status == 302
    assert len(canned.calls) == 1


@pytest.mark.parametrize(
    ("told", "time_ms"), [("Tue, 24 Nov 2026 12:00:00 GMT", 1_795_521_600_000), ("noon", None), ("", None)]
)
def test_the_time_of_the_server_is_told(canned: RequestsMock, told: str, time_ms: int | None) -> None:
    canned.post(ORDERS, body=b"{}", headers={"Date": told})
    assert post(GATEWAY).server_time_ms == time_ms
