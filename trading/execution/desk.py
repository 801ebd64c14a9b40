"""What every part of execution works with: the ports, the settings, and the circumstances of one cycle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from trading.config import Settings
from trading.execution.book import BrokerBook
from trading.market.calendar import TradingCalendar
from trading.model.account import AccountKind
from trading.model.contract import Contract
from trading.model.mode import Mode
from trading.ports import Broker, Clock, Journal, Log, MarketData, Metrics, Notifier, Store


@dataclass(frozen=True, slots=True)
class Desk:
    """The ports of one account. `interrupted` tells that a person wants something: nothing new is sent then."""

    settings: Settings
    clock: Clock
    calendar: TradingCalendar
    broker: Broker
    market_data: MarketData
    journal: Journal
    store: Store
    notifier: Notifier
    log: Log
    metrics: Metrics
    account_id: str
    kind: AccountKind
    interrupted: Callable[[], bool]

    @property
    def observes(self) -> bool:
        """Return whether this is a live account that was not released for trading: nothing may be sent."""
        return self.kind is AccountKind.LIVE and self.settings.live_trading != self.account_id


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The state of the world as the checks before a POST see it; everything is of this cycle."""

    now: datetime
    mode: Mode
    epoch: int
    newest_session: date
    book: BrokerBook
    selected_account: str | None
    contracts: Mapping[str, Contract]
    closes: Mapping[str, float]
    """Close of the session that was decided on, by symbol."""
    skew_s: float | None = None
    uncovered_shares: int = 0
    free_bytes: int | None = None
    blocked: Mapping[int, str] = field(default_factory=dict)
    """Contracts that must not be bought now, with the reason's code and text, for instance "restricted: ..."."""
