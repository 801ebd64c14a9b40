"""What the broker showed in one reading: orders, executions, positions, balances, each with its time or its failure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from math import floor
from typing import Generic, TypeVar

from trading.errors import GatewayError, NotSent, SessionLost
from trading.model.account import AccountState, PositionList
from trading.model.order import LIFE, BrokerOrder, BrokerStatus, ExecutionList, OrderLife, OrderList, UnreadableRow
from trading.ports import Broker, Clock

T = TypeVar("T")
STOCK = "STK"


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What one list said and when its request left, or why it could not be read."""

    value: T | None
    began: datetime
    failure: str = ""


@dataclass(frozen=True, slots=True)
class OrderSight:
    """One order as a reading shows it: the row with the most fills, and what its rows together say of its life.

    Where they contradict each other its status is OTHER, and what remains of it the most that a row says.
    """

    order: BrokerOrder
    life: OrderLife

    @property
    def live(self) -> bool:
        """Return whether it can fill for certain."""
        return self.life is OrderLife.LIVE and self.order.remaining_quantity > 0

    @property
    def maybe_live(self) -> bool:
        """Return whether it can't be ruled out that it can fill."""
        return self.life is not OrderLife.OVER and self.order.remaining_quantity > 0


@dataclass(frozen=True)
class BrokerSnapshot:
    """One reading. Nothing in it is older than `began`; `epoch` is the session epoch in which it was made."""

    began: datetime
    epoch: int
    orders: Reading[OrderList]
    executions: Reading[ExecutionList]
    positions: Reading[PositionList]
    account: Reading[AccountState]

    @property
    def whole(self) -> bool:
        """Return whether orders, executions and positions could all be read."""
        readings = (self.orders, self.executions, self.positions)
        return all(reading.value is not None for reading in readings)

    @property
    def failures(self) -> tuple[str, ...]:
        """Return why lists could not be read."""
        readings = (self.orders, self.executions, self.positions, self.account)
        return tuple(dict.fromkeys(reading.failure for reading in readings if reading.failure))

    @property
    def order_rows(self) -> tuple[BrokerOrder, ...]:
        """Return the rows of the order list, several of one id among them; none where it could not be read."""
        return self.orders.value.orders if self.orders.value is not None else ()

    @cached_property
    def sights(self) -> dict[int, OrderSight]:
        """Return the orders by the broker's id; none where the list could not be read."""
        rows: dict[int, list[BrokerOrder]] = defaultdict(list)
        for order in self.order_rows:
            rows[order.order_id].append(order)
        return {order_id: _sight(found) for order_id, found in rows.items()}

    def sight_of(self, order_id: int | None) -> OrderSight | None:
        """Return how an order is shown, None where it is not or has no id."""
        return None if order_id is None else self.sights.get(order_id)

    @cached_property
    def stocks(self) -> dict[int, float]:
        """Return the broker's shares by contract, own and foreign ones together, over all models."""
        held: dict[int, float] = defaultdict(float)
        for position in self.positions.value.positions if self.positions.value is not None else ():
            if position.asset_class in {None, STOCK}:
                held[position.conid] += position.quantity
        return dict(held)

    def held(self, conid: int) -> float:
        """Return the broker's shares of a contract; 0 where it shows none, so ask whether it could be read."""
        return self.stocks.get(conid, 0.0)

    def shares(self, conid: int) -> int:
        """Return the whole shares of a contract that are shown, 0 where the account is short of it."""
        return max(floor(self.held(conid)), 0)

    def less(self, conid: int, shares: float) -> BrokerSnapshot:
        """Return the reading as it would be with so many shares of a contract fewer, in the list and in the ledger."""
        listed, account = self.positions.value, self.account.value
        row = next((each for each in listed.positions if each.conid == conid), None) if listed is not None else None
        if listed is None or row is None:
            return self
        rest = replace(row, quantity=row.quantity - shares)
        rows = tuple(rest if each is row else each for each in listed.positions)
        if account is not None and account.stock_value is not None:
            worth = shares * (row.market_price or row.average_price or 0.0)
            account = replace(account, stock_value=account.stock_value - worth)
        positions = replace(self.positions, value=replace(listed, positions=rows))
        return replace(self, positions=positions, account=replace(self.account, value=account))

    def average_price(self, conid: int) -> float | None:
        """Return the broker's average price of a contract that is held in one row."""
        rows = [row for row in (self.positions.value.positions if self.positions.value else ()) if row.conid == conid]
        return rows[0].average_price if len(rows) == 1 else None

    def unsure(self, conid: int) -> bool:
        """Return whether a row that could not be read may be an order of ours or a position in this contract."""
        return self.blind or conid in self._unreadable

    @cached_property
    def blind(self) -> bool:
        """Return whether a row could not be read whose contract can't be told either: it may be in any of ours."""
        return None in self._unreadable

    def unclear(self, conid: int | None) -> bool:
        """Return whether a row of orders or positions that may be ours could not be read in this contract.

        None asks for rows whose contract can't be told. Executions don't count: what they would have told of shares
        shows in the positions, and they are listed for a week.
        """
        return conid in self._unclear

    def hides(self, conid: int) -> bool:
        """Return whether a row that could not be read may hide an order or a change of own shares in this contract.

        One of orders or positions may whose contract can't be told. An execution may in its own contract alone: one
        that tells none is listed for a week, and orders and positions show all that stands now.
        """
        return self.unclear(None) or conid in self._unreadable

    @property
    def unreadable(self) -> tuple[UnreadableRow, ...]:
        """Return the rows of all lists that could not be read."""
        lists = (self.orders.value, self.positions.value, self.executions.value)
        return tuple(row for each in lists if each is not None for row in each.unreadable)

    @cached_property
    def _unreadable(self) -> frozenset[int | None]:
        return _contracts(self.unreadable)

    @cached_property
    def _unclear(self) -> frozenset[int | None]:
        lists = (self.orders.value, self.positions.value)
        return _contracts(row for each in lists if each is not None for row in each.unreadable)


