"""One turn with the broker: gathered, planned and acted until nothing more follows."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from tests.fakes.fake_broker import lost_answer, lost_request, nothing_sent, question
from tests.fakes.fake_market_data import CLOSES, CONIDS
from tests.fakes.stages import settings_of
from tests.fakes.trading_context import DECIDED, OPEN, SESSION, ContextParts, decision_of
from tests.fakes.trading_states import approved
from trading.cycle.turn import AccountTurns
from trading.errors import InvariantBroken, OutcomeUnknown
from trading.execution.look_again import POLL_S
from trading.execution.planning.waits import wait_of
from trading.model.alarm import AlarmCode
from trading.model.decision import Denied, RiskState
from trading.model.mode import OPERATOR, Mode
from trading.model.order import BrokerStatus, IntentState, OrderType, Role, Side
from trading.model.request import CancelOrder
from trading.model.status import StatusKey

AAPL, MSFT = CONIDS["AAPL"], CONIDS["MSFT"]
DECISION = decision_of(approved("AAPL"), approved("MSFT", 10, 37.5))


def states(parts: ContextParts, role: Role) -> list[IntentState]:
    return [record.state for record in parts.journal.intents() if record.intent.role is role]


def test_turn_sends_what_was_decided_and_says_so(parts: ContextParts) -> None:
    turn = parts.account_turns().run(parts.view(), DECISION, balances=True)
    assert {order.conid for order in parts.broker.live(Side.BUY)} == {AAPL, MSFT}
    assert (turn.sent, turn.denied, turn.fills, turn.unknown) == (6, 0, 0, 0)
    assert states(parts, Role.ENTRY) == [IntentState.WORKING] * 2


def test_second_turn_sends_nothing_more(parts: ContextParts) -> None:
    turns = parts.account_turns()
    turns.run(parts.view(), DECISION, balances=True)
    assert turns.run(parts.view(), DECISION, balances=True).sent == 0
    assert len(parts.broker.submits()) == 2


def test_cover_is_cancelled_and_its_sale_sent_in_one_turn(parts: ContextParts) -> None:
    parts.buy()
    parts.clock.time += timedelta(days=1)
    turn = parts.account_turns().run(parts.view(), decision_of(exits=(("AAPL", 9),), session=SESSION), balances=True)
    (sale,) = parts.broker.live()
    assert (sale.conid, sale.side, sale.order_type) == (AAPL, Side.SELL, OrderType.MARKET)
    assert turn.sent == 1
    assert turn.waiting == {}


def test_position_of_a_size_that_the_broker_asks_about_is_covered_and_sold(parts: ContextParts) -> None:
    parts.buy()
    for order in parts.broker.live():
        parts.broker.end(order.order_id, BrokerStatus.CANCELLED)
    parts.broker.faults.append(question("o383"))
    parts.account_turns().run(parts.view(), None, balances=True)
    assert [order.order_type for order in parts.broker.live()] == [OrderType.STOP, OrderType.LIMIT]
    parts.clock.time += timedelta(days=1)
    parts.broker.faults += [None, None, question("o383", "o10151")]
    parts.account_turns().run(parts.view(), decision_of(exits=(("AAPL", 9),), session=SESSION), balances=True)
    assert [order.order_type for order in parts.broker.live()] == [OrderType.MARKET]
    assert parts.broker.replies == [True, True]


def test_own_records_are_compared_before_anything_is_bought(parts: ContextParts) -> None:
    turns = parts.account_turns()
    turns.new_epoch()
    parts.store.set_reconciled(reconciled=False, reason="session 2 began", now=parts.clock.now())
    parts.broker.failing = {"positions"}
    turn = turns.run(parts.view(), DECISION, balances=True)
    assert (turn.sent, turns.reconciled) == (0, False)
    assert parts.store.mode().mode is Mode.RECONCILING
    parts.broker.failing = set()
    assert turns.run(parts.view(), DECISION, balances=True).sent == 6
    assert turns.reconciled
    assert parts.store.mode().mode is Mode.ACTIVE


def test_day_that_lost_too_much_is_reducing_by_the_balances_of_each_turn(parts: ContextParts) -> None:
    parts.settings = settings_of()
    turns = parts.account_turns()
    parts.store.set_reconciled(reconciled=True, reason="all found", now=parts.clock.now())
    parts.broker.cash = 9_499.0
    turn = turns.run(parts.view(), DECISION, balances=True)
    assert (turn.sent, parts.store.mode().mode) == (0, Mode.REDUCING)
    assert parts.store.mode().reason.startswith("daily_loss: 5.01%")
    parts.broker.failing = {"account"}
    turns.run(parts.view(), DECISION, balances=True)
    assert parts.store.mode().mode is Mode.REDUCING
    parts.broker.failing = set()
    parts.broker.cash = 9_501.0
    assert turns.run(parts.view(), DECISION, balances=True).sent == 6
    assert parts.store.mode().mode is Mode.ACTIVE


def test_own_shares_are_sold_on_a_day_that_lost_too_much(parts: ContextParts) -> None:
    parts.buy()
    parts.settings = settings_of()
    risk = RiskState(peak=20_000.0, prior_equity=20_000.0)
    parts.store.set_risk_state(risk, reason="decided", actor="risk", now=parts.clock.now())
    parts.clock.time += timedelta(days=1)
    parts.account_turns().run(parts.view(), decision_of(exits=(("AAPL", 9),), session=SESSION), balances=True)
    assert parts.store.mode().mode is Mode.REDUCING
    assert [order.side for order in parts.broker.live()] == [Side.SELL]


def test_memory_of_the_risk_rules_that_can_not_be_read_stops_entries_alone(parts: ContextParts) -> None:
    turns = parts.account_turns()
    with parts.database.transaction() as connection:
        connection.execute("UPDATE fact SET value = '{' WHERE key = 'risk'")
    turn = turns.run(parts.view(), DECISION, balances=True)
    assert (turn.sent, parts.broker.submits()) == (0, [])


def test_order_of_an_unknown_outcome_keeps_the_system_reconciling(parts: ContextParts) -> None:
    parts.broker.faults.append(lost_request)
    turns = parts.account_turns()
    turn = turns.run(parts.view(), decision_of(approved("AAPL")), balances=True)
    # Two children of an entry that was never seen are as little proven as itself.
    assert turn.unknown == 3
    again = parts.account_turns()
    again.run(parts.view(), None, balances=True)
    assert not again.reconciled


def test_accepted_order_whose_answer_was_lost_is_found_in_the_same_turn(parts: ContextParts) -> None:
    parts.broker.faults.append(lost_answer)
    turn = parts.account_turns().run(parts.view(), decision_of(approved("AAPL")), balances=True)
    assert turn.unknown == 0
    assert states(parts, Role.ENTRY) == [IntentState.WORKING]
    assert len(parts.broker.submits()) == 1


def test_restart_doubts_what_was_under_way(parts: ContextParts) -> None:
    parts.broker.faults.append(lost_request)
    parts.account_turns().run(parts.view(), decision_of(approved("AAPL")), balances=True)
    parts.reopen()
    parts.account_turns()
    assert states(parts, Role.ENTRY) == [IntentState.UNKNOWN]


def test_balances_are_read_anew_only_when_asked_for_or_after_something_was_sent(parts: ContextParts) -> None:
    turns = parts.account_turns()
    turns.run(parts.view(), None, balances=True)
    reads = parts.broker.reads
    turns.run(parts.view(), None, balances=False)
    assert parts.broker.reads - reads == 3
    turns.run(parts.view(), None, balances=True)
    assert parts.broker.reads - reads == 7


def test_balances_are_read_anew_while_own_shares_are_missing(parts: ContextParts) -> None:
    parts.buy()
    turns = parts.account_turns()
    turns.run(parts.view(), None, balances=True)
    parts.broker.empty = {"positions"}
    turns.run(parts.view(), None, balances=False)
    reads = parts.broker.reads
    turns.run(parts.view(), None, balances=False)
    assert parts.broker.reads - reads == 4


def test_order_that_did_not_leave_is_waited_for_and_tried_again(parts: ContextParts) -> None:
    parts.broker.faults.append(nothing_sent)
    turns = parts.account_turns()
    turn = turns.run(parts.view(), decision_of(approved("AAPL")), balances=True)
    assert turn.waiting == {"AAPL": "the gateway isn't reached"}
    assert parts.clock.now() + timedelta(seconds=POLL_S) in turn.looks
    early = turns.run(parts.view(), decision_of(approved("AAPL")), balances=True)
    assert (early.sent, early.waiting) == (0, {"AAPL": "the gateway isn't reached"})
    parts.clock.go(POLL_S)
    assert turns.run(parts.view(), decision_of(approved("AAPL")), balances=True).sent == 3
    assert len(states(parts, Role.ENTRY)) == 1


def test_entry_that_waits_is_shown_and_counted_once_and_refused_for_that_over_a_restart(parts: ContextParts) -> None:
    decision = decision_of(approved("AAPL"))
    risk = RiskState(latches={"oversold": DECIDED})
    parts.store.set_risk_state(risk, reason="2 AAPL", actor="system", now=parts.clock.now())
    parts.account_turns().run(parts.view(), decision, balances=True)
    parts.reopen()
    parts.account_turns().run(parts.view(), decision, balances=True)
    shown = parts.store.value(StatusKey.WAITING)
    assert msgspec.json.decode(shown or "", type=list[Denied])[0].text == "the mode is REDUCING"
    assert len(parts.rows("SELECT * FROM proof WHERE subject = ?", wait_of(decision.session, "AAPL"))) == 1
    parts.clock.time = OPEN
    for _ in range(2):
        parts.reopen()
        turn = parts.account_turns().run(parts.view(), decision, balances=True)
        assert turn.waiting == {}
    (denial,) = parts.rows("SELECT code, detail FROM denial")
    assert tuple(denial) == ("state", "the mode is REDUCING, until its window was over")
    assert parts.store.value(StatusKey.WAITING) == "[]"


def test_waiting_that_can_not_be_kept_keeps_no_turn_from_being_whole(parts: ContextParts) -> None:
    parts.store.halts.raise_halt("operator", "1", reason="test", actor="mary", now=parts.clock.now())
    turns = parts.account_turns()
    turns.run(parts.view(), None, balances=True)
    parts.database.query("PRAGMA query_only = ON")
    assert turns.run(parts.view(), decision_of(approved("AAPL")), balances=True).waiting == {
        "AAPL": "the mode is HALTED"
    }


def test_turn_that_a_person_interrupts_sends_nothing_new_but_cancels(parts: ContextParts) -> None:
    turns = parts.account_turns()
    turns.run(parts.view(), decision_of(approved("AAPL")), balances=True)
    parts.store.halts.raise_halt("operator", "1", reason="test", actor="mary", now=parts.clock.now())
    parts.wanted = True
    turns.run(parts.view(), DECISION, balances=True)
    assert [request.content for request in parts.broker.arrived[1:]] == [CancelOrder(101)]
    assert parts.broker.live() == []


def halted_with_entries(parts: ContextParts) -> AccountTurns:
    """Return turns after one that bought, with a halt since."""
    turns = parts.account_turns()
    turns.run(parts.view(), DECISION, balances=True)
    parts.store.halts.raise_halt(OPERATOR, "a person", reason="x", actor="a", now=parts.clock.now())
    return turns


def cancels(parts: ContextParts) -> int:
    return sum(isinstance(request.content, CancelOrder) for request in parts.broker.arrived)


def test_entries_are_cancelled_after_a_halt_before_anything_is_read_and_not_once_more_by_the_reading(
    parts: ContextParts,
) -> None:
    turns = halted_with_entries(parts)
    read = parts.broker.reads
    turns.cancel_at_once()
    assert (cancels(parts), parts.broker.reads) == (2, read)
    turns.cancel_at_once()
    turns.run(parts.view(), DECISION, balances=False)
    assert cancels(parts) == 2
    assert states(parts, Role.ENTRY) == [IntentState.CANCELLED] * 2


def test_stops_of_a_position_stay_when_entries_are_cancelled_at_once(parts: ContextParts) -> None:
    parts.buy("AAPL")
    turns = parts.account_turns()
    turns.run(parts.view(), decision_of(approved("MSFT", 10, 37.5)), balances=True)
    parts.store.halts.raise_halt(OPERATOR, "a person", reason="x", actor="a", now=parts.clock.now())
    turns.cancel_at_once()
    assert cancels(parts) == 1
    assert {order.conid for order in parts.broker.live()} == {AAPL}


def test_nothing_is_cancelled_by_a_reading_that_is_old_or_of_another_session(parts: ContextParts) -> None:
    turns = halted_with_entries(parts)
    parts.clock.go(31)
    turns.cancel_at_once()
    parts.clock.go(-31)
    turns.new_epoch()
    turns.cancel_at_once()
    parts.account_turns().cancel_at_once()
    assert cancels(parts) == 0


def test_entries_stay_while_nobody_halts(parts: ContextParts) -> None:
    turns = parts.account_turns()
    turns.run(parts.view(), DECISION, balances=True)
    turns.cancel_at_once()
    assert cancels(parts) == 0


def test_lists_that_all_fail_are_an_error_and_one_of_them_is_none(parts: ContextParts) -> None:
    turns = parts.account_turns()
    parts.broker.failing = {"orders"}
    assert turns.run(parts.view(), DECISION, balances=True).sent == 0
    parts.broker.failing = {"orders", "executions", "positions"}
    with pytest.raises(OutcomeUnknown):
        turns.run(parts.view(), DECISION, balances=True)


def test_short_position_in_an_own_contract_halts_once(parts: ContextParts) -> None:
    parts.buy()
    parts.broker.held[AAPL] = -2
    turns = parts.account_turns()
    turns.run(parts.view(), None, balances=True)
    turns.run(parts.view(), None, balances=True)
    halts = parts.rows("SELECT cause, facts, over_at FROM halt")
    assert [(row["cause"], row["facts"], row["over_at"]) for row in halts] == [("short", f"{AAPL}:-2", None)]
    parts.broker.held[AAPL] = 9
    turns.run(parts.view(), None, balances=True)
    assert parts.rows("SELECT over_at FROM halt")[0]["over_at"] is not None


def test_shares_that_stand_bare_are_told_of_until_they_are_covered(parts: ContextParts) -> None:
    entry = parts.buy()
    parts.clock.time = OPEN + timedelta(minutes=1)
    parts.broker.end(entry.order_id + 1, BrokerStatus.CANCELLED)
    parts.broker.faults.extend([nothing_sent] * 2)
    turns = parts.account_turns()
    turn = turns.run(parts.view(), None, balances=True)
    assert [alarm.code for alarm in turn.alarms] == ["uncovered"]
    parts.broker.faults.clear()
    parts.clock.go(5)
    turn = turns.run(parts.view(), None, balances=True)
    assert turn.state.uncovered_shares == 0
    assert turn.alarms == []


def test_halt_for_a_command_that_can_not_be_carried_out_is_followed_by_its_cancels_in_the_same_turn(
    parts: ContextParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise InvariantBroken("I17", "an intent can't go from LOST to SENDING")

    turns = parts.account_turns()
    turns.run(parts.view(), decision_of(approved("AAPL")), balances=True)
    assert [order.side for order in parts.broker.live(Side.BUY)] == [Side.BUY]
    monkeypatch.setattr("trading.store.journal.SqliteJournal.plan", broken)
    both = decision_of(approved("AAPL"), approved("XOM", 3))
    turn = turns.run(parts.view(), both, balances=True)
    assert (turn.state.mode, parts.broker.live(Side.BUY)) == (Mode.HALTED, [])


def test_kind_of_the_account_is_told_while_it_is_not_set(parts: ContextParts) -> None:
    turns = parts.account_turns()
    assert turns.run(parts.view(), None, balances=True).alarms == []
    parts.broker.told = {"cash_account": True}
    told = turns.run(parts.view(), None, balances=True)
    assert [alarm.code for alarm in told.alarms] == [AlarmCode.ACCOUNT_RULES]
    assert told.problems == ()


def test_account_in_another_currency_is_worth_its_dollars_and_own_shares_at_their_closes(parts: ContextParts) -> None:
    parts.buy("AAPL", 9)
    parts.broker.told = {"currency": "EUR", "net_liquidation": 5.0}
    state = parts.account_turns().run(parts.view(), decision_of(exits=(("AAPL", 0),)), balances=True).state
    account = state.snapshot.account.value
    assert account is not None
    assert account.net_liquidation == pytest.approx(parts.broker.cash + 9 * CLOSES["AAPL"])


@pytest.mark.parametrize(("cash", "says"), [(0.0, "holds no US dollars"), (-50.0, "owes 50.00 US dollars")])
def test_without_dollars_own_shares_are_covered_and_nothing_is_bought(
    parts: ContextParts, cash: float, says: str
) -> None:
    parts.broker.told = {"currency": "EUR", "cash": cash, "available_funds": cash}
    turn = parts.account_turns().run(parts.view(), DECISION, balances=True)
    assert (turn.sent, turn.denied) == (0, 2)
    assert ([says in fact for fact in turn.facts], turn.problems) == ([True], ())
    parts.broker.told = {}
    parts.buy("XOM", 3)
    parts.broker.told = {"currency": "EUR", "cash": -1_000.0}
    for order in parts.broker.live():
        parts.broker.end(order.order_id, BrokerStatus.CANCELLED)
    parts.account_turns().run(parts.view(), None, balances=True)
    assert {order.order_type for order in parts.broker.live()} == {OrderType.STOP, OrderType.LIMIT}
