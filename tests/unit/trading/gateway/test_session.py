from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.trading.gateway.scripted import Answer, Desk, failing, good, raw
from trading.errors import GatewayError, NotSent, OutcomeUnknown, Refused, SessionLost
from trading.gateway.transport import HttpAnswer

TICKLE = "POST /tickle"
VALIDATE = "GET /sso/validate"
INIT = "POST /iserver/auth/ssodh/init"
UP = {"authenticated": True, "established": True, "competing": False, "connected": True, "message": "", "fail": ""}


def tickle(session: str = "a1", **changes: object) -> HttpAnswer:
    return good({"session": session, "hmds": {"error": "no bridge"}, "iserver": {"authStatus": UP | changes}})


def test_a_tickle_tells_the_state_of_the_session() -> None:
    desk = Desk()
    desk.script(TICKLE, tickle())
    status = desk.session.keep_alive()
    assert status.usable


@pytest.mark.parametrize(
    "answer",
    [
        raw(b"", 401),
        raw(b"", 302),
        good({"error": "no session"}),
        failing("not authenticated", 401),
        good({"session": "a1", "iserver": {"error": "no bridge"}}),
        good({"session": "a1"}),
        good({"iserver": {"authStatus": {"authenticated": False, "competing": False, "connected": False}}}),
    ],
)
def test_logged_out_is_a_status_and_not_an_error(answer: HttpAnswer) -> None:
    desk = Desk()
    desk.script(TICKLE, answer)
    status = desk.session.keep_alive()
    assert not status.usable
    assert not status.authenticated


@pytest.mark.parametrize("value", ["true", 1, "yes", None])
def test_only_true_counts_as_authenticated(value: object) -> None:
    desk = Desk()
    desk.script(TICKLE, tickle(authenticated=value))
    assert not desk.session.keep_alive().authenticated


@pytest.mark.parametrize(
    "answer", [raw(b"<html></html>"), raw(b""), good([]), good(None), failing("x", 503), raw(b"null")]
)
def test_an_answer_of_no_use_is_an_error(answer: HttpAnswer) -> None:
    desk = Desk()
    desk.script(TICKLE, answer)
    with pytest.raises(OutcomeUnknown):
        desk.session.keep_alive()
    assert desk.count(TICKLE) in (1, 3)


def test_a_single_miss_is_asked_again() -> None:
    desk = Desk()
    desk.script(TICKLE, OutcomeUnknown(TICKLE, "no answer in time"), tickle())
    assert desk.session.keep_alive().usable


def test_a_gateway_that_is_not_there_was_not_asked() -> None:
    desk = Desk()
    desk.script(TICKLE, NotSent(TICKLE, "refused"))
    with pytest.raises(NotSent):
        desk.session.keep_alive()


@pytest.mark.parametrize(
    "answer", [OutcomeUnknown(INIT, "no answer in time"), NotSent(INIT, "refused"), failing("x", 503)]
)
def test_brokerage_session_is_asked_for_once_whatever_comes(answer: Answer) -> None:
    desk = Desk()
    desk.script(INIT, answer, good(UP))
    with pytest.raises(GatewayError):
        desk.session.initialise()
    assert desk.count(INIT) == 1


def test_the_clock_of_the_gateway_counts_only_when_it_is_the_real_one() -> None:
    for paced in (True, False):
        desk = Desk(paced=paced)
        desk.script(TICKLE, HttpAnswer(200, tickle().body, 1_795_521_600_000))
        assert desk.session.keep_alive().server_time_ms == (1_795_521_600_000 if paced else None)


@pytest.mark.parametrize(
    ("answer", "login_at"),
    [
        ({"RESULT": True, "AUTH_TIME": 1_702_580_846_836}, datetime(2023, 12, 14, 19, 7, 26, 836_000, tzinfo=UTC)),
        ({"AUTH_TIME": "1702580846836"}, datetime(2023, 12, 14, 19, 7, 26, 836_000, tzinfo=UTC)),
        ({"RESULT": False, "AUTH_TIME": 1_702_580_846_836}, None),
        ({"RESULT": True}, None),
        ({"RESULT": True, "AUTH_TIME": None}, None),
    ],
)
def test_broker_says_when_a_person_logged_in(answer: object, login_at: datetime | None) -> None:
    desk = Desk()
    desk.script(VALIDATE, good(answer))
    assert desk.session.login_at() == login_at


@pytest.mark.parametrize("value", [0, -1, 4_102_444_800_000, 10**30, "NaN", "soon", 0.5, True, [], {}])
def test_time_of_the_login_that_is_none_is_an_error(value: object) -> None:
    desk = Desk()
    desk.script(VALIDATE, good({"RESULT": True, "AUTH_TIME": value}))
    with pytest.raises(OutcomeUnknown, match="AUTH_TIME"):
        desk.session.login_at()


def test_time_of_the_login_is_asked_for_once_whatever_is_answered() -> None:
    desk = Desk()
    desk.script(VALIDATE, raw(b"", 503))
    with pytest.raises(GatewayError):
        desk.session.login_at()
    assert desk.count(VALIDATE) == 1


def test_initialise_asks_to_compete_since_the_other_value_always_fails() -> None:
    desk = Desk()
    desk.script(INIT, good(UP))
    assert desk.session.initialise().usable
    assert desk.transport.calls[0].body == b'{"publish":true,"compete":true}'


