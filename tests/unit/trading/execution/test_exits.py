from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.fakes.trading_desk import CONIDS, DECIDED, PRE_OPEN, SESSION, decision_of
from trading.execution.exits import last_exits, pending_exits, waits_for_its_bar, wishes
from trading.execution.tickets import Purpose, exit_order
from trading.model.order import IntentState
from trading.ports import IntentRecord, OwnPosition

AAPL = OwnPosition(CONIDS["AAPL"], "AAPL", 9, date(2014, 2, 20), 100.0, 95.0, 105.0, "E")
NEXT = date(2014, 3, 5)


def exited(state: IntentState, decided: date = DECIDED, session: date = SESSION, filled: int = 0) -> IntentRecord:
    intent = exit_order(AAPL, f"X-{decided}", "time_stop", Purpose(decided, session, PRE_OPEN), None)
    return IntentRecord(intent, state, 1, filled, None, False, None, 1, PRE_OPEN, False, "")


SOLD = decision_of(exits=(("AAPL", 9),))


def test_exit_of_the_decision_is_wanted_until_it_has_an_order() -> None:
    assert [(w.position.symbol, w.reason) for w in wishes(SOLD, SESSION, [], [AAPL])] == [("AAPL", "trend_broken")]
    for state in IntentState:
        assert wishes(SOLD, SESSION, [exited(state)], [AAPL]) == ()


def test_position_that_is_gone_is_not_sold() -> None:
    assert wishes(SOLD, SESSION, [], []) == ()


def test_exit_that_met_no_bar_is_wanted_for_the_next_session_with_its_reason() -> None:
    later = decision_of(session=SESSION)
    waiting = exited(IntentState.EXPIRED)
    assert waits_for_its_bar(waiting)
    assert [w.reason for w in wishes(later, NEXT, [waiting], [AAPL])] == ["time_stop"]
    assert wishes(later, NEXT, [waiting, exited(IntentState.WORKING, SESSION, NEXT)], [AAPL]) == ()


def test_exit_of_an_earlier_position_in_the_same_stock_counts_for_nothing() -> None:
    young = replace(AAPL, entry_session=SESSION)
    assert last_exits([exited(IntentState.FILLED)], [young]) == {}
    assert pending_exits([exited(IntentState.WORKING)], [young]) == frozenset()


def test_exit_is_pending_while_it_may_still_sell() -> None:
    pending = {IntentState.PLANNED, IntentState.SENDING, IntentState.QUESTIONED, IntentState.REPLYING}
    pending |= {IntentState.UNKNOWN, IntentState.WORKING, IntentState.EXPIRED}
    for state in IntentState:
        assert bool(pending_exits([exited(state)], [AAPL])) is (state in pending)


def test_refused_exit_is_decided_anew() -> None:
    refused = exited(IntentState.REJECTED)
    assert wishes(SOLD, SESSION, [refused], [AAPL]) == ()
    again = decision_of(exits=(("AAPL", 9),), session=SESSION)
    assert len(wishes(again, NEXT, [refused], [AAPL])) == 1
