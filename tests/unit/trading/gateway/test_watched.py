from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.trading.gateway.scripted import Call, ScriptedTransport, StillClock
from trading.errors import OutcomeUnknown
from trading.gateway.transport import HttpAnswer
from trading.gateway.watched import WatchedTransport, watched
from trading.monitoring.heartbeat import Heartbeat

BROKEN = OutcomeUnknown("POST /tickle", "no answer in time")


def heartbeat() -> Heartbeat:
    return Heartbeat(lambda: 0.0, lambda: datetime(2014, 3, 4, tzinfo=UTC))


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/tickle", "POST /tickle"),
        ("/portfolio/U1234567/ledger", "POST /portfolio/…/ledger"),
        ("/portfolio2/DUH724521/positions", "POST /portfolio2/…/positions"),
        ("/iserver/account/F-1234/orders", "POST /iserver/account/…/orders"),
    ],
)
def test_call_is_told_while_it_goes_on_without_an_account_in_it(path: str, told: str) -> None:
    progress, seen = heartbeat(), []

    def answer(_call: Call) -> HttpAnswer:
        seen.append(progress.beat().call)
        return HttpAnswer(200, b"{}")

    transport = ScriptedTransport(StillClock())
    transport.script(f"POST {path}", answer)
    WatchedTransport(transport, progress).exchange("POST", path, None, None, 15.0)
    assert seen == [told]
    assert progress.beat().call == ""


def test_failure_is_handed_on_and_the_call_counts_as_unanswered() -> None:
    progress, transport = heartbeat(), ScriptedTransport(StillClock())
    transport.script("POST /tickle", BROKEN)
    with pytest.raises(OutcomeUnknown):
        watched(lambda _url, _ca: transport, progress)("https://localhost:5055", None).exchange(
            "POST", "/tickle", None, None, 15.0
        )
    assert progress.beat().call == "POST /tickle"


def test_time_of_a_simulated_market_says_nothing_of_what_the_api_answers() -> None:
    progress, transport = heartbeat(), ScriptedTransport(StillClock())
    transport.script("POST /tickle", BROKEN)
    transport.script("GET /clock", HttpAnswer(200, b"{}"))
    make = watched(lambda _url, _ca: transport, progress)
    with pytest.raises(OutcomeUnknown):
        make("https://localhost:5055", None).exchange("POST", "/tickle", None, None, 15.0)
    make("https://localhost:5055/sim", None).exchange("GET", "/clock", None, None, 15.0)
    beat = progress.beat()
    assert (beat.call, beat.answers) == ("POST /tickle", False)


def test_simulated_market_whose_time_hangs_is_a_call_without_an_answer() -> None:
    progress, transport = heartbeat(), ScriptedTransport(StillClock())
    transport.script("GET /clock", BROKEN)
    with pytest.raises(OutcomeUnknown):
        watched(lambda _url, _ca: transport, progress)("https://localhost:5055/sim", None).exchange(
            "GET", "/clock", None, None, 15.0
        )
    assert progress.beat().call == "GET /sim/clock"
