"""A reading of the balances is held against the last one, in turns with a broker in memory."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.fakes.broker_account import ACCOUNT
from tests.fakes.fake_market_data import CONIDS
from tests.fakes.stages import settings_of, system_of
from tests.fakes.trading_context import PRE_OPEN, PROFILE, SESSION, ContextParts, decision_of
from tests.fakes.trading_states import approved
from trading.cycle.balances import Money, judge_loss
from trading.cycle.deciding import Deciding
from trading.cycle.missing_bars import RETRY_S
from trading.cycle.publish import Publisher
from trading.cycle.summary import CycleSummary
from trading.cycle.turn import AccountTurns, Turn
from trading.errors import InvariantBroken
from trading.execution.planning.balances import FLOW_APART, JUMP_APART
from trading.model.account import AccountState
from trading.model.alarm import AlarmCode
from trading.model.balances import Doubt
from trading.model.decision import RiskState
from trading.model.mode import Mode
from trading.model.order import BrokerStatus, Execution, OrderType, Side
from trading.store.records import SqliteStore

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
        f"2,500.00 USD {'came into' if amount > 0 else 'left'} the account on 2014-03-04, by no trade of ours",
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


def put(parts: ContextParts, key: str, value: str) -> None:
    """Spoil a fact in the file."""
    with parts.database.transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO fact (key, value) VALUES (?, ?)", (key, value))


def uncover(parts: ContextParts) -> None:
    """Let the broker end every order, so that own shares have no stop."""
    for order in parts.broker.live():
        parts.broker.end(order.order_id, BrokerStatus.CANCELLED)


def works(parts: ContextParts) -> set[OrderType]:
    """Return the types of what works at the broker."""
    return {order.order_type for order in parts.broker.live() if order.order_type is not None}


@pytest.mark.parametrize("kept", ["x", '{"agreed":{"at":"soon"}}', "[]"])
def test_balances_that_cannot_be_read_are_a_doubt_and_stop_nothing(parts: ContextParts, kept: str) -> None:
    parts.buy()
    uncover(parts)
    put(parts, "balances", kept)
    done = turn(parts, "MSFT")
    assert OrderType.STOP in works(parts)
    assert [alarm.code for alarm in done.alarms if alarm.code is AlarmCode.EQUITY] == [AlarmCode.EQUITY]
    assert "the kept balances can't be read" in done.waiting["MSFT"]
    assert parts.store.mode().mode is not Mode.HALTED


def test_flow_that_cannot_be_read_is_a_doubt_and_stops_nothing(parts: ContextParts) -> None:
    turn(parts)
    pay(parts, -50.0)
    with parts.database.transaction() as connection:
        connection.execute("UPDATE flow SET at = 'soon'")
    assert "the kept flow 1 can't be read" in turn(parts, "AAPL").waiting["AAPL"]


def test_risk_memory_that_cannot_be_read_stops_nothing_and_keeps_the_daily_loss(parts: ContextParts) -> None:
    turn(parts)
    parts.buy()
    uncover(parts)
    parts.store.halts.set_daily_loss("daily_loss: 6.00% lost", parts.clock.time)
    turns = parts.account_turns()
    put(parts, "risk", "x")
    parts.broker.cash -= 2_500.0
    for _ in range(2):
        turns.run(parts.view(), None, balances=True)
        parts.clock.time += FLOW_APART
    assert OrderType.STOP in works(parts)
    assert parts.balances.unconfirmed() == ()
    assert parts.store.mode().mode is Mode.REDUCING
    parts.store.halts.set_daily_loss(None, parts.clock.time)
    put(parts, "risk", '{"peak":10000.0,"prior_equity":10000.0}')
    turn(parts)
    assert [flow.amount for flow in parts.balances.unconfirmed()] == [-2_500.0]


def test_risk_memory_that_cannot_be_read_is_told_and_holds_back_what_leaves_once_it_is_there(
    parts: ContextParts,
) -> None:
    turns, decision = parts.account_turns(), decision_of(approved("AAPL", 3))
    put(parts, "risk", "x")
    done = turns.run(parts.view(), decision, balances=True)
    assert (done.sent, [alarm.code for alarm in done.alarms]) == (0, [AlarmCode.EQUITY])
    assert "the kept risk state can't be read" in done.waiting["AAPL"]
    made = Deciding(parts.context(), STAGES, ("AAPL",))
    assert not made.decide(done.state, Publisher(parts.context()), CycleSummary())
    assert made.problem.startswith("nothing can be decided on 2014-03-03: the kept risk state can't be read")
    assert made.again_at == PRE_OPEN + timedelta(seconds=RETRY_S)
    assert parts.store.value("risk") == "x"
    put(parts, "risk", '{"peak":10000.0,"prior_equity":10000.0}')
    assert turn(parts, "AAPL").sent == 3


class Unreadable(SqliteStore):
    """A store whose disk fails where the memory of the limits is read."""

    def risk_state(self, through: date | None = None) -> RiskState:
        raise InvariantBroken("storage", f"disk I/O error {through}")


def test_disk_that_fails_is_no_doubt_about_the_money(parts: ContextParts) -> None:
    turn(parts)
    context = replace(parts.context(), store=Unreadable(parts.database))
    with pytest.raises(InvariantBroken, match="disk I/O error"):
        AccountTurns(context, lambda: 10**12).run(parts.view(), None, balances=True)


@pytest.mark.parametrize(
    ("worth", "lost"),
    [(9_500.0, False), (9_499.99, True), (0.01, True), (0.0, False), (-1.0, False), (math.nan, False)],
)
def test_loss_is_judged_by_what_an_account_can_be_worth(parts: ContextParts, worth: float, *, lost: bool) -> None:
    # Dollars that were all converted are no loss of the day.
    parts.settings = settings_of()
    account = AccountState(ACCOUNT, "EUR", worth, worth, worth, worth)
    judge_loss(parts.context(), account, Money(RiskState(10_000.0, 10_000.0)))
    assert len(parts.rows("SELECT * FROM mode_log WHERE fact = 'daily_loss'")) == lost


@pytest.mark.parametrize(("known", "doubt"), [(False, None), (True, Doubt("odd"))])
def test_loss_stands_while_the_balances_are_missing_or_in_doubt(
    parts: ContextParts, doubt: Doubt | None, *, known: bool
) -> None:
    parts.store.halts.set_daily_loss("6 % lost", PRE_OPEN)
    account = AccountState(ACCOUNT, "USD", 10_000.0, 0.0, 0.0, 0.0) if known else None
    judge_loss(parts.context(), account, Money(RiskState(10_000.0, 10_000.0), doubt))
    assert len(parts.rows("SELECT * FROM mode_log WHERE fact = 'daily_loss'")) == 1


@pytest.mark.parametrize(
    "absurd",
    [
        {"price": 1e18},
        {"commission": 1e17},
        {"conid": 10**20},
        {"price": 1e200, "quantity": 1e200},
        {"price": 0.0},
        {"price": math.nan},
        {"commission": -math.inf},
    ],
)
def test_trade_of_a_stranger_stops_nothing(parts: ContextParts, absurd: dict[str, float]) -> None:
    parts.buy()
    uncover(parts)
    row = Execution("0000e1a7.1.01.01", ACCOUNT, 999, "ZZZ", Side.BUY, 10.0, 95.5, None, PRE_OPEN, None, 900)
    parts.broker.fills.append(replace(row, **absurd))  # type: ignore[arg-type]
    done = turn(parts)
    assert OrderType.STOP in works(parts)
    assert (done.state.doubt, parts.balances.unconfirmed()) == (None, ())


@pytest.mark.parametrize("dollars", [0.0, -500.0, 1_000.0, -6_000.0])
def test_trade_in_another_currency_or_an_option_is_no_flow(parts: ContextParts, dollars: float) -> None:
    parts.store.set_risk_state(RiskState(12_000.0, 10_000.0), reason="", actor="", now=PRE_OPEN)
    turn(parts)
    parts.broker.cash += dollars
    parts.broker.worth = 10_000.0
    for _ in range(4):
        done = turn(parts)
        parts.clock.time += FLOW_APART
        assert (done.state.doubt, done.alarms) == (None, [])
    assert parts.balances.unconfirmed() == ()
    assert parts.store.risk_state() == RiskState(12_000.0, 10_000.0)


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


def test_earlier_problem_is_not_the_present_one_while_a_reading_is_awaited(parts: ContextParts) -> None:
    parts.clock.time = NIGHT
    turn(parts)
    parts.broker.cash -= 2_500.0
    made = Deciding(parts.context(), STAGES, ("AAPL",))
    made.problem = "there were no bars"
    assert not decide(parts, made)
    assert made.problem == ""


def test_decision_that_can_wait_no_longer_is_taken_without_entries_and_latches(parts: ContextParts) -> None:
    parts.store.set_risk_state(RiskState(10_000.0, 10_000.0), reason="", actor="", now=PRE_OPEN)
    turn(parts)
    parts.broker.worth = 100_000.0
    made = Deciding(parts.context(), STAGES, ("AAPL", "MSFT", "XOM"))
    assert decide(parts, made)
    assert made.decision is not None
    assert (made.decision.entries, made.decision.risk) == ((), RiskState(10_000.0, 10_000.0))
    assert parts.rows("SELECT * FROM equity WHERE session = ?", SESSION.isoformat()) == []