def test_initialise_yields_to_another_session() -> None:
    desk = Desk()
    desk.script(TICKLE, tickle(authenticated=False, competing=True), tickle(authenticated=False))
    desk.script(INIT, good(UP))
    assert desk.session.keep_alive().competing
    with pytest.raises(Refused, match="yields"):
        desk.session.initialise()
    assert desk.count(INIT) == 0
    desk.session.keep_alive()
    assert desk.session.initialise().usable


def test_a_new_brokerage_session_is_a_cold_one() -> None:
    desk = Desk()
    desk.script(INIT, good(UP))
    desk.session.accounts()
    desk.session.initialise()
    assert desk.api.session_cache.accounts == ()


def test_a_tickle_that_names_another_session_makes_everything_cold() -> None:
    desk = Desk()
    desk.script(TICKLE, tickle("a1"), tickle("a1"), tickle("b2"))
    desk.session.keep_alive()
    desk.session.accounts()
    desk.session.keep_alive()
    desk.session.ensure_accounts()
    assert desk.count("GET /iserver/accounts") == 1
    desk.session.keep_alive()
    desk.session.ensure_accounts()
    assert desk.count("GET /iserver/accounts") == 2


def test_the_selected_account_comes_first() -> None:
    desk = Desk()
    desk.script("GET /iserver/accounts", good({"accounts": ["U1", "U3", "U2"], "selectedAccount": "U3"}))
    assert desk.session.accounts() == ("U3", "U1", "U2")


def test_account_that_can_not_be_read_is_left_out() -> None:
    desk = Desk()
    desk.script(
        "GET /iserver/accounts", good({"accounts": [None, "U2", {"id": 5}, "U 1", "U3"], "selectedAccount": "U3"})
    )
    assert desk.session.accounts() == ("U3", "U2")


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        None,
        {"accounts": [], "selectedAccount": "U1"},
        {"accounts": [5], "selectedAccount": "U1"},
        {"accounts": "U1", "selectedAccount": "U1"},
    ],
)
def test_accounts_that_cannot_be_read_are_an_error(value: object) -> None:
    desk = Desk()
    desk.script("GET /iserver/accounts", good(value))
    with pytest.raises(OutcomeUnknown):
        desk.session.accounts()


@pytest.mark.parametrize(
    ("selected", "first"), [("", ""), (None, ""), ("All", "All"), ("U9", "U9")], ids=["none", "null", "group", "other"]
)
def test_whatever_is_selected_comes_first_and_nothing_where_nothing_is(selected: str | None, first: str) -> None:
    desk = Desk()
    answer = {"accounts": ["All", "F1234567", "DU1234567"], "selectedAccount": selected}
    desk.script("GET /iserver/accounts", good(answer))
    found = desk.session.accounts()
    assert found[0] == first
    assert {"F1234567", "DU1234567"} <= set(found[1:])


@pytest.mark.parametrize(
    "answer", [{"set": True, "acctId": "DU1234567"}, {"success": "Account already set"}, {"set": True}]
)
def test_an_account_is_selected_and_what_was_read_of_another_one_forgotten(answer: object) -> None:
    desk = Desk()
    desk.script("POST /iserver/account", good(answer))
    desk.session.accounts()
    desk.session.select("DU1234567")
    call = desk.transport.calls[-1]
    assert (repr(call), call.body) == ("POST /iserver/account", b'{"acctId":"DU1234567"}')
    desk.session.ensure_accounts()
    assert desk.count("GET /iserver/accounts") == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (failing("Invalid account ID", 500), OutcomeUnknown),
        (failing("acctId is required"), Refused),
        (good({"set": False, "acctId": "DU1234567"}), OutcomeUnknown),
        (good({"set": True, "acctId": "U7654321"}), OutcomeUnknown),
        (good({}), OutcomeUnknown),
        (good([]), OutcomeUnknown),
    ],
)
def test_an_account_of_which_nobody_says_that_it_is_selected_is_an_error(
    answer: HttpAnswer, kind: type[GatewayError]
) -> None:
    desk = Desk()
    desk.script("POST /iserver/account", answer)
    with pytest.raises(kind):
        desk.session.select("DU1234567")


def test_accounts_are_asked_for_once_a_session() -> None:
    desk = Desk()
    desk.script("GET /x", good([]))
    for _ in range(3):
        desk.session.get("/x")
    assert desk.count("GET /iserver/accounts") == 1


@pytest.mark.parametrize("status", [400, 500])
def test_accounts_are_asked_for_again_when_the_broker_wants_it(status: int) -> None:
    desk = Desk()
    desk.script("GET /x", good([]), failing("Bad Request: Please query /accounts first", status), good([1]))
    desk.session.get("/x")
    assert desk.session.get("/x") == [1]
    assert desk.count("GET /iserver/accounts") == 2


def test_a_broker_that_wants_the_accounts_for_ever_is_not_asked_for_ever() -> None:
    desk = Desk()
    desk.script("GET /x", failing("Please query /accounts first", 500))
    with pytest.raises(Refused):
        desk.session.get("/x")
    assert desk.count("GET /x") == 2


def test_reader_that_is_told_of_no_session_has_told_it_to_all_until_that_is_taken_in() -> None:
    desk = Desk()
    desk.script("GET /iserver/x", failing("not authenticated", 401), good([]))
    with pytest.raises(SessionLost):
        desk.session.get("/iserver/x")
    desk.session.get("/iserver/x")
    assert desk.session.refusal() == "GET /iserver/x: not authenticated (HTTP 401)"
    assert desk.session.refusal() == ""
