from __future__ import annotations

import msgspec
import pytest

from simulator import instants
from simulator.config import Behaviour, SimulatorConfig
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from simulator.messages import Response
from tests.unit.simulator.support import Client, Row, panel_of

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)


@pytest.fixture
def client() -> Client:
    return Client(Simulator(SimulatorConfig(pacing=False), ReplayedMarket(panel_of({"ABC": [FLAT]}))))


def post(client: Client, path: str, form: bytes = b"") -> Response:
    return client.simulator.handle("POST", path, body=form)


def test_root_leads_to_the_form() -> None:
    made = Client(Simulator(SimulatorConfig(pacing=False), ReplayedMarket(panel_of({"ABC": [FLAT]}))))
    response = made.call("GET", "/")
    assert response.status == 302
    assert dict(response.headers)["Location"].startswith("/sso/Login?")
    assert b"<form" in made.call("GET", "/sso/Login").body


def test_login_is_done_when_the_second_factor_is_confirmed(client: Client) -> None:
    assert b"second factor" in post(client, "/sso/Login", b"username=user1234&password=made-up").body
    assert client.call("POST", "/v1/api/tickle").status == 401
    done = post(client, "/sso/Dispatcher", b"confirmed=true")
    assert (done.status, done.body, dict(done.headers)["Location"]) == (302, b"", "/sso/Success")
    assert client.call("GET", "/sso/Success").body == b"Client login succeeds"
    assert client.post("/tickle")["iserver"]["authStatus"]["authenticated"] is True


def test_cookies_have_names_that_the_gateway_program_keeps(client: Client) -> None:
    post(client, "/sso/Login", b"username=a&password=b")
    done = client.call("GET", "/sso/Dispatcher")
    names = {value.partition("=")[0] for name, value in done.headers if name == "Set-Cookie"}
    assert names == {"USERID", "JSESSIONID", "XYZAB"}


def test_dispatcher_without_a_login_is_no_redirect(client: Client) -> None:
    assert client.call("GET", "/sso/Dispatcher").status == 401
    assert client.call("GET", "/sso/ping").status == 401


@pytest.mark.parametrize("form", [b"", b"username=a", b"username=&password=b", b"\xff"])
def test_form_that_is_not_filled_in_is_refused(client: Client, form: bytes) -> None:
    assert post(client, "/sso/Login", form).status == 401
    assert client.call("GET", "/sso/Dispatcher").status == 401


def test_wrong_password_ends_a_login_that_was_waiting(client: Client) -> None:
    post(client, "/sso/Login", b"username=a&password=b")
    assert post(client, "/sso/Login", b"username=a&password=wrong").status == 401
    assert post(client, "/sso/Dispatcher", b"confirmed=true").status == 401


def test_declined_second_factor_is_no_login_and_cannot_be_confirmed_after_all(client: Client) -> None:
    post(client, "/sso/Login", b"username=a&password=b")
    declined = post(client, "/sso/Dispatcher", b"confirmed=false")
    assert (declined.status, b"declined" in declined.body) == (401, True)
    assert post(client, "/sso/Dispatcher", b"confirmed=true").status == 401
    assert client.call("POST", "/v1/api/tickle").status == 401


def test_second_factor_that_comes_too_late_is_no_login() -> None:
    behaviour = msgspec.structs.replace(Behaviour(), session_clock="simulated", second_factor_s=60.0)
    config = SimulatorConfig(pacing=False, behaviour=behaviour)
    client = Client(Simulator(config, ReplayedMarket(panel_of({"ABC": [FLAT]}))))
    for seconds, status in ((60, 401), (59, 302)):
        post(client, "/sso/Login", b"username=a&password=b")
        client.advance(instants.iso(client.broker.now_us + seconds * instants.SECOND))
        assert post(client, "/sso/Dispatcher", b"confirmed=true").status == status


def test_dispatcher_renews_the_cookies_of_a_login_and_opens_a_lost_brokerage_session(client: Client) -> None:
    post(client, "/sso/Login", b"username=a&password=b")
    post(client, "/sso/Dispatcher")
    assert client.call("GET", "/sso/Dispatcher").status == 302
    assert client.broker.session.epoch == 1
    client.call("POST", "/sim/account", {"do": "lose_session"})
    assert client.call("GET", "/sso/Dispatcher").status == 302
    assert client.broker.session.authenticated
