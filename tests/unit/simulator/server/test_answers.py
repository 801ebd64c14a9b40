from __future__ import annotations

import json
import logging
from collections.abc import Mapping

import pytest

from simulator.messages import Response
from simulator.server.answers import Answers
from simulator.server.http import HttpRequest
from simulator.server.tempo import Tempo
from simulator.truth import LogLostError
from tests.unit.simulator.support import ACCOUNT, Client, Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)
HERE = "127.0.0.1"


class Broken:
    """Fails like a defect, or like a full disk."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    def __call__(self, *_arguments: object) -> Response:
        raise self.fault


def answers_of(client: Client) -> Answers:
    return Answers(client.simulator, Tempo(enabled=False))


def asked(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> HttpRequest:
    return HttpRequest(method, path, "", headers or {}, body)


def test_head_is_answered_as_get() -> None:
    answers = answers_of(start({"ABC": [FLAT]}))
    assert answers.answer(asked("HEAD", "/v1/api/tickle"), HERE).status == 200


def test_page_that_asks_first_is_let_through_as_by_the_gateway_program() -> None:
    answers = answers_of(start({"ABC": [FLAT]}))
    headers = {"origin": "https://example.com", "access-control-request-headers": "content-type"}
    answer = answers.answer(asked("OPTIONS", "/v1/api/tickle", headers), HERE)
    assert answer.status == 204
    assert ("Access-Control-Allow-Origin", "*") in answer.headers
    assert ("Access-Control-Allow-Headers", "content-type") in answer.headers
    hostile = {"access-control-request-headers": "x\r\nSet-Cookie: a=b"}
    assert len(answers.answer(asked("OPTIONS", "/", hostile), HERE).headers) == 2


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::1%lo", {"host": "localhost:5055", "origin": "https://localhost:5055"}, 200),
        ("10.0.0.2", {}, 403),
        ("127.0.0.1", {"host": "localhost:5055", "origin": "https://example.com"}, 403),
        ("127.0.0.1", {"host": "localhost:5055", "origin": "null"}, 403),
        ("127.0.0.1", {"host": "example.com:5055", "origin": "https://example.com:5055"}, 403),
        ("127.0.0.1", {"host": "localhost:5055", "origin": "http://[x"}, 403),
        ("127.0.0.1", {"host": "localhost:5055", "sec-fetch-site": "cross-site"}, 403),
        ("127.0.0.1", {"host": "localhost:5055", "sec-fetch-site": "same-origin"}, 200),
        ("127.0.0.1", {"host": "gateway:5055", "origin": "https://gateway:5055"}, 403),
    ],
)
def test_control_is_for_programs_of_this_machine(client: str, headers: dict[str, str], status: int) -> None:
    answers = answers_of(start({"ABC": [FLAT]}))
    assert answers.answer(asked("GET", "/sim/clock", headers), client).status == status
    assert answers.answer(asked("OPTIONS", "/sim/clock", headers), client).status in (204, 403)


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"host": "localhost:5055", "origin": "https://localhost:5055"}, True),
        ({"host": "localhost:5055", "origin": "https://evil.example"}, False),
        ({"host": "evil.example:5055", "origin": "https://evil.example:5055"}, False),
        ({"host": "localhost:5055", "sec-fetch-site": "cross-site", "content-type": "text/plain"}, False),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", f"/v1/api/iserver/account/{ACCOUNT}/orders"), ("DELETE", f"/v1/api/iserver/account/{ACCOUNT}/order/1")],
)
def test_order_of_another_sites_page_is_refused_unread(
    method: str, path: str, headers: dict[str, str], *, taken: bool
) -> None:
    client = start({"ABC": [FLAT]})
    before = len(client.truth())
    answer = answers_of(client).answer(asked(method, path, headers, b'{"orders":[]}'), HERE)
    assert (answer.status == 403) is not taken
    assert (len(client.truth()) > before) is taken
    if not taken:
        assert answer.body == b"CORS Rejected - Invalid origin"


ANOTHER_SITES: list[dict[str, str]] = [
    {"host": "localhost:5055", "sec-fetch-site": "cross-site"},
    {"host": "localhost:5055", "origin": "https://evil.example"},
    {"host": "localhost:5055", "referer": "https://evil.example/page"},
]


@pytest.mark.parametrize("headers", ANOTHER_SITES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path",
    [
        "/v1/api/logout",
        "/v1/portal/logout",
        "/v1/api/tickle",
        "/v1/api/iserver/reauthenticate",
        "/v1/api/iserver/accounts",
        "/v1/api/iserver/marketdata/unsubscribeall",
        "/v1/api/sso/validate",
        "/v1/api/ssodh/init",
        "/sso/Dispatcher",
        "/sso/ping",
        "/nothing",
    ],
)
def test_image_of_another_sites_page_logs_nobody_out_and_counts_for_no_limit(
    path: str, method: str, headers: dict[str, str]
) -> None:
    client = start({"ABC": [FLAT]})
    before = len(client.truth())
    answer = answers_of(client).answer(asked(method, path, headers), HERE)
    assert (answer.status, answer.body) == (403, b"CORS Rejected - Invalid origin")
    assert len(client.truth()) == before
    assert client.simulator.broker.session.sso


@pytest.mark.parametrize("headers", [{}, {"host": "localhost:5055", "sec-fetch-site": "same-origin"}])
def test_program_or_own_page_logs_out_by_get(headers: dict[str, str]) -> None:
    client = start({"ABC": [FLAT]})
    assert answers_of(client).answer(asked("GET", "/v1/api/logout", headers), HERE).status == 200
    assert not client.simulator.broker.session.sso


@pytest.mark.parametrize("headers", ANOTHER_SITES)
@pytest.mark.parametrize(("path", "status"), [("/", 302), ("/sso/Login", 200), ("/sso/Success", 200)])
def test_link_of_any_page_leads_to_the_login(path: str, status: int, headers: dict[str, str]) -> None:
    answers = answers_of(start({"ABC": [FLAT]}))
    assert answers.answer(asked("GET", path, headers), HERE).status == status
    assert answers.answer(asked("POST", path, headers), HERE).status == 403


def test_another_sites_page_opens_no_websocket() -> None:
    answers = answers_of(start({"ABC": [FLAT]}))
    refused = answers.refuse_websocket(asked("GET", "/v1/api/ws", {"origin": "https://evil.example", "host": "x"}))
    assert refused is not None
    assert refused.status == 403


def test_defect_is_the_500_of_the_real_one_and_one_line_and_the_next_call_is_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = start({"ABC": [FLAT]})
    # An action that a fault would have put there, and that fails as only a defect does.
    client.broker.memory.after_next_read.append(Broken(ZeroDivisionError("one\ntwo")))
    answers = answers_of(client)
    with caplog.at_level(logging.ERROR):
        answer = answers.answer(asked("GET", "/v1/api/iserver/accounts"), HERE)
    assert (answer.status, json.loads(answer.body)) == (500, {"error": "unknown"})
    [line] = caplog.messages
    assert "ZeroDivisionError: one two" in line
    assert "/v1/api/iserver/accounts" in line
    assert answers.answer(asked("GET", "/v1/api/iserver/accounts"), HERE).status == 200


def test_lost_log_is_no_defect_and_answers_nothing() -> None:
    client = start({"ABC": [FLAT]})
    client.broker.memory.after_next_read.append(Broken(LogLostError(None, OSError("full"))))
    with pytest.raises(LogLostError):
        answers_of(client).answer(asked("GET", "/v1/api/iserver/accounts"), HERE)


def test_websocket_is_opened_within_the_limits_only() -> None:
    client = start({"ABC": [FLAT]})
    answers = answers_of(client)
    opening = asked("GET", "/v1/api/ws")
    assert answers.refuse_websocket(opening) is None
    client.broker.pacing.box(client.broker.clock.real(), 60.0)
    refused = answers.refuse_websocket(opening)
    assert refused is not None
    assert refused.status == 429
    assert client.truth()[-1]["path"] == "/ws"
