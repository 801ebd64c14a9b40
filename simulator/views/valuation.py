"""What the account is worth at this moment, in the figures that several calls show.

The day of profit and loss rolls over at midnight in New York, as that of quotes does.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator import instants
from simulator.broker import Broker
from trading.market import fills

INITIAL_FRACTION = 0.5
MAINTENANCE_FRACTION = 0.25


@dataclass(frozen=True, slots=True)
class Valuation:
    """USD, to the cent; Reg T margin on stock."""

    cash: float
    settled: float
    stock: float
    gross: float
    equity: float
    equity_before: float
    """net liquidation at the last close before today"""
    unrealized: float
    realized: float
    initial_margin: float
    maintenance_margin: float
    on_margin: bool = True

    @property
    def available(self) -> float:
        """Return the funds that a new position may use as its initial margin."""
        return fills.cents(self.equity - self.initial_margin)

    @property
    def excess(self) -> float:
        """Return excess liquidity."""
        return fills.cents(self.equity - self.maintenance_margin)

    @property
    def buying_power(self) -> float:
        """Return four times the available funds, or the settled cash of a cash account."""
        return fills.cents(max(4.0 * self.available if self.on_margin else self.settled, 0.0))

    @classmethod
    def of(cls, broker: Broker) -> Valuation:
        """Value the account at the simulated instant."""
        exchange, account = broker.exchange, broker.account
        held = [(p, p.quantity * exchange.price_of(p.column)) for p in account.positions.values() if p.quantity]
        stock = sum(value for _, value in held)
        gross = sum(abs(value) for _, value in held)
        today = broker.market.day_at(exchange.now_us)
        realized = sum(p.realized for p in account.positions.values() if p.realized_day == today)
        return cls(
            cash=account.cash,
            settled=account.settled_cash(exchange.now_us),
            stock=fills.cents(stock),
            gross=fills.cents(gross),
            equity=exchange.equity(),
            equity_before=_equity_before_today(broker),
            unrealized=fills.cents(sum(value - p.cost for p, value in held)),
            realized=fills.cents(realized),
            initial_margin=fills.cents(INITIAL_FRACTION * gross),
            maintenance_margin=fills.cents(MAINTENANCE_FRACTION * gross),
            on_margin=broker.behaviour.account_type == "margin",
        )

    def daily_row(self) -> dict[str, float]:
        """Return the row of the day's profit and loss."""
        return {
            "rowType": 1,
            "dpl": fills.cents(self.equity - self.equity_before),
            "nl": self.equity,
            "upl": self.unrealized,
            "uel": self.excess,
            "el": self.excess,
            "mv": self.stock,
        }


def _equity_before_today(broker: Broker) -> float:
    today = instants.new_york_day(broker.now_us)
    days = broker.market.days
    before = (equity for index, equity in reversed(broker.account.closes) if days[index].day < today)
    return next(before, broker.config.cash)
