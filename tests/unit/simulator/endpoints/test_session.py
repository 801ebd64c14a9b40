from __future__ import annotations

import hashlib

import msgspec

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
