"""What every part of execution works with: the ports of one account, its settings, and who is told what happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trading.config import Settings
from trading.market.calendar import TradingCalendar
from trading.model.account import AccountKind
from trading.ports import (
    Alerts,
    BalanceBook,
    Broker,
    Clock,
    CommandLog,
    Evidence,
    Journal,
    Log,
    MarketData,
    Metrics,
    Store,
)


@dataclass(frozen=True, slots=True)
class TradingContext:
    """The ports of one account. `interrupted` tells that a person wants something: nothing new is sent then."""

    settings: Settings
    clock: Clock
    calendar: TradingCalendar
    broker: Broker
    market_data: MarketData
    journal: Journal
    commands: CommandLog
    evidence: Evidence
    store: Store
    balances: BalanceBook
    alerts: Alerts
    log: Log
    metrics: Metrics
    account_id: str
    kind: AccountKind
    interrupted: Callable[[], bool]

    @property
    def observes(self) -> bool:
        """Return whether this is a live account that was not released for trading: nothing may be sent."""
        return self.kind is AccountKind.LIVE and self.settings.live_trading != self.account_id
