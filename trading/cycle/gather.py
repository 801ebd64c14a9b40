"""Fills the view that one decision looks at: bars, the account, own positions, what the risk rules remember."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from trading.decision import MarketView
from trading.execution.attribution import owner_of
from trading.execution.book import BrokerBook
from trading.execution.desk import Desk
from trading.execution.exits import pending_exits
from trading.market.bars import Panel
from trading.model.contract import Contract
from trading.model.decision import Holding, RiskState, StopOut
from trading.model.order import Role, Side
from trading.ports import IntentRecord

NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class Market:
    """Contracts and completed bars through one session; `skipped` are symbols without either, with the reason."""

    session: date
    contracts: Mapping[str, Contract]
    panel: Panel
    skipped: Mapping[str, str]


def read_market(desk: Desk, session: date, symbols: Sequence[str], count: int) -> Market:
    """Read contracts and the last `count` completed bars through `session`.

    Raises: GatewayError.
    """
    contracts, no_contract = desk.market_data.contracts(symbols)
    panel, no_bars = desk.market_data.daily_bars(contracts.values(), session, count)
    return Market(session, contracts, panel, {**no_contract, **no_bars})


def view_of(desk: Desk, market: Market, book: BrokerBook, last_decided: date | None) -> MarketView | None:
    """Return the view of the market's session, None when no symbol has a bar on it yet."""
    row = market.panel.row(market.session)
    if row is None:
        return None
    records = desk.journal.intents()
    positions = desk.journal.own_positions()
    pending = pending_exits(records, positions)
    holdings = tuple(
        Holding(
            symbol=position.symbol,
            quantity=position.quantity,
            entry_session=position.entry_session,
            entry_price=position.entry_price,
            stop_price=position.stop_price,
            target_price=position.target_price,
            exit_pending=position.conid in pending,
        )
        for position in positions
    )
    risk = with_stop_outs(desk.store.risk_state(), stop_outs(records, book, last_decided, market.session))
    return MarketView(
        panel=market.panel,
        row=row,
        cash=book.account.cash,
        equity=book.account.net_liquidation,
        holdings=holdings,
        risk=risk,
        skipped=market.skipped,
        increments={symbol: contract.increments for symbol, contract in market.contracts.items()},
    )


def stop_outs(
    records: Sequence[IntentRecord], book: BrokerBook, after: date | None, through: date
) -> tuple[StopOut, ...]:
    """Return the positions that their stops closed in the sessions after the last decision, from the executions.

    A stop counts once, in the session of its last share.
    """
    by_coid = {record.intent.coid: record for record in records}
    by_order = {record.order_id: coid for coid, record in by_coid.items() if record.order_id is not None}
    last: dict[str, date] = {}
    for execution in book.executions:
        coid = owner_of(execution, by_coid, by_order, book) if execution.side is Side.SELL else None
        if coid is None or by_coid[coid].intent.role is not Role.STOP:
            continue
        session = execution.time.astimezone(NEW_YORK).date()
        last[coid] = max(session, last.get(coid, session))
    found = {
        (session, by_coid[coid].intent.symbol)
        for coid, session in last.items()
        if by_coid[coid].filled >= by_coid[coid].intent.quantity
        and session <= through
        and (after is None or session > after)
    }
    return tuple(StopOut(symbol, session) for session, symbol in sorted(found))


def with_stop_outs(risk: RiskState, new: Sequence[StopOut]) -> RiskState:
    """Return the memory with the stop-outs that it does not have yet."""
    return replace(risk, stop_outs=risk.stop_outs + tuple(each for each in new if each not in risk.stop_outs))
