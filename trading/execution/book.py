"""What the broker showed in one reading: orders, executions, positions, all read after the same instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from trading.errors import OutcomeUnknown
from trading.model.account import AccountState, BrokerPosition
from trading.model.order import BROKER_WORKING, BrokerOrder, BrokerStatus, Execution, UnreadableRow
from trading.ports import Broker

_LISTS = "GET orders, trades, positions"


@dataclass(frozen=True, slots=True)
class BrokerBook:
    """One reading. `began` is when its first request left; nothing in it is older."""

    began: datetime
    orders: tuple[BrokerOrder, ...]
    executions: tuple[Execution, ...]
    positions: tuple[BrokerPosition, ...]
    account: AccountState

    def by_id(self) -> Mapping[int, BrokerOrder]:
        """Return the orders by the broker's id."""
        return {order.order_id: order for order in self.orders}

    def held(self, conid: int) -> float:
        """Return the broker's shares of a contract, own and foreign ones together."""
        return sum(position.quantity for position in self.positions if position.conid == conid)


def is_live(order: BrokerOrder) -> bool:
    """Return whether the order can still fill; a status that we don't know counts as live."""
    unsure = order.status in {BrokerStatus.OTHER, BrokerStatus.WARN_STATE, BrokerStatus.INACTIVE}
    return order.remaining_quantity > 0 and (unsure or order.status in BROKER_WORKING)


def read_book(broker: Broker, began: datetime, days: int, balances: AccountState | None = None) -> BrokerBook:
    """Read everything once; `days` is how far back the executions go, `balances` what needn't be read anew.

    A row that can't be read makes the whole reading useless: acting on a part of it is dangerous.

    Raises: GatewayError.
    """
    orders, executions, positions = broker.orders(), broker.executions(days), broker.positions()
    _all_read(*orders.unreadable, *executions.unreadable, *positions.unreadable)
    return BrokerBook(began, orders.orders, executions.executions, positions.positions, balances or broker.account())


def _all_read(*unreadable: UnreadableRow) -> None:
    for row in unreadable:
        cause = f"a row can't be read: {row.problem}"
        raise OutcomeUnknown(_LISTS, cause)
