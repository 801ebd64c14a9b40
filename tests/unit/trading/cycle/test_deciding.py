"""When a decision is due, what it waits for, and what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from tests.fakes.fake_market_data import quiet
from tests.fakes.stages import system_of
from tests.fakes.trading_context import (
    CLOSE,
    DECIDED,
    OPEN,
    PRE_OPEN,
    PROFILE,
    SESSION,
    ContextParts,
    decision_of,
)
from tests.fakes.trading_states import approved
from trading.cycle.deciding import READS_S, Deciding
from trading.cycle.gather import market_times
from trading.cycle.missing_bars import EARLY_RETRY_S, PATIENT_TRIES, RETRY_S
from trading.cycle.publish import Publisher
from trading.cycle.summary import CycleSummary
from trading.errors import NotSent, OutcomeUnknown, OutOfTime
from trading.execution.planning.state import TradingState
from trading.gateway.api_client import READ_S
from trading.model.alarm import AlarmCode
from trading.trading_system import LOOK_AT_LEAST_S

STAGES = system_of(PROFILE)
SYMBOLS = ("AAPL", "MSFT", "XOM")
SETTLED = CLOSE + timedelta(seconds=900)


def deciding(parts: ContextParts) -> Deciding:
    return Deciding(parts.context(), STAGES, SYMBOLS)


def due(parts: ContextParts, at: datetime) -> bool:
    parts.clock.time = at
    return deciding(parts).due(market_times(parts.context(), at), at)


def state_of(parts: ContextParts) -> TradingState:
    return parts.account_turns().run(parts.view(), None, balances=True).state


def decide(parts: ContextParts, made: Deciding) -> bool:
    return made.decide(state_of(parts), Publisher(parts.context()), CycleSummary())


def test_first_decision_is_due_inside_the_window_only(parts: ContextParts) -> None:
    assert due(parts, PRE_OPEN)
    assert due(parts, OPEN - timedelta(minutes=2))
    assert not due(parts, OPEN - timedelta(minutes=2) + timedelta(seconds=1))
    assert due(parts, SETTLED)


def test_with_shares_of_an_earlier_life_the_first_decision_is_due_at_once(parts: ContextParts) -> None:
    parts.buy()
    assert due(parts, OPEN + timedelta(hours=1))


def test_session_that_was_decided_on_is_due_no_more_after_a_restart(parts: ContextParts) -> None:
    parts.store.record_decision(decision_of(), PRE_OPEN)
    parts.reopen()
    assert not due(parts, PRE_OPEN)
    assert not due(parts, SETTLED - timedelta(seconds=1))
    assert due(parts, SETTLED)
    assert due(parts, OPEN + timedelta(days=1, hours=3))


@pytest.mark.parametrize(
    ("at", "awaited"),
    [
        (SETTLED, True),
        (PRE_OPEN + timedelta(days=1) - timedelta(seconds=1), True),
        (PRE_OPEN + timedelta(days=1), False),
    ],
)
def test_working_entry_of_an_ended_session_is_awaited_until_the_next_window_begins(
    parts: ContextParts,
    at: datetime,
    awaited: bool,  # noqa: FBT001
) -> None:
    parts.account_turns().run(parts.view(), decision_of(approved("AAPL")), balances=True)
    parts.broker.cancels_wait = True
    parts.clock.time = at
    assert deciding(parts).awaits(state_of(parts)) is awaited


def test_stop_of_a_position_is_not_awaited(parts: ContextParts) -> None:
    parts.buy()
    parts.clock.time = SETTLED
    assert not deciding(parts).awaits(state_of(parts))


def test_decision_is_kept_with_equity_and_bars_and_is_the_newest(parts: ContextParts) -> None:
    made = deciding(parts)
    assert decide(parts, made)
    assert made.decision is not None
    assert made.decision.session == DECIDED
    kept = deciding(parts).decision
    assert kept is not None
    assert (kept.session, kept.entries) == (DECIDED, made.decision.entries)
    assert [row["session"] for row in parts.rows("SELECT session FROM equity")] == [DECIDED.isoformat()]
    assert parts.rows("SELECT count(*) AS n FROM bar")[0]["n"] > 0


@pytest.mark.parametrize(("cash", "points"), [(0.0, 0), (-50.0, 0), (0.01, 1)])
def test_account_that_holds_no_dollars_has_no_equity_to_keep(parts: ContextParts, cash: float, points: int) -> None:
    parts.broker.told = {"currency": "EUR", "cash": cash}
    assert decide(parts, deciding(parts))
    assert len(parts.rows("SELECT session FROM equity")) == points


def test_bars_that_are_not_there_yet_are_looked_for_again(parts: ContextParts) -> None:
    parts.market_data.panel = quiet(parts.calendar, date(2014, 2, 28))
    made = deciding(parts)
    assert not decide(parts, made)
    assert made.again_at == PRE_OPEN + timedelta(seconds=RETRY_S)
    assert made.decision is None
    assert parts.rows("SELECT * FROM equity") == []
    assert made.problem == "no stock has a bar of Mon 3 Mar yet"
    parts.market_data.panel = quiet(parts.calendar, date(2014, 3, 3))
    assert decide(parts, made)
    assert not made.problem
    assert made.again_at is None


@pytest.mark.parametrize(
    ("at", "pause_s"),
    [
        (SETTLED, EARLY_RETRY_S),
        (PRE_OPEN + timedelta(days=1, seconds=-10), 10.0),
        (PRE_OPEN + timedelta(days=1), RETRY_S),
        (OPEN + timedelta(days=1), RETRY_S),
    ],
)
def test_decision_that_could_not_be_taken_is_not_due_with_every_cycle(
    parts: ContextParts, at: datetime, pause_s: float
) -> None:
    parts.buy()
    parts.market_data.panel = quiet(parts.calendar, date(2014, 2, 28))
    parts.clock.time = at
    made = deciding(parts)
    assert not decide(parts, made)
    again = at + timedelta(seconds=pause_s)
    times = market_times(parts.context(), at)
    assert [made.due(times, again - timedelta(seconds=left)) for left in (pause_s, 1.0, 0.0)] == [False, False, True]


def test_what_is_held_is_decided_on_whatever_is_traded(parts: ContextParts) -> None:
    parts.buy("XOM", 5)
    made = Deciding(parts.context(), STAGES, ("AAPL",))
    parts.clock.time = SETTLED
    assert decide(parts, made)
    assert made.decision is not None
    assert {verdict.symbol for verdict in made.decision.verdicts} == {"AAPL", "XOM"}


def test_own_symbol_that_could_not_be_judged_is_told_while_it_is_held(parts: ContextParts) -> None:
    entry = parts.buy()
    made = deciding(parts)
    made.decision = replace(decision_of(session=SESSION), skipped={"AAPL": "no bars", "XOM": "no bars"})
    (alarm,) = made.alarms(state_of(parts))
    assert (alarm.code, alarm.subject) == (AlarmCode.NOT_DECIDED, "AAPL")
    assert "no bars" in alarm.text
    parts.clock.time = OPEN
    parts.broker.fill(entry.order_id + 1, 95.0)
    assert made.alarms(state_of(parts)) == ()


@pytest.mark.parametrize(("interrupted", "pause_s"), [(False, 60.0), (True, 0.0)])
def test_decision_that_could_not_be_taken_is_tried_again_soon_and_at_once_after_a_request(
    parts: ContextParts, pause_s: float, *, interrupted: bool
) -> None:
    parts.wanted = interrupted
    made = deciding(parts)
    made.failed(NotSent("GET /x", "the wait was ended"))
    assert made.again_at == parts.clock.now() + timedelta(seconds=pause_s)
    # What goes on at once is nobody's trouble.
    assert made.problem == ("" if interrupted else "GET /x: the wait was ended")


def test_reading_of_an_account_with_shares_or_orders_ends_in_time_for_the_next_look(parts: ContextParts) -> None:
    parts.market_data.failures = [OutcomeUnknown("GET /x", "no answer")] * 2
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            decide(parts, deciding(parts))
        if not parts.market_data.limits:
            parts.buy("XOM", 3)
    assert parts.market_data.limits == [READS_S]
    assert READS_S + READ_S < LOOK_AT_LEAST_S


def test_reading_that_ran_out_of_time_goes_on_after_the_look_and_is_no_trouble(parts: ContextParts) -> None:
    made = deciding(parts)
    made.failed(OutOfTime("GET /x", "not asked"))
    assert (made.again_at, made.problem, made.unanswered) == (parts.clock.now(), "", "")


def test_why_there_is_no_decision_is_logged_once_while_it_stays_the_same(parts: ContextParts) -> None:
    made = deciding(parts)
    for cause in ("no answer", "no answer", "no answer", "refused", "no answer"):
        made.failed(OutcomeUnknown("GET /x", cause))
    assert [event for _, event, _ in parts.log.lines].count("no decision yet") == 3


def test_a_day_without_bars_is_named_and_the_next_session_goes_on_by_itself(parts: ContextParts) -> None:
    parts.store.record_decision(decision_of(), PRE_OPEN)
    parts.reopen()
    parts.market_data.panel = quiet(parts.calendar, DECIDED)
    made = deciding(parts)
    parts.clock.time = SETTLED
    for _ in range(PATIENT_TRIES):
        assert not decide(parts, made)
        assert made.again_at is not None
        parts.clock.time = made.again_at
    assert made.problem == "no stock has a bar of Tue 4 Mar: perhaps the exchange was closed"
    assert made.decision is not None
    assert made.decision.session == DECIDED
    # The exchange was closed on the 4th, and there never is a bar of it.
    parts.clock.time = SETTLED + timedelta(days=1)
    parts.market_data.panel = quiet(parts.calendar, SESSION + timedelta(days=1), closed=SESSION)
    assert made.due(market_times(parts.context(), parts.clock.time), parts.clock.time)
    assert decide(parts, made)
    assert not made.problem
    assert made.decision.session == SESSION + timedelta(days=1)


def test_a_bar_that_some_stocks_have_is_decided_on_and_the_others_are_left_out(parts: ContextParts) -> None:
    parts.market_data.panel = parts.market_data.panel.select(["MSFT"])
    made = deciding(parts)
    assert decide(parts, made)
    assert made.decision is not None
    assert {verdict.symbol for verdict in made.decision.verdicts} == {"MSFT"}
