"""Scenes that tests of execution begin with, and what must hold at the end of each."""

from __future__ import annotations

from tests.fakes.trading_desk import CONIDS, Office, Process, approved, decision_of
from trading.model.order import IntentState, OrderType, Role, Side


def with_position(office: Office, symbol: str = "AAPL", quantity: int = 9) -> Process:
    """Return a process whose account bought yesterday, its stop and target at the broker."""
    process = office.start()
    office.carry_out(process, decision_of(approved(symbol, quantity, 100.01 if symbol == "AAPL" else 37.5)))
    entry = next(order for order in office.broker.live(Side.BUY) if order.conid == CONIDS[symbol])
    office.broker.fill(entry.order_id, 100.0 if symbol == "AAPL" else 37.4)
    process.read()
    return process


def states(office: Office, role: Role) -> list[IntentState]:
    return [record.state for record in office.journal.intents() if record.intent.role is role]


def check_truth(office: Office) -> None:
    """No order twice, nothing oversold, what the journal holds is what the broker did."""
    names = office.broker.names()
    assert len(names) == len(set(names))
    assert all(shares >= 0 for shares in office.broker.held.values())
    assert {fill.execution.execution_id for fill in office.journal.fills()} == {
        fill.execution_id for fill in office.broker.fills
    }
    for conid in CONIDS.values():
        own = sum(p.quantity for p in office.journal.own_positions() if p.conid == conid)
        assert own == office.broker.held.get(conid, 0)
        sells = [o for o in office.broker.live(Side.SELL) if o.conid == conid and o.order_type is not OrderType.LIMIT]
        assert sum(o.remaining_quantity for o in sells) <= max(own, 0) or office.broker.live(Side.BUY)
