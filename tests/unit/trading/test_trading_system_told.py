"""What the loop says of its troubles, at once and once, and what it leaves unsaid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from tests.fakes.broker_account import ACCOUNT
from tests.fakes.trading_context import CLOSE, OPEN
from tests.fakes.trading_loop import LoopParts
from trading.errors import (
    STORAGE,
    InvariantBroken,
    NotSent,
    OutcomeUnknown,
    Refused,
    SessionLost,
    Suspended,
)
from trading.model.account import PositionList
from trading.model.contract import Contract
from trading.model.metric import Gauge
from trading.model.operator_request import OperatorRequest
from trading.model.status import SessionState, StatusKey, TroubleKind

SNAPSHOT = "GET /iserver/marketdata/snapshot"
NOT_ALLOWED = SessionLost("GET /iserver/account/orders", "not logged in", 401)
SETTLED = CLOSE + timedelta(seconds=900)
NOT_SELECTED = Refused("POST /iserver/account", "no", 500)
DOWN = NotSent("POST /tickle", "connection refused")


# ---- what is said at once


def test_market_that_has_never_told_its_time_is_a_gateway_that_is_down(loop: LoopParts) -> None:
    def now() -> datetime:
        raise DOWN

    system = loop.start()
    loop.clock.now = now  # type: ignore[method-assign]
    with pytest.raises(NotSent):
        system.run_cycle()
    assert loop.store.value(StatusKey.SESSION_STATE) == SessionState.GATEWAY_DOWN


def test_database_that_takes_nothing_is_told_before_anything_else_waits_for_it(loop: LoopParts) -> None:
    def locked() -> PositionList:
        raise InvariantBroken(STORAGE, "trading.db: database is locked")

    def alert(code: str, text: str) -> None:
        told.append(loop.progress.beat().unstored)

    told: list[str] = []
    loop.notes.alert = alert  # type: ignore[method-assign]
    loop.broker.positions = locked  # type: ignore[method-assign]
    loop.run_turns(1)
    assert told
    assert all("database is locked" in text for text in told)


def test_account_without_dollars_is_told_in_the_first_cycle(loop: LoopParts) -> None:
    loop.broker.told = {"currency": "EUR", "cash": 0.0, "available_funds": 0.0}
    loop.run_turns(1)
    assert "convert some first" in (loop.store.value(StatusKey.TROUBLE) or "")
    assert loop.store.value(StatusKey.TROUBLE_KIND) == TroubleKind.PERSON
    assert loop.notes.codes() == ["trouble"]


def test_account_that_is_not_the_selected_one_is_told_in_the_first_cycle(loop: LoopParts) -> None:
    def select(account_id: str) -> None:
        raise NOT_SELECTED

    loop.session.ids = ("DU7654321", ACCOUNT)
    loop.session.select = select  # type: ignore[method-assign]
    loop.run_turns(1)
    assert "ours is being selected" in (loop.store.value(StatusKey.TROUBLE) or "")
    # Which the system may end by itself.
    assert (loop.store.value(StatusKey.TROUBLE_KIND), loop.notes.codes()) == (TroubleKind.FAILURE, [])
    assert loop.metrics.gauges[Gauge.TROUBLE] == 1.0


def test_readings_that_fail_in_the_same_way_are_logged_once(loop: LoopParts) -> None:
    loop.refuse(loop.market_data, "quotes", OutcomeUnknown(SNAPSHOT, "no"))
    loop.run_turns(6)
    assert loop.lines("readings failed") == ["warning"]


def test_between_its_steps_the_loop_goes_through_a_cycle(loop: LoopParts) -> None:
    steps: list[str] = []
    pending = loop.requests.pending

    def looked() -> tuple[OperatorRequest, ...]:
        steps.append(loop.progress.beat().step)
        return pending()

    loop.requests.pending = looked  # type: ignore[method-assign]
    loop.run_turns(3)
    assert set(steps) == {"goes through a cycle"}


def test_look_that_took_long_is_followed_by_a_shorter_wait_where_shares_are_at_stake(loop: LoopParts) -> None:
    loop.check_interval_s = 60.0
    system, _ = loop.begin_with_a_position()
    loop.clock.time = CLOSE + timedelta(hours=1)
    system.run_cycle()
    loop.clock.time += timedelta(hours=1)
    began, read = loop.clock.time, loop.market_data.contracts

    def slow(symbols: Sequence[str]) -> tuple[Mapping[str, Contract], Mapping[str, str]]:
        loop.clock.time += timedelta(seconds=45)
        return read(symbols)

    loop.market_data.contracts = slow  # type: ignore[method-assign]
    assert system.run_cycle() == began + timedelta(seconds=60)


def test_penalty_of_a_simulated_market_ends_though_its_time_moves_in_waits_alone(loop: LoopParts) -> None:
    loop.session.shows = Suspended("POST /tickle", "too many requests")
    began = loop.clock.time
    loop.run_turns(10)
    assert (loop.clock.time - began).total_seconds() == pytest.approx(sum(loop.pauses))
    loop.check_interval_s = 60.0
    began = loop.clock.time
    loop.run_turns(20)
    assert loop.clock.time == began


def test_shares_whose_stops_can_not_be_looked_at_are_as_many_as_were_known_to_be_bare(loop: LoopParts) -> None:
    system, _ = loop.begin_with_a_position()
    loop.clock.time = OPEN + timedelta(minutes=30)
    assert loop.store.value(StatusKey.UNCOVERED_SHARES) == "0"
    loop.refuse(loop.broker, "orders", OutcomeUnknown("GET /iserver/account/orders", "no"))
    system.run_cycle()
    assert loop.store.value(StatusKey.UNCOVERED_SHARES) == "0"
    loop.store.show({StatusKey.UNCOVERED_SHARES: "7"})
    system.run_cycle()
    assert loop.store.value(StatusKey.UNCOVERED_SHARES) == "7"


def test_reading_that_a_stop_or_a_person_cut_short_is_no_trouble_and_no_whole_cycle(loop: LoopParts) -> None:
    loop.wanted = True
    early = NotSent("GET /x", "the wait for the request budget was ended early")
    for reader, name in ((loop.broker, "orders"), (loop.market_data, "quotes")):
        loop.refuse(reader, name, early, 3)
        loop.run_turns(loop.turns + 3)
        assert loop.store.value(StatusKey.TROUBLE) == ""
        assert loop.progress.beat().unproven
    assert loop.notes.codes() == []
    loop.wanted = False
    loop.refuse(loop.broker, "orders", early, 1)
    loop.run_turns(loop.turns + 1)
    assert "ended early" in (loop.store.value(StatusKey.TROUBLE) or "")
