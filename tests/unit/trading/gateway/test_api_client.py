from __future__ import annotations

import pytest

from tests.unit.trading.gateway.scripted import Desk, failing, good, raw
from trading.errors import GatewayError, NotSent, OutcomeUnknown, OutOfTime, Refused, SessionLost
from trading.gateway.api_client import AccountsFirst, Busy, meaning

HTML = b"<html><body>Login</body></html>"
WRITE = ("POST", "/x", b"{}")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b"", SessionLost),
        (401, b'{"error":"not authenticated","statusCode":401}', SessionLost),
        (403, b"", Refused),
        (403, b'{"error":"no session"}', SessionLost),
        (410, b"", SessionLost),
        (302, b"", SessionLost),
        (400, b'{"error":"Bad Request: no bridge","statusCode":400}', SessionLost),
        (500, b'{"error":"no bridge"}', SessionLost),
        (200, b'{"error":"no session"}', SessionLost),
        (400, b'{"error":"Init session first","statusCode":400}', SessionLost),
        (400, b'{"error":"Bad Request: Please query /accounts first","statusCode":400}', AccountsFirst),
        (500, b'{"error":"Please query /accounts first"}', AccountsFirst),
        (429, b"", Refused),
        (429, b'{"error":"Too many history charts requests, please try again later."}', Busy),
        (500, b'{"error":"Chart data unavailable"}', Busy),
        (400, b'{"error":"Bad Request: Conid(s) missing","statusCode":400}', Refused),
        (404, HTML, Refused),
        (200, b'{"error":"description"}', Refused),
        (200, b'{"error":5}', Refused),
        (500, b'{"error":"xcredserv comm failed during getEvents due to Connection refused"}', OutcomeUnknown),
        (503, b'{"error":"Service Unavailable","statusCode":503}', OutcomeUnknown),
        (502, HTML, OutcomeUnknown),
        (200, HTML, OutcomeUnknown),
        (200, b"", OutcomeUnknown),
        (200, b'[{"a":1}', OutcomeUnknown),
        (200, b'{"a":1,"a":1}', OutcomeUnknown),
    ],
)
def test_every_answer_to_a_read_means_one_thing(status: int, body: bytes, kind: type[GatewayError]) -> None:
    with pytest.raises(GatewayError) as caught:
        meaning("GET /x", raw(body, status))
    assert type(caught.value) is kind
    assert caught.value.status == status


def test_an_address_that_the_gateway_does_not_serve_is_told_what_to_do() -> None:
    with pytest.raises(Refused, match="refuses this machine"):
        meaning("GET /x", raw(b"Access Denied", 404))


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (
            b"<html><title>Access denied | Cloudflare</title></html>",
            "not allowed, by a web page: perhaps a firewall or a proxy",
        ),
        (b'{"error":"not for you"}', "not for you"),
        (b"", "not allowed"),
    ],
)
def test_what_is_forbidden_is_told_apart_by_who_says_it(body: bytes, cause: str) -> None:
    with pytest.raises(Refused) as caught:
        meaning("POST /tickle", raw(body, 403))
    assert caught.value.reason == f"{cause} (HTTP 403)"


def test_an_error_that_is_null_is_none() -> None:
    assert meaning("GET /x", good({"error": None, "a": 1})) == {"error": None, "a": 1}


@pytest.mark.parametrize(
    "first", [OutcomeUnknown("GET /x", "reset"), NotSent("GET /x", "refused"), failing("x", 503), raw(HTML)]
)
def test_a_read_that_failed_is_asked_again(first: GatewayError) -> None:
    desk = Desk()
    desk.script("GET /x", first, first, good([1]))
    assert desk.api.get("/x") == [1]
    assert len(desk.clock.waits) == 2


