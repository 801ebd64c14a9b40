"""The one table between our words and IBKR's.

On the wire `price` is the limit of a LMT and of a STOP_LIMIT but the stop of a STP, and `auxPrice` is the stop of a
STOP_LIMIT; a DAY order is listed with the time in force "CLOSE"; sides and types are spelled differently in each
endpoint. Nothing outside this module knows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from trading.errors import InvariantBroken
from trading.gateway import fields
from trading.gateway.fields import FieldError, member
from trading.gateway.listing import asset_class, currency
from trading.model.order import BrokerOrder, BrokerStatus, Execution, OrderTicket, OrderType, Side, Tif

_SIDES = {"BUY": Side.BUY, "B": Side.BUY, "BOT": Side.BUY, "SELL": Side.SELL, "S": Side.SELL, "SLD": Side.SELL}
_TYPES = {
    "LMT": OrderType.LIMIT,
    "LIMIT": OrderType.LIMIT,
    "MKT": OrderType.MARKET,
    "MARKET": OrderType.MARKET,
    "STP": OrderType.STOP,
    "STOP": OrderType.STOP,
    "STOPLIMIT": OrderType.STOP_LIMIT,
    "STPLMT": OrderType.STOP_LIMIT,
}
_TIFS = {
    "DAY": Tif.DAY,
    "CLOSE": Tif.DAY,
    "GTC": Tif.GTC,
    "OPG": Tif.OPG,
    "IOC": Tif.IOC,
}
_STATUSES = {status.value.upper(): status for status in BrokerStatus}
_LIMITED = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_STOPPED = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})


def order_fields(ticket: OrderTicket, account_id: str) -> dict[str, object]:
    """Return one order as the API takes it, keys always in the same order.

    Raises: InvariantBroken, the ticket contradicts itself; no such order may leave.
    """
    _check(ticket)
    row: dict[str, object] = {"acctId": account_id, "conid": ticket.conid}
    if ticket.coid is not None:
        row["cOID"] = ticket.coid
    if ticket.parent_coid is not None:
        row["parentId"] = ticket.parent_coid
    row["orderType"] = ticket.order_type.value
    if ticket.order_type in _LIMITED:
        row["price"] = ticket.limit_price
    if ticket.order_type is OrderType.STOP:
        row["price"] = ticket.stop_price
    if ticket.order_type is OrderType.STOP_LIMIT:
        row["auxPrice"] = ticket.stop_price
    row |= {"side": ticket.side.value, "tif": ticket.tif.value, "quantity": ticket.quantity}
    if ticket.single_group:
        row["isSingleGroup"] = True
    return row


def _check(ticket: OrderTicket) -> None:
    if ticket.conid <= 0 or ticket.quantity <= 0:
        raise InvariantBroken("ticket", f"conid {ticket.conid}, quantity {ticket.quantity}")
    if ticket.coid is not None and ticket.parent_coid is not None:
        raise InvariantBroken("ticket", "a bracket child carries no cOID")
    for name, price, needed in (
        ("limit_price", ticket.limit_price, ticket.order_type in _LIMITED),
        ("stop_price", ticket.stop_price, ticket.order_type in _STOPPED),
    ):
        if needed != (price is not None) or (price is not None and not (math.isfinite(price) and price > 0.0)):
            raise InvariantBroken("ticket", f"{name} {price} of a {ticket.order_type} order")


def side(value: object) -> Side:
    """Return the side, spelled in any of the API's ways.

    Raises: FieldError.
    """
    found = _SIDES.get(value.upper()) if isinstance(value, str) else None
    if found is None:
        raise FieldError("side", f"not known: {fields.shown(value)}")
    return found


def order_type(value: object) -> OrderType | None:
    """Return the order's type, None for those that this system never sends."""
    if not isinstance(value, str):
        return None
    return _TYPES.get(value.upper().replace("_", "").replace(" ", ""))


def tif(value: object) -> Tif | None:
    """Return the time in force, None for those that this system never sends."""
    return _TIFS.get(value.upper()) if isinstance(value, str) else None


def status(value: object) -> BrokerStatus:
    """Return the order's status; OTHER for one that the documentation doesn't know.

    Raises: FieldError, there is none.
    """
    return _STATUSES.get(fields.text(value, "status").upper(), BrokerStatus.OTHER)


