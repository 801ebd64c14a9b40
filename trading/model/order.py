"""Orders: what we intend, what the broker shows, what was executed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType


class Side(StrEnum):
    """Spelled as on the wire."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """Spelled as on the wire."""

    LIMIT = "LMT"
    MARKET = "MKT"
    STOP = "STP"
    STOP_LIMIT = "STOP_LIMIT"


class Tif(StrEnum):
    """Time in force."""

    DAY = "DAY"
    GTC = "GTC"
    OPG = "OPG"
    IOC = "IOC"


class Role(StrEnum):
    """Why an order exists."""

    ENTRY = "entry"
    STOP = "stop"
    TARGET = "target"
    EXIT = "exit"


class IntentState(StrEnum):
    """Where one intent stands (the edges are in `trading.model.intent_state`)."""

    PLANNED = "PLANNED"
    SENDING = "SENDING"
    QUESTIONED = "QUESTIONED"
    REPLYING = "REPLYING"
    UNKNOWN = "UNKNOWN"
    WORKING = "WORKING"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    DECLINED = "DECLINED"
    LOST = "LOST"
    DENIED = "DENIED"


# Nothing further is expected of these; a late execution may still raise `filled`.
TERMINAL = frozenset(
    {
        IntentState.FILLED,
        IntentState.CANCELLED,
        IntentState.EXPIRED,
        IntentState.REJECTED,
        IntentState.DECLINED,
        IntentState.LOST,
        IntentState.DENIED,
    }
)
# These may be on the broker's book, so they count as live wherever money is at stake.
MAYBE_LIVE = frozenset(
    {
        IntentState.SENDING,
        IntentState.QUESTIONED,
        IntentState.REPLYING,
        IntentState.UNKNOWN,
        IntentState.WORKING,
    }
)
# Outcome not proven: the conid is blocked for new entries, buys count as filled and sells as not filled.
UNPROVEN = frozenset({IntentState.SENDING, IntentState.QUESTIONED, IntentState.REPLYING, IntentState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class OrderTicket:
    """One order as it is to be sent. Bracket children carry `parent_coid` and no `coid`.

    `limit_price` belongs to LIMIT and STOP_LIMIT, `stop_price` to STOP and STOP_LIMIT; the others are None.
    `single_group` marks members of one OCA group that have no parent.
    """

    conid: int
    side: Side
    order_type: OrderType
    tif: Tif
    quantity: int
    limit_price: float | None = None
    stop_price: float | None = None
    coid: str | None = None
    parent_coid: str | None = None
    single_group: bool = False


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """One decision to trade; immutable once it is in the journal.

    `coid` is the journal's name of the intent: for an entry or an exit also the cOID on the wire, for a bracket child
    the parent's coid with "-S" or "-T", which is never sent. `session` is the session that the order is for,
    `decided` the session whose close it was decided on.
    """

    coid: str
    parent_coid: str | None
    role: Role
    conid: int
    symbol: str
    side: Side
    order_type: OrderType
    tif: Tif
    quantity: int
    limit_price: float | None
    stop_price: float | None
    decided: date
    session: date
    reason: str
    created: datetime


class BrokerStatus(StrEnum):
    """Life-cycle status of an order as the broker shows it; OTHER is anything not in its documentation."""

    PENDING_SUBMIT = "PendingSubmit"
    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    FILLED = "Filled"
    PENDING_CANCEL = "PendingCancel"
    PRE_CANCELLED = "PreCancelled"
    CANCELLED = "Cancelled"
    INACTIVE = "Inactive"
    WARN_STATE = "WarnState"
    FAILED = "Failed"
    OTHER = "Other"


class OrderLife(StrEnum):
    """What a status says of an order: it can fill, it is over, or that can't be told from it."""

    LIVE = "live"
    OVER = "over"
    UNSURE = "unsure"


# The one table that everybody asks. Inactive is a rejected order, or one that waits for a confirmation, or one that a
# person switched off: unsure. So is whatever the documentation doesn't know.
LIFE: Mapping[BrokerStatus, OrderLife] = MappingProxyType(
    {
        BrokerStatus.PENDING_SUBMIT: OrderLife.LIVE,
        BrokerStatus.PRE_SUBMITTED: OrderLife.LIVE,
        BrokerStatus.SUBMITTED: OrderLife.LIVE,
        BrokerStatus.PENDING_CANCEL: OrderLife.LIVE,
        BrokerStatus.PRE_CANCELLED: OrderLife.LIVE,
        BrokerStatus.FILLED: OrderLife.OVER,
        BrokerStatus.CANCELLED: OrderLife.OVER,
        BrokerStatus.FAILED: OrderLife.OVER,
        BrokerStatus.INACTIVE: OrderLife.UNSURE,
        BrokerStatus.WARN_STATE: OrderLife.UNSURE,
        BrokerStatus.OTHER: OrderLife.UNSURE,
    }
)

# On the broker's book and able to fill.
BROKER_WORKING = frozenset(status for status, life in LIFE.items() if life is OrderLife.LIVE)

# Fills nothing: it is over, or nothing comes of it until somebody sends it anew.
BROKER_IDLE = frozenset(status for status, life in LIFE.items() if life is OrderLife.OVER) | {BrokerStatus.INACTIVE}


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """One row of the broker's order list, or one order status; what the row lacks is None.

    Prices may be negative: spreads of others have such.
    """

    order_id: int
    account_id: str
    conid: int
    symbol: str
    side: Side
    order_type: OrderType | None
    tif: Tif | None
    status: BrokerStatus
    total_quantity: float
    filled_quantity: float
    remaining_quantity: float
    limit_price: float | None
    stop_price: float | None
    average_price: float | None
    order_ref: str | None
    """Our cOID, or whatever somebody else wrote there."""
    parent_id: int | None
    oca_group: str | None
    asset_class: str | None = None
    currency: str | None = None
    """What its prices are in, None where the row doesn't say."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill. `commission` is positive and None until the broker has sent it; `quantity` 0 takes a fill back.

    `price` is 0 where the broker gives none that a share can have.
    """

    execution_id: str
    account_id: str
    conid: int
    symbol: str
    side: Side
    quantity: float
    price: float
    commission: float | None
    time: datetime
    order_ref: str | None
    order_id: int | None

    @property
    def change(self) -> float:
        """Return what it does to the position: its shares, less than 0 for a sale."""
        return self.quantity if self.side is Side.BUY else -self.quantity


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row of a list that can't be relied on, with whatever of it could be read; None for what could not.

    `names` are what it calls its contract. `foreign`: what could be read tells that it is none of ours. `among` are the
    contracts of ours that it may be about where it has no conid, None where that may be any.
    """

    problem: str
    order_id: int | None
    conid: int | None
    order_ref: str | None
    account_id: str | None
    asset_class: str | None
    foreign: bool = False
    names: tuple[str, ...] = ()
    among: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class OrderList:
    """One reading of the order list, by order id; rows that contradict each other about one order are all there."""

    orders: tuple[BrokerOrder, ...]
    unreadable: tuple[UnreadableRow, ...] = ()


@dataclass(frozen=True, slots=True)
class ExecutionList:
    """One reading of the fills, oldest first."""

    executions: tuple[Execution, ...]
    unreadable: tuple[UnreadableRow, ...] = ()