def test_pauses_between_attempts_grow_and_have_jitter() -> None:
    desks = Desk(), Desk()
    for desk in desks:
        desk.script("GET /x", failing("x", 503))
        with pytest.raises(OutcomeUnknown):
            desk.api.get("/x")
        assert desk.count("GET /x") == 3
    waits = desks[0].clock.waits
    first, second = waits
    assert 0.25 <= first <= 0.5 <= second <= 1.0
    assert waits == desks[1].clock.waits, "the same seed gives the same pauses"
    with pytest.raises(OutcomeUnknown):
        desks[0].api.get("/x")
    assert waits[2:] != waits[:2]


@pytest.mark.parametrize("answer", [failing("no bridge"), failing("Conid(s) missing"), raw(b"", 401), raw(b"", 429)])
def test_a_read_that_was_answered_is_not_asked_again(answer: object) -> None:
    desk = Desk()
    desk.script("GET /x", answer)  # type: ignore[arg-type]
    with pytest.raises(GatewayError):
        desk.api.get("/x")
    assert desk.count("GET /x") == 1


def test_a_read_may_be_asked_only_once() -> None:
    desk = Desk()
    desk.script("GET /x", failing("x", 503))
    with pytest.raises(OutcomeUnknown):
        desk.api.get("/x", repeat=False)
    assert desk.count("GET /x") == 1


@pytest.mark.parametrize(
    "error", [OutcomeUnknown("POST /x", "reset"), NotSent("POST /x", "refused")], ids=["unknown", "not sent"]
)
def test_a_write_is_never_repeated(error: GatewayError) -> None:
    desk = Desk()
    desk.script("POST /x", error, good({}))
    with pytest.raises(type(error)):
        desk.api.write(*WRITE)
    assert desk.count("POST /x") == 1
    assert desk.clock.waits == []


@pytest.mark.parametrize("status", [200, 400, 401, 429, 500, 503, 302])
def test_a_write_that_was_answered_is_never_repeated(status: int) -> None:
    desk = Desk()
    desk.script("POST /x", raw(b"", status))
    assert desk.api.write(*WRITE).status == status
    assert desk.count("POST /x") == 1


def test_what_was_warm_is_cold_after_the_session_was_lost() -> None:
    desk = Desk()
    desk.session.accounts()
    desk.api.session_cache.trades = True
    desk.script("GET /x", raw(b"", 401))
    with pytest.raises(SessionLost):
        desk.api.get("/x")
    assert desk.api.session_cache.accounts == ()
    assert not desk.api.session_cache.trades


def test_what_was_warm_is_cold_after_the_gateway_was_away() -> None:
    desk = Desk()
    desk.session.accounts()
    desk.script("GET /x", NotSent("GET /x", "refused"), good([]))
    desk.api.get("/x")
    assert desk.api.session_cache.accounts == ()


def test_a_pause_tells_whether_it_was_ended_early() -> None:
    assert Desk().api.pause(1.0)
    assert not Desk(impatient=True).api.pause(1.0)


def test_a_wait_for_the_budget_that_was_ended_early_is_not_tried_again() -> None:
    desk = Desk(paced=True, impatient=True)
    desk.script("GET /iserver/account/trades", good([]))
    desk.api.get("/iserver/account/trades")
    with pytest.raises(NotSent, match="ended early"):
        desk.api.get("/iserver/account/trades")
    assert desk.count("GET /iserver/account/trades") == 1


def test_reads_that_would_begin_too_late_are_not_asked_and_one_under_way_is_not_repeated() -> None:
    desk = Desk(answer_s=15.0)
    desk.script("GET /x", OutcomeUnknown("GET /x", "no answer in time"))
    with desk.api.within(20.0):
        with pytest.raises(OutcomeUnknown):
            desk.api.get("/x")
        assert desk.count("GET /x") == 2
        with pytest.raises(OutOfTime):
            desk.api.get("/x")
        assert desk.count("GET /x") == 2
    with pytest.raises(OutcomeUnknown):
        desk.api.get("/x")
    assert desk.count("GET /x") == 5


def test_writes_have_all_the_time_that_they_need() -> None:
    desk = Desk(answer_s=15.0)
    desk.script("POST /x", good({}))
    with desk.api.within(0.0):
        assert desk.api.write(*WRITE).status == 200
