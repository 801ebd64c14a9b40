"""What keeps entries off until a person has looked is kept before what it is for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from tests.fakes.fake_broker import lost_answer
from tests.fakes.order_books import OrderBooks
from tests.fakes.trading_context import SESSION
from trading.errors import InvariantBroken
from trading.execution.reconciliation.reconciler import Reconciler
from trading.model.mode import Mode
from trading.model.order import BrokerStatus, IntentState, OrderIntent
from trading.store.journal import SqliteJournal

S = IntentState


class Full(SqliteJournal):
    """Has no room for any step of an order."""

    def transition(self, coid: str | Sequence[str], state: IntentState, detail: str, now: datetime) -> None:
        raise InvariantBroken("storage", f"no room for {coid}, {state}, {detail} of {now}")


def missing_its_executions(books: OrderBooks) -> OrderIntent:
    """Let an entry fill whose executions are told of no more; return it."""
    entry, *_ = books.enter()
    books.read()
    books.broker.fill(books.broker.named(entry.coid).order_id, 100.0)
    books.broker.empty.add("executions")
    books.read()
    books.clock.go(60)
    return entry


def back_again(books: OrderBooks) -> OrderIntent:
    """Let a stop be listed as live after it had ended; return it."""
    entry, stop, _ = books.bought()
    order = books.broker.children(books.record(entry.coid).order_id or 0)[0]
    books.broker.show(order.order_id, status=BrokerStatus.CANCELLED)
    books.read(5)
    books.broker.show(order.order_id, status=BrokerStatus.SUBMITTED)
    return stop


def executed_after_all(books: OrderBooks) -> OrderIntent:
    """Let an entry be executed that was declared absent; return it."""
    entry, *_ = books.enter(lost_answer)
    books.journal.transition(entry.coid, S.LOST, "its absence is proven", books.clock.now())
    books.broker.fill(books.broker.named(entry.coid).order_id, 100.0)
    return entry


@pytest.mark.parametrize(
    ("happens", "code"),
    [(missing_its_executions, "exec_gap"), (back_again, "resurrected"), (executed_after_all, "resurrected")],
)
def test_latch_is_kept_before_what_it_is_for_so_that_no_death_loses_it(
    books: OrderBooks, happens: Callable[[OrderBooks], OrderIntent], code: str
) -> None:
    books.store.set_reconciled(reconciled=True, reason="", now=books.clock.now())
    order = happens(books)
    before = books.record(order.coid)
    for _ in range(2):
        # What comes back finds it anew, and says it no second time.
        with pytest.raises(InvariantBroken, match="storage"):
            Reconciler(replace(books.context(), journal=Full(books.database))).take_in(books.snapshot(), 0.0)
    assert len(books.rows("SELECT * FROM mode_log WHERE fact = 'reducing'")) == 1
    assert books.record(order.coid) == before
    assert books.store.risk_state().latches == {code: SESSION}
    assert books.store.mode().mode is Mode.REDUCING
    books.restart()
    books.read()
    assert books.record(order.coid).state is not before.state


def test_memory_of_the_limits_that_can_not_be_read_halts_and_keeps_no_order_from_its_end(books: OrderBooks) -> None:
    books.database.query("INSERT OR REPLACE INTO fact VALUES ('risk', 'x')")
    entry, *_ = books.enter()
    books.read()
    books.broker.fill(books.broker.named(entry.coid).order_id, 100.0)
    books.broker.empty.add("executions")
    books.read()
    found = books.read(60)
    assert (found.halts, books.record(entry.coid).state) == ((), S.FILLED)
    (halt,) = books.store.mode().halts
    assert (halt.cause, halt.facts[:6]) == ("invariant", "AAPL: ")
    assert halt.reason.startswith(f"{halt.facts} (the kept risk state can't be read")


@pytest.mark.parametrize(("ended", "shares"), [(BrokerStatus.FILLED, 9.0), (BrokerStatus.CANCELLED, 4.0)])
def test_legs_of_an_entry_whose_executions_are_missing_may_live(
    books: OrderBooks, ended: BrokerStatus, shares: float
) -> None:
    entry, *legs = books.enter()
    order_id = books.broker.named(entry.coid).order_id
    children = {each.order_id for each in books.broker.children(order_id)}
    books.broker.hidden |= children
    books.broker.show(order_id, status=ended, filled_quantity=shares, remaining_quantity=0.0)
    books.broker.empty.add("executions")
    books.read(5)
    books.read(120)
    assert "exec_gap" in books.latches()
    assert [books.record(leg.coid).state for leg in legs] == [S.UNKNOWN, S.UNKNOWN]
    books.broker.hidden -= children
    books.read(5)
    assert [books.record(leg.coid).state for leg in legs] == [S.WORKING, S.WORKING]
