"""Everything that a plan looks at, as one value: the reading, the journal, the mode, the time, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trading.config import Settings
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.execution.reading.told import untold_sales
from trading.execution.reconciliation.doubts import fewest, shown_of, span_for_stops
from trading.execution.windows import SendWindow
from trading.market.calendar import Session, TradingCalendar
from trading.model.account import AccountKind, Quote
from trading.model.balances import Doubt, Flow
from trading.model.contract import Contract
from trading.model.decision import Decision, RiskState
from trading.model.mode import Mode
from trading.model.record import JournalView, OwnPosition
from trading.ports import Sighting


@dataclass(frozen=True, slots=True)
class AccountGuard:
    """Whose account it is, which one is selected at the broker, and whether a live one may be traded."""

    account_id: str
    kind: AccountKind
    live_trading: str
    selected: str | None

    @property
    def observes(self) -> bool:
        """Return whether this is a live account that was not released for trading."""
        return self.kind is AccountKind.LIVE and self.live_trading != self.account_id


@dataclass(frozen=True, slots=True)
class MarketTimes:
    """Where `now` lies: the newest completed session, when orders decided on it may leave, and the open session."""

    newest: Session
    window: SendWindow
    open_session: Session | None
    calendar: TradingCalendar

    @property
    def liquid(self) -> bool:
        """Return whether regular trading hours are on."""
        return self.open_session is not None


@dataclass(frozen=True)
class TradingState:
    """One moment. Plans and the checks before the wire are functions of it.

    `closes` are the newest closes by symbol, of everything that was decided on and of everything that is held, in the
    shares of today;
    `quotes` are there for contracts for which an order inside the session may be needed, and before the open for
    entries. `risk` is what the risk rules remember. `blocked` are contracts that must not be bought, with code and
    text. `doubt` is why the account's figures can't be relied on, `flows` is the money that came or went and that no
    person has said anything about.
    """

    now: datetime
    epoch: int
    mode: Mode
    flatten: bool
    snapshot: BrokerSnapshot
    journal: JournalView
    decision: Decision | None
    times: MarketTimes
    guard: AccountGuard
    settings: Settings
    reconciled: bool = True
    risk: RiskState = field(default_factory=RiskState)
    closes: Mapping[str, float] = field(default_factory=dict)
    contracts: Mapping[str, Contract] = field(default_factory=dict)
    quotes: Mapping[int, Quote] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    """why contracts or quotes could not be read, of which there are none then"""
    blocked: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    sightings: Mapping[str, tuple[Sighting, ...]] = field(default_factory=dict)
    skew_s: float | None = None
    free_bytes: int | None = None
    uncovered_shares: int = 0
    doubt: Doubt | None = None
    flows: tuple[Flow, ...] = ()

    def is_short(self, conid: int) -> bool:
        """Return whether rows that could all be read show that the account is short of a contract.

        An empty list is no evidence that shares are gone; a row that shows fewer than none is.
        """
        return self.snapshot.held(conid) < 0 and not self.snapshot.unsure(conid)

    def shares_shown(self, conid: int, span: timedelta) -> int:
        """Return the broker's shares of a contract; where own ones were missing lately, those of all of `span`."""
        held = self.snapshot.shares(conid)
        lately = fewest(self.sightings.get(shown_of(conid), ()), self.journal.owned(conid), self.snapshot.began, span)
        return held if lately is None else min(held, lately)

    def shares_for_stops(self, conid: int) -> int:
        """Return the own shares of a contract for which a stop may rest, where some were missing lately."""
        owned = self.journal.owned(conid)
        span = span_for_stops(self.sightings.get(shown_of(conid), ()), owned)
        return min(self._owned_still(conid), self.shares_shown(conid, span))

    def own_shares_shown(self, conid: int, span: timedelta | None = None) -> int:
        """Return the own shares of a contract, as far as the broker shows so many: for what may be old in a list."""
        visible = timedelta(seconds=self.settings.execution.visibility_s)
        return min(self._owned_still(conid), self.shares_shown(conid, visible if span is None else span))

    def _owned_still(self, conid: int) -> int:
        """Return the own shares, where some are missing without those that an order of ours is said to have sold."""
        owned = self.journal.owned(conid)
        if self.snapshot.shares(conid) >= owned:
            return owned
        return max(owned - untold_sales(self.sightings, self.journal, conid), 0)

    def shares_value(self, *, own: bool) -> float:
        """Return what the shares in the account are worth, USD: our own, or those of others; a short sale is no money.

        By the closes that were decided on, else by the broker's price; what has neither counts nothing.
        """
        held = {position.conid: position for position in self.journal.positions}
        total = 0.0
        for conid in {*held, *self.snapshot.stocks}:
            position = held.get(conid)
            ours = 0 if position is None else position.quantity
            price = self._shown_price(conid) if position is None else self.price_of(position)
            if price is not None:
                total += price * (ours if own else max(self.snapshot.held(conid) - ours, 0.0))
        return total

    def price_of(self, position: OwnPosition) -> float | None:
        """Return the close of own shares that was decided on, else the broker's price; None where there is neither."""
        close = self.closes.get(position.symbol)
        if close is None:
            return self._shown_price(position.conid)
        return close if close > 0.0 else None

    def _shown_price(self, conid: int) -> float | None:
        rows = self.snapshot.positions.value.positions if self.snapshot.positions.value is not None else ()
        price = {row.conid: row.market_price for row in rows}.get(conid)
        return price if price is not None and price > 0.0 else None
