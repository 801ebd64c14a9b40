"""A reading of the balances is held against the last one, in turns with a broker in memory."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.fake_market_data import CONIDS
from tests.fakes.stages import system_of
from tests.fakes.trading_context import PRE_OPEN, PROFILE, SESSION, ContextParts, decision_of
from tests.fakes.trading_states import approved
from trading.cycle.deciding import RETRY_S, Deciding
from trading.cycle.publish import Publisher
from trading.cycle.summary import CycleSummary
from trading.cycle.turn import Turn
from trading.execution.balances import FLOW_APART, JUMP_APART
from trading.model.decision import RiskState
from trading.model.order import Side

NIGHT = PRE_OPEN - timedelta(hours=10)
STAGES = system_of(PROFILE)


def turn(parts: ContextParts, *symbols: str) -> Turn:
    decision = decision_of(*(approved(symbol, 3) for symbol in symbols)) if symbols else None
    return parts.account_turns().run(parts.view(), decision, balances=True)


def pay(parts: ContextParts, amount: float) -> None:
    """Pay in, or out, and let two readings show it."""
    parts.broker.cash += amount
    turn(parts)
    parts.clock.time += FLOW_APART
    turn(parts)


@pytest.mark.parametrize("amount", [-2_500.0, 2_500.0])
def test_entry_waits_until_a_person_says_what_came_or_went(parts: ContextParts, amount: float) -> None:
    turn(parts)
    pay(parts, amount)
    done = turn(parts, "AAPL")
    assert (done.sent, done.waiting["AAPL"].split(":")[0]) == (
        0,
        f"2,500.00 USD {'came into' if amount > 0 else 'left'} the account on 2014-03-04, by no trade that is known",
    )
    assert [(alarm.code, alarm.subject) for alarm in done.alarms] == [("flow", "1")]
    (flow,) = parts.balances.unconfirmed()
    parts.balances.settle(flow.number, flow.state.CONFIRMED, actor="ann", now=parts.clock.time)
    done = turn(parts, "AAPL")
    assert (done.sent > 0, done.alarms) == (True, [])


def test_own_orders_and_trades_by_hand_are_no_flow(parts: ContextParts) -> None:
    parts.buy()
    parts.broker.trade_by_hand(CONIDS["XOM"], Side.BUY, 50, 95.0)
    for _ in range(4):
        turn(parts)
        parts.clock.time += FLOW_APART
    assert parts.balances.unconfirmed() == ()
    assert turn(parts).state.doubt is None


def test_reading_that_was_kept_is_not_held_against_newer_executions(parts: ContextParts) -> None:
    turns = parts.account_turns()
    turns.run(parts.view(), None, balances=True)
    parts.buy()
    done = turns.run(parts.view(), None, balances=False)
    assert done.state.doubt is None


def test_balances_in_doubt_are_read_again_in_the_next_turn(parts: ContextParts) -> None:
    turns = parts.account_turns()
    turns.run(parts.view(), None, balances=True)
    parts.broker.worth = 50_000.0
    assert turns.run(parts.view(), None, balances=True).state.doubt is not None
    parts.broker.worth = None
    assert turns.run(parts.view(), None, balances=False).state.doubt is None


@pytest.mark.parametrize(("worth", "code"), [(100_000.0, "equity"), (0.0, "equity"), (-5.0, "equity")])
def test_absurd_equity_latches_nothing_and_holds_entries_back(parts: ContextParts, worth: float, code: str) -> None:
    parts.store.set_risk_state(RiskState(10_000.0, 10_000.0), reason="", actor="", now=PRE_OPEN)
    turn(parts)
    parts.broker.worth = worth
    done = turn(parts, "AAPL")
    assert (done.sent, [alarm.code for alarm in done.alarms]) == (0, [code])
    parts.broker.worth = None
    parts.clock.time += JUMP_APART
    assert turn(parts, "AAPL").sent > 0
    assert parts.store.risk_state() == RiskState(10_000.0, 10_000.0)


def decide(parts: ContextParts, made: Deciding) -> bool:
    return made.decide(turn(parts).state, Publisher(parts.context()), CycleSummary())


def test_decision_waits_in_the_night_for_a_second_reading(parts: ContextParts) -> None:
    parts.clock.time = NIGHT
    parts.store.set_risk_state(RiskState(10_000.0, 10_000.0), reason="", actor="", now=NIGHT)
    turn(parts)
    parts.broker.cash -= 2_500.0
    made = Deciding(parts.context(), STAGES, ("AAPL",))
    assert not decide(parts, made)
    assert made.again_at == NIGHT + timedelta(seconds=RETRY_S)
    assert made.problem == ""
    parts.clock.time += FLOW_APART
    assert decide(parts, made)
    risk = parts.store.risk_state()
    assert (risk.peak, risk.prior_equity, dict(risk.latches)) == (7_500.0, 7_500.0, {})


def test_decision_that_can_wait_no_longer_is_taken_without_entries_and_latches(parts: ContextParts) -> None:
    parts.store.set_risk_state(RiskState(10_000.0, 10_000.0), reason="", actor="", now=PRE_OPEN)
    turn(parts)
    parts.broker.worth = 100_000.0
    made = Deciding(parts.context(), STAGES, ("AAPL", "MSFT", "XOM"))
    assert decide(parts, made)
    assert made.decision is not None
    assert (made.decision.entries, made.decision.risk) == ((), RiskState(10_000.0, 10_000.0))
    assert parts.rows("SELECT * FROM equity WHERE session = ?", SESSION.isoformat()) == []
