from __future__ import annotations

import hashlib

import msgspec

from simulator import instants
from simulator.config import SimulatorConfig
from simulator.core import Simulator
from simulator.endpoints.session import challenge_answer
from tests.unit.simulator.support import QUIET, Client, Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)


def test_tickle_says_who_is_logged_in() -> None:
    client = start({"ABC": [FLAT]})
    for method in ("GET", "POST"):
        answer = msgspec.json.decode(client.call(method, "/v1/api/tickle").body)
        assert len(answer["session"]) == 32
        assert answer["hmds"] == {"error": "no bridge"}
        assert answer["iserver"]["authStatus"]["authenticated"] is True


def test_lost_session_is_told_with_status_200_and_comes_back_by_init() -> None:
    client = start({"ABC": [FLAT]})
    client.call("POST", "/sim/account", {"do": "compete"})
    status = client.post("/iserver/auth/status")
    assert (status["authenticated"], status["competing"], status["connected"]) == (False, True, True)
    assert client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": False})["passed"] is False
    assert client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})["authenticated"] is True
    assert client.get("/iserver/account/orders")["error"] == "Bad Request: Please query /accounts first"


def test_logout_ends_the_login() -> None:
    client = start({"ABC": [FLAT]})
    assert client.post("/logout") == {"status": True}
    assert client.call("POST", "/v1/api/tickle").status == 401


def test_reauthentication_takes_its_time() -> None:
    behaviour = msgspec.structs.replace(QUIET, reauthentication_s=5.0, session_clock="simulated")
    client = start({"ABC": [FLAT]}, behaviour=behaviour)
    client.call("POST", "/sim/account", {"do": "lose_session"})
    assert client.post("/iserver/auth/ssodh/init", {"compete": True})["authenticated"] is False
    assert client.get("/iserver/accounts")["error"] == "Init session first"
    client.advance("2014-03-03T14:30:05Z")
    assert "accounts" in client.get("/iserver/accounts")


def test_gateway_program_finds_what_it_asks_for_after_a_login() -> None:
    client = start({"ABC": [FLAT]})

    def portal(method: str, path: str, body: object = None) -> dict[str, object]:
        answer: dict[str, object] = msgspec.json.decode(client.call(method, f"/v1/portal{path}", body).body)
        return answer

    assert isinstance(portal("GET", "/sso/validate")["USER_ID"], int)
    assert portal("GET", "/one/user")
    assert "success" in portal("GET", "/ssodh/init")
    key = str(portal("GET", "/ssodh/st")["st"])
    assert bytes.fromhex(key)
    client.call("POST", "/sim/account", {"do": "lose_session"})
    expected = challenge_answer(client.broker)
    assert len(expected) == hashlib.sha1(b"", usedforsecurity=False).digest_size * 2
    assert portal("POST", "/iserver/auth/ssodh/response", {"response": "0"})["error"]
    assert portal("POST", "/iserver/auth/ssodh/response", {"response": expected})["authenticated"] is True


def test_stranger_gets_no_session_where_that_is_the_way() -> None:
    client: Client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, tickle_without_login="no_session"))
    client.post("/logout")
    assert client.post("/tickle") == {"error": "no session"}


def test_login_that_is_not_ours_can_do_nothing_but_ask() -> None:
    client = Client(Simulator(SimulatorConfig(behaviour=QUIET, pacing=False), start({"ABC": [FLAT]}).broker.market))
    for method, path in (("GET", "/sso/validate"), ("POST", "/iserver/auth/status"), ("POST", "/logout")):
        response = client.call(method, f"/v1/api{path}")
        assert (path, response.status, response.body) == (path, 401, b"")


def test_portfolio_needs_the_login_only() -> None:
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, login_opens_brokerage=False))
    assert client.get("/portfolio/accounts")[0]["id"]
    assert client.post("/tickle")["iserver"]["authStatus"]["connected"] is True
    assert client.get("/iserver/accounts")["error"] == "Bad Request: no bridge"
    assert client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})["passed"] is True
    assert "accounts" in client.get("/iserver/accounts")


def test_init_that_is_repeated_while_one_is_under_way_starts_nothing_anew() -> None:
    behaviour = msgspec.structs.replace(QUIET, reauthentication_s=5.0, session_clock="simulated")
    client = start({"ABC": [FLAT]}, behaviour=behaviour)
    client.call("POST", "/sim/account", {"do": "lose_session"})
    for _ in range(2):
        client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})
        assert client.post("/iserver/reauthenticate") == {"message": "triggered"}
        client.advance(instants.iso(client.broker.now_us + 2 * instants.SECOND))
    client.advance("2014-03-03T14:30:05Z")
    assert client.post("/iserver/auth/status")["authenticated"] is True
    assert client.broker.session.epoch == 2


def test_established_follows_authenticated_where_the_broker_takes_its_time() -> None:
    behaviour = msgspec.structs.replace(QUIET, established_s=3.0, session_clock="simulated")
    client = Client(start({"ABC": [FLAT]}, behaviour=behaviour).simulator)
    status = client.post("/iserver/auth/status")
    assert (status["authenticated"], status["established"]) == (True, False)
    assert client.get("/iserver/accounts") == {"error": "Init session first", "statusCode": 400}
    client.advance("2014-03-03T14:30:03Z")
    assert client.post("/iserver/auth/status")["established"] is True
    assert "accounts" in client.get("/iserver/accounts")


def test_init_without_publish_is_refused_where_that_is_the_way() -> None:
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, init_needs_publish=True))
    refused = client.call("POST", "/v1/api/iserver/auth/ssodh/init", {"publish": False, "compete": True})
    assert (refused.status, refused.body) == (500, b'{"error":"unknown"}')
    of_gateway = {"username": "a", "machineId": "0a1b2c3d", "compete": True}
    assert client.post("/iserver/auth/ssodh/init", of_gateway)["authenticated"] is True


def test_gateway_program_is_asked_a_challenge_where_that_is_the_way() -> None:
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, init_challenges=True))
    client.call("POST", "/sim/account", {"do": "lose_session"})
    asked = client.post("/iserver/auth/ssodh/init", {"username": "a", "machineId": "0a1b2c3d", "compete": True})
    text = asked["challenge"] + client.get("/ssodh/st")["st"]
    answer = hashlib.sha1(bytes.fromhex(text), usedforsecurity=False).hexdigest()
    assert client.post("/iserver/auth/ssodh/response", {"response": answer})["authenticated"] is True


def test_what_the_login_has_left_counts_down_between_calls() -> None:
    behaviour = msgspec.structs.replace(QUIET, session_clock="simulated", gateway_pings=False)
    client = start({"ABC": [FLAT]}, behaviour=behaviour)
    client.advance("2014-03-03T14:31:00Z")
    assert client.post("/tickle")["ssoExpires"] == 540_000
    client.advance("2014-03-03T14:31:10Z")
    validated = client.get("/sso/validate")
    assert validated["EXPIRES"] == 590_000
    assert validated["lastAccessed"] - validated["AUTH_TIME"] == 70_000


def test_every_change_of_the_session_is_in_the_truth_log_with_its_epoch() -> None:
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, session_clock="simulated"))
    client.call("POST", "/sim/account", {"do": "compete"})
    client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})
    client.advance("close")
    client.post("/tickle")
    client.post("/logout")
    lines = [line for line in client.truth() if line["kind"] == "session"]
    assert [(line["event"], line["epoch"], line["login"], line["authenticated"]) for line in lines] == [
        ("login", 1, True, True),
        ("competing", 1, True, False),
        ("init", 2, True, True),
        ("idle", 2, True, False),
        ("logout", 2, False, False),
    ]
