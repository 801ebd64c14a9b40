"""What the broker says about the account."""

from __future__ import annotations

import re
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


# Who reads a text decides what of an id stands in it:
#
#   mask_account, mask_accounts  its owner, in logs, on pages and in notices: enough is left to tell accounts apart
#   hide_accounts                anybody, in /readyz, the present trouble and what the loop does: nothing is left
#   hide_in_address              as hide_accounts, of an address of the API, where an id may be of any form
#
# IBKR's ids: up to three letters (a D first for a paper account, an F for an advisor's, an I for a broker's), digits.
# In an address a sign that is written as %2F may stand before one, and anything but a digit behind it.
_ACCOUNT_ID = re.compile(r"(?:(?<![A-Z0-9])|(?<=%[0-9A-Fa-f]{2}))([A-Z]{1,3})(\d{4,12})(?!\d)")
# In small letters such a word is another's, but for the letters of live and paper accounts: u7654321, DU-7654321.
_SPELLED = re.compile(
    r"(?<![A-Za-z0-9.])(D?[UFI]H?)[- ]?(\d{6,9}|(?<=U)\d{3}[- ]\d{4})(?![A-Za-z0-9]|\.\d)", re.IGNORECASE
)
# Signs before it make no other word of it: ACCOUNTDU7654321, 3DU7654321.
_ANYWHERE = re.compile(r"(D?U[A-Z]?)(\d{6,9})(?!\d)")
# Letters behind the digits belong to a client's id.
_ANY_ACCOUNT = re.compile(
    r"(?:(?<![A-Z0-9])|(?<=%[0-9A-Fa-f]{2}))[A-Z]{1,3}(?:\d{4,12}(?!\d)|\*{3}(?:\d{4}(?!\d))?)[A-Z]{0,2}(?![a-z])"
)
_MASKED_ANYWHERE = re.compile(r"[A-Z]{1,3}\*{3}(?:\d{4}(?!\d))?")
# What people put between the signs of an id.
_BETWEEN = r"[\s._-]?"
# The API's own words are in small letters: /portfolio/U1234567/ledger.
_OF_AN_ACCOUNT = re.compile(r"(?<=/)(?=[^/]*(?:[A-Z]|\d{4}))[^/]+")
_SHOWN_DIGITS = 4
_FEWEST_HIDDEN = 2


def mask_account(account_id: str) -> str:
    """Return an account id with all but its first letters and last four digits hidden; of a short one no digit shows.

    What has the form of no account id shows its first sign alone.
    """
    found = _ACCOUNT_ID.fullmatch(account_id)
    return _masked(found) if found is not None else f"{account_id[:1]}***" if account_id else ""


def mask_accounts(text: str, account_id: str = "") -> str:
    """Return a text with each account id in it hidden as `mask_account` does, `account_id` however it is written."""
    if account_id:
        text = _written(account_id).sub(mask_account(account_id), text)
    for form in (_ACCOUNT_ID, _SPELLED, _ANYWHERE):
        text = form.sub(_masked, text)
    return text


def hide_accounts(text: str, account_id: str = "") -> str:
    """Return a text with "…" for each account id in it, whole or masked, and for `account_id` of whatever form."""
    for known in (account_id, mask_account(account_id)):
        if known:
            text = _written(known).sub("…", text)
    for form in (_ANY_ACCOUNT, _SPELLED, _ANYWHERE, _MASKED_ANYWHERE):
        text = form.sub("…", text)
    return text


def _written(account_id: str) -> re.Pattern[str]:
    """Return what finds an id in capitals or not, with something between its signs or not."""
    ended = r"(?!\d)" if account_id[-1:].isdigit() else ""
    return re.compile(_BETWEEN.join(re.escape(sign) for sign in account_id) + ended, re.IGNORECASE)


def hide_in_address(path: str) -> str:
    """Return a path of the API with "…" for each part that may be an account id: all that is no word of the API.

    Numbers of contracts and orders go with them, and ids that no form tells from another word.
    """
    return _OF_AN_ACCOUNT.sub("…", path)


def _masked(found: re.Match[str]) -> str:
    letters, digits = found.groups()
    digits = "".join(sign for sign in digits if sign.isdigit())
    hidden = len(digits) - _SHOWN_DIGITS
    return f"{letters.upper()}***{digits[hidden:] if hidden >= _FEWEST_HIDDEN else ''}"


@dataclass(frozen=True, slots=True)
class AccountState:
    """Balances in `currency`; `net_liquidation` is cash plus the market value of all positions.

    `cash`, `settled_cash` and `stock_value`, that of the stocks, are in dollars, None where the broker doesn't say
    them. `cash_account`: the broker says that it is one, which buys with settled cash only. `day_trades_left` is how
    many more the broker lets pass now, None where it counts none or does not say it.
    """

    account_id: str
    currency: str
    net_liquidation: float
    cash: float
    settled_cash: float | None
    available_funds: float
    stock_value: float | None = None
    cash_account: bool = False
    day_trades_left: int | None = None


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