def listed_order(row: Mapping[str, object]) -> BrokerOrder:
    """Return a row of the order list.

    Raises: FieldError, something that has to be relied on isn't there, or is of the wrong kind.
    """
    kind = order_type(member(row, "origOrderType", "orderType"))
    limit_price, stop_price = _prices(row, kind)
    filled = fields.quantity(row.get("filledQuantity"), "filledQuantity")
    # Below zero where more was filled than ordered: nothing remains.
    remaining = max(fields.number(row.get("remainingQuantity"), "remainingQuantity"), 0.0)
    total = row.get("totalSize")
    return BrokerOrder(
        order_id=fields.order_id(row.get("orderId"), "orderId"),
        account_id=fields.identifier(member(row, "account", "acct"), "account"),
        conid=fields.conid(row.get("conid")),
        symbol=fields.optional_text(member(row, "ticker", "description1")) or "",
        side=side(row.get("side")),
        order_type=kind,
        tif=tif(row.get("timeInForce")),
        status=status(row.get("status")),
        total_quantity=filled + remaining if total in (None, "") else fields.quantity(total, "totalSize"),
        filled_quantity=filled,
        remaining_quantity=remaining,
        limit_price=limit_price,
        stop_price=stop_price,
        average_price=fields.number_or_none(row.get("avgPrice")) or None,
        order_ref=fields.reference(row.get("order_ref")),
        parent_id=_parent(row.get("parentId")),
        oca_group=fields.optional_text(row.get("ocaGroupId")),
        asset_class=asset_class(row),
        currency=currency(row),
    )


def order_status(row: Mapping[str, object]) -> BrokerOrder:
    """Return the answer of the order status endpoint, whose `size` is what remains.

    Raises: FieldError.
    """
    kind = order_type(row.get("order_type"))
    total = fields.quantity(row.get("total_size"), "total_size")
    filled = fields.quantity(member(row, "cum_fill", "filled_quantity"), "cum_fill")
    remaining = member(row, "remaining_quantity", "size")
    return BrokerOrder(
        order_id=fields.order_id(row.get("order_id"), "order_id"),
        account_id=fields.identifier(member(row, "account", "order_clearing_account"), "account"),
        conid=fields.conid(row.get("conid")),
        symbol=fields.optional_text(member(row, "symbol", "contract_description_1")) or "",
        side=side(row.get("side")),
        order_type=kind,
        tif=tif(row.get("tif")),
        status=status(row.get("order_status")),
        total_quantity=total,
        filled_quantity=filled,
        remaining_quantity=max(total - filled if remaining is None else fields.number(remaining, "size"), 0.0),
        limit_price=fields.order_price(row.get("limit_price"), "limit_price") if kind in _LIMITED else None,
        stop_price=fields.order_price(row.get("stop_price"), "stop_price") if kind in _STOPPED else None,
        average_price=fields.number_or_none(row.get("average_price")) or None,
        order_ref=fields.reference(row.get("order_ref")),
        parent_id=_parent(row.get("parent_id")),
        oca_group=fields.optional_text(row.get("oca_group_id")),
        asset_class=asset_class(row),
        currency=currency(row),
    )


def execution(row: Mapping[str, object]) -> Execution:
    """Return a row of the trades; one that takes a fill back has quantity 0 and may have no price.

    A price that no share can have is 0: the shares are there all the same, and have to be covered.

    Raises: FieldError.
    """
    return Execution(
        execution_id=fields.identifier(row.get("execution_id"), "execution_id"),
        account_id=fields.identifier(member(row, "account", "accountCode"), "account"),
        conid=fields.conid(row.get("conid")),
        symbol=fields.optional_text(member(row, "symbol", "contract_description_1")) or "",
        side=side(row.get("side")),
        quantity=fields.quantity(row.get("size"), "size"),
        price=max(fields.number_or_none(row.get("price")) or 0.0, 0.0),
        commission=fields.number_or_none(row.get("commission")),
        time=_time(row),
        order_ref=fields.reference(row.get("order_ref")),
        order_id=fields.optional_integer(row.get("order_id"), "order_id"),
    )


def _time(row: Mapping[str, object]) -> datetime:
    """Return when the fill was, UTC."""
    instant = fields.optional_integer(row.get("trade_time_r"), "trade_time_r")
    try:
        if instant is not None:
            return datetime.fromtimestamp(instant / 1000, UTC)
        return datetime.strptime(str(row.get("trade_time")), "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        raise FieldError("trade_time", "not a time") from None


def _prices(row: Mapping[str, object], kind: OrderType | None) -> tuple[float | None, float | None]:
    """Return limit and stop price of a listed order, as far as its type has one."""
    limit = fields.order_price(row.get("price"), "price") if kind in _LIMITED else None
    if kind not in _STOPPED:
        return limit, None
    stop = fields.order_price(member(row, "stop_price", "auxPrice"), "auxPrice")
    if kind is OrderType.STOP and stop is None:
        stop = fields.order_price(row.get("price"), "price")
    return limit, stop


def _parent(value: object) -> int | None:
    """Return the parent's order id; a cOID may stand there too, which is none."""
    try:
        result = fields.optional_integer(value, "parentId")
    except FieldError:
        return None
    return result if result is not None and result > 0 else None
