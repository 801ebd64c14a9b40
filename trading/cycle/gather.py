"""Fills the view that one decision looks at: bars, the account, own positions, what the risk rules remember."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from trading.decision import MarketView
from trading.execution.book import BrokerBook
from trading.execution.desk import Desk
from trading.execution.exits import pending_exits
from trading.market.panel import Panel
from trading.model.contract import Contract
from trading.model.decision import Holding


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


def view_of(desk: Desk, market: Market, book: BrokerBook) -> MarketView | None:
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
    return MarketView(
        panel=market.panel,
        row=row,
        cash=book.account.cash,
        equity=book.account.net_liquidation,
        holdings=holdings,
        risk=desk.store.risk_state(market.session),
        skipped=market.skipped,
        increments={symbol: contract.increments for symbol, contract in market.contracts.items()},
    )
