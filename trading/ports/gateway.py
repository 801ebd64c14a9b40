"""What the cycle needs of the broker: time, the session, market data, orders.

Reads raise a `GatewayError` (NotSent, Refused, OutcomeUnknown, SessionLost) and may be repeated by the adapter. Writes
never raise one and are never repeated: `Broker.send` returns an `Outcome`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from trading.market.panel import Panel
from trading.model.account import AccountState, PositionList, Quote, SessionStatus
from trading.model.contract import Contract, ContractPin
from trading.model.order import BrokerOrder, ExecutionList, OrderList
from trading.model.outcome import Outcome
from trading.model.request import BrokerRequest, PreparedRequest


class Clock(Protocol):
    """Market time for decisions, monotonic time for every timeout, age and pacing."""

    def now(self) -> datetime:
        """Return market time, aware UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean anything."""

    def wait(self, until: datetime) -> None:
        """Return at `until`, or earlier when a control, an order event or a stop request arrives."""


class SessionPort(Protocol):
    """The login and the brokerage session."""

    def keep_alive(self) -> SessionStatus:
        """Tickle and return the session's state; logged out is a status, not an error.

        Raises: NotSent, OutcomeUnknown, Refused when the gateway can't be asked; Suspended for too many requests.
        """

    def initialise(self) -> SessionStatus:
        """Ask for the brokerage session (`ssodh/init`); never while another one competes."""

    def accounts(self) -> tuple[str, ...]:
        """Return the account ids of this login, the selected one first; required before orders and snapshots."""

    def select(self, account_id: str) -> None:
        """Make `account_id` the selected account, whoever else uses this login.

        Raises: GatewayError.
        """
        ...

    def login_at(self) -> datetime | None:
        """Return when a person logged in, by the broker's clock, None where the broker does not say it.

        Raises: GatewayError.
        """
        ...

    def refusal(self) -> str:
        """Return what was answered last that there is no session, to whoever asked; "" for nothing since the last time.

        A reader that can do without its answer goes on; that the session is gone is for all to know.
        """
        ...


class GatewayMemory(Protocol):
    """What the gateway's client keeps over a restart."""

    def penalty_end(self) -> datetime | None:
        """Return until when requests were suspended for too many of them, None where they weren't."""
        ...

    def keep_penalty_end(self, end: datetime | None) -> None:
        """Keep until when requests are suspended; None once they aren't."""
        ...

    def pin(self, symbol: str) -> ContractPin | None:
        """Return which contract a symbol means, None while that was never settled.

        Raises: DataError, it was settled and can't be read.
        """
        ...

    def keep_pins(self, pins: Iterable[ContractPin]) -> None:
        """Keep which contracts symbols mean, for good."""
        ...


class MarketData(Protocol):
    """Contracts, completed daily bars and quotes."""

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Let reads in the block begin within so long; a later one raises OutOfTime. What was read before is kept."""

    def contracts(self, symbols: Sequence[str]) -> tuple[Mapping[str, Contract], Mapping[str, str]]:
        """Return the US stock contract of each symbol and, for every other symbol, why there is none."""

    def daily_bars(self, contracts: Iterable[Contract], through: date, count: int) -> tuple[Panel, Mapping[str, str]]:
        """Return the last `count` completed bars up to session `through`, and the symbols left out with the reason.

        A later bar than `through` is dropped; a symbol without a bar on `through` stays in the panel.
        """

    def quotes(self, conids: Sequence[int]) -> Mapping[int, Quote]:
        """Return a snapshot of each contract that the gateway has delivered in time."""


class Broker(Protocol):
    """The account's orders. `prepare` is pure; `send` is the only thing that writes.

    Lists hold the account's rows alone. A row that can't be relied on is told apart and fails nothing but itself; an
    answer that is no list is an error.
    """

    def account(self) -> AccountState:
        """Return balances."""
        ...

    def positions(self) -> PositionList:
        """Return open positions, from the broker's uncached source."""
        ...

    def orders(self) -> OrderList:
        """Return the working orders and those finished today, from a well-formed list (`snapshot` true)."""
        ...

    def executions(self, days: int) -> ExecutionList:
        """Return the fills of the last `days` (1 to 7) days, oldest first."""
        ...

    def order_status(self, order_id: int) -> BrokerOrder | None:
        """Return one order, None where the broker doesn't know it (which proves nothing)."""
        ...

    def prepare(self, request: BrokerRequest) -> PreparedRequest:
        """Return the request as it will leave: the same for the same request.

        Raises: InvariantBroken: a ticket contradicts itself, or an id would reach more than the one order or question.
        """
        ...

    def send(self, prepared: PreparedRequest) -> Outcome:
        """Send once, whatever happens, and classify what came back."""
        ...
