"""What the broker says about the account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from trading.model.order import UnreadableRow


class AccountKind(StrEnum):
    """Whose money is at stake; the stripe over every page shows it."""

    SIMULATED = "simulated"
    PAPER = "paper"
    LIVE = "live"


def kind_of(account_id: str) -> AccountKind:
    """Return whose money an account at the broker holds: ids of paper accounts begin with D."""
    return AccountKind.PAPER if account_id.startswith("D") else AccountKind.LIVE


def mask_account(account_id: str) -> str:
    """Return an account id with all but its first letters and last four digits hidden."""
    if not account_id:
        return ""
    head = 2 if account_id[:2].isalpha() else 1
    return f"{account_id[:head]}***{account_id[-4:]}" if len(account_id) > head + 4 else f"{account_id[:head]}***"


@dataclass(frozen=True, slots=True)
class AccountState:
    """Balances in `currency`; `net_liquidation` is cash plus the market value of all positions.

    `settled_cash` and `stock_value`, that of the stocks, are in dollars, None where the broker doesn't say them.
    """

    account_id: str
    currency: str
    net_liquidation: float
    cash: float
    settled_cash: float | None
    available_funds: float
    stock_value: float | None = None


@dataclass(frozen=True, slots=True)
class BrokerPosition:
    """One position as the broker reports it; `quantity` is negative when short, in currency too for cash.

    An account that is divided into models has a row for each `model` of one contract.
    """

    conid: int
    symbol: str
    quantity: float
    average_price: float | None
    market_price: float | None
    asset_class: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class PositionList:
    """One reading of the positions, by conid; `flat` are contracts that are listed with quantity 0."""

    positions: tuple[BrokerPosition, ...]
    unreadable: tuple[UnreadableRow, ...] = ()
    flat: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Quote:
    """A snapshot of one contract; a field the gateway has not sent is None, never zero."""

    conid: int
    last: float | None
    bid: float | None
    ask: float | None
    prior_close: float | None
    halted: bool
    last_is_prior_close: bool
    availability: str | None
    """Field 6509 as sent: R real-time, D delayed, Z frozen, Y frozen delayed, N not subscribed."""
    updated_ms: int | None


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """The brokerage session as `tickle` and `auth/status` show it; not `logged_in` is an answer that nobody is."""

    authenticated: bool
    connected: bool
    competing: bool
    message: str
    server_time_ms: int | None = None
    logged_in: bool = True

    @property
    def usable(self) -> bool:
        """Whether orders and market data may be asked for."""
        return self.authenticated and self.connected and not self.competing


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """The account in USD at the close of a session; `drawdown` is a fraction of the highest equity so far.

    `paid` is what came in since the close before by no trade of ours, below 0 what went: no gain and no loss.
    """

    session: date
    cash: float
    equity: float
    positions: int
    drawdown: float
    paid: float = 0.0
