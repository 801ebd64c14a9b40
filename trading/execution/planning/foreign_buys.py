"""What purchases of others that may be live would take of the account: they count as if they had filled (R10, R19)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from trading.execution.ownership.foreign import foreign_orders
from trading.execution.planning.balances import MAX_WORTH
from trading.execution.planning.state import TradingState
from trading.execution.reading.dollars import DOLLARS
from trading.execution.reading.snapshot import STOCK
from trading.model.order import BrokerOrder, BrokerStatus, Side


@dataclass(frozen=True, slots=True)
class ForeignBuys:
    """The value of the shares that others are buying, USD; `unpriced` are the symbols of those that tell none.

    One in another currency tells none: what it comes to in USD nobody here knows.
    """

    value: float
    unpriced: tuple[str, ...]


def foreign_buys(state: TradingState) -> ForeignBuys:
    """Return what the live purchases of shares by others come to, each at its limit or, without one, its worst price.

    One that tells neither size nor price counts nothing: a row of a stranger holds no order of ours back. Nor does one
    that is Inactive: the broker refused it, or it buys nothing until somebody sends it anew.
    """
    value, unpriced = 0.0, set()
    for order in foreign_orders(state.snapshot, state.journal):
        if order.side is not Side.BUY or order.asset_class not in {None, STOCK}:
            continue
        if order.status is BrokerStatus.INACTIVE:
            continue
        price = _price(order, state) if order.currency in {None, DOLLARS} else None
        asked = math.nan if price is None else order.remaining_quantity * price
        if 0.0 <= asked < MAX_WORTH:
            value += asked
        else:
            unpriced.add(order.symbol)
    return ForeignBuys(value, tuple(sorted(unpriced)))


def _price(order: BrokerOrder, state: TradingState) -> float | None:
    limit = max(_told([order.limit_price]), default=None)
    return (
        limit if limit is not None else max(_told([order.stop_price, *_references(order.conid, state)]), default=None)
    )


def _references(conid: int, state: TradingState) -> Iterable[float | None]:
    """Give the prices that are known of a contract: of its quote, its close, and its row in the positions."""
    quote = state.quotes.get(conid)
    if quote is not None:
        yield from (quote.ask, quote.last, quote.prior_close)
    yield from (state.closes.get(symbol) for symbol, contract in state.contracts.items() if contract.conid == conid)
    if state.snapshot.positions.value is not None:
        yield from (row.market_price for row in state.snapshot.positions.value.positions if row.conid == conid)


def _told(prices: Iterable[float | None]) -> list[float]:
    return [price for price in prices if price is not None and 0.0 < price < math.inf]