def read_snapshot(
    broker: Broker, clock: Clock, *, days: int, epoch: int, balances: Reading[AccountState] | None = None
) -> BrokerSnapshot:
    """Read everything once; `days` is how far back the executions go, `balances` what needn't be read anew.

    A list that fails leaves the others standing: what needs it waits.

    Raises: SessionLost, NotSent: there is nobody to ask; the error of the first list where all of them failed.
    """
    began = clock.now()
    errors: list[GatewayError] = []
    snapshot = BrokerSnapshot(
        began=began,
        epoch=epoch,
        orders=_read(broker.orders, clock, errors),
        executions=_read(lambda: broker.executions(days), clock, errors),
        positions=_read(broker.positions, clock, errors),
        account=balances or _read(broker.account, clock, errors),
    )
    lists = (snapshot.orders, snapshot.executions, snapshot.positions)
    if all(reading.value is None for reading in lists):
        raise errors[0]
    return snapshot


def may_be_ours(row: UnreadableRow) -> bool:
    """Return whether nothing that could be read of a row tells that it is another's."""
    return row.asset_class in {None, STOCK} and not row.foreign


def contracts_of(row: UnreadableRow) -> frozenset[int | None]:
    """Return the contracts that a row may be about, with None among them where it may be any; none if another's."""
    if not may_be_ours(row):
        return frozenset()
    return frozenset({row.conid}) if row.conid is not None or row.among is None else frozenset(row.among)


def _contracts(rows: Iterable[UnreadableRow]) -> frozenset[int | None]:
    return frozenset(conid for row in rows for conid in contracts_of(row))


def _read(ask: Callable[[], T], clock: Clock, errors: list[GatewayError]) -> Reading[T]:
    began = clock.now()
    try:
        return Reading(ask(), began)
    except (SessionLost, NotSent):
        raise
    except GatewayError as error:
        errors.append(error)
        return Reading(None, began, str(error))


def _sight(rows: Sequence[BrokerOrder]) -> OrderSight:
    """Return what the rows of one order say together; where they contradict each other, nothing is sure."""
    if _several(rows):
        # An id that was given again: the order that is over is an older one.
        rows = [row for row in rows if LIFE[row.status] is not OrderLife.OVER] or rows
    lives = {LIFE[row.status] for row in rows}
    most = max(rows, key=lambda row: row.filled_quantity)
    sure = lives == {OrderLife.OVER} or (len(lives) == 1 and not _several(rows))
    life = lives.pop() if sure else OrderLife.UNSURE
    if life is OrderLife.UNSURE and len({row.status for row in rows}) > 1:
        # The order of the rows means nothing: nothing may follow from what one of them says of its end.
        remaining = max(row.remaining_quantity for row in rows)
        most = replace(most, status=BrokerStatus.OTHER, remaining_quantity=remaining)
    return OrderSight(most, life)


def _several(rows: Sequence[BrokerOrder]) -> bool:
    """Return whether rows with one id are of different orders."""
    known = [row for row in rows if row.order_type is not None]
    return len({(row.conid, row.side, row.order_type, row.parent_id) for row in known}) > 1
