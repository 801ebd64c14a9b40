"""How orders are put into words, and in which rows they are listed."""

from __future__ import annotations

from simulator import instants
from simulator.broker import Broker
from simulator.exchange.orders import Kind, Order, Side, State, Ticket, Tif, shown_status
from simulator.market.contracts import Contract
from simulator.views.quotes import price_text

TYPE_WORDS = {Kind.LMT: "Limit", Kind.MKT: "Market", Kind.STP: "Stop", Kind.STOP_LIMIT: "Stop Limit"}
ORIGINAL_TYPES = {Kind.LMT: "LIMIT", Kind.MKT: "MARKET", Kind.STP: "STOP", Kind.STOP_LIMIT: "STOP_LIMIT"}
TIF_WORDS = {Tif.DAY: "Day", Tif.GTC: "GTC", Tif.OPG: "OPG", Tif.IOC: "IOC"}
# (foreground, background) of the order list; in order/status a working order has the two the other way round.
COLOURS = {
    "PendingSubmit": ("#3399CC", "#FFFFFF"),
    "PreSubmitted": ("#0000CC", "#FFFFFF"),
    "Submitted": ("#00F000", "#000000"),
    "PendingCancel": ("#FF9900", "#FFFFFF"),
    "WarnState": ("#FF9900", "#FFFFFF"),
    "Filled": ("#000000", "#FFFFFF"),
    "Cancelled": ("#CC0000", "#FFFFFF"),
    "Inactive": ("#AFAFAF", "#FFFFFF"),
}
CCP_WORDS = {"PendingSubmit": "Pending Submit", "PendingCancel": "Pending Cancel"}
DESCRIPTIONS = {"PendingSubmit": "Order Being Submitted", "PendingCancel": "Order Being Cancelled"}


def price_of(ticket: Ticket) -> float | None:
    """Return the price that counts most: the limit, or else the stop."""
    return ticket.limit if ticket.limit is not None else ticket.stop


def side_and_symbol(ticket: Ticket, contract: Contract) -> str:
    """Return for example `BUY 5 AAPL NASDAQ.NMS`."""
    return f"{ticket.side} {ticket.quantity} {contract.symbol} {contract.listing}"


def describe(order: Order, *, symbol: bool = False) -> str:
    """Return for example `Buy 1 AAPL Limit 185.50, GTC`, or `Sold 5 Market, Day` for a filled one."""
    ticket = order.ticket
    done = order.state is State.FILLED
    verb = ("Bought" if done else "Buy") if ticket.side is Side.BUY else ("Sold" if done else "Sell")
    words = [verb, str(order.quantity)]
    if symbol:
        words.append(order.symbol)
    words.append(TYPE_WORDS[ticket.kind])
    if ticket.stop is not None:
        words.append(price_text(ticket.stop))
    if ticket.limit is not None:
        words.append(price_text(ticket.limit))
    text = f"{' '.join(words)}, {TIF_WORDS[ticket.tif]}"
    return f"Cancelled: {text}" if order.state is State.CANCELLED else text


def sizes(order: Order) -> str:
    """Return `filled/total` of a working order, the total of a filled one."""
    return str(order.quantity) if order.state is State.FILLED else f"{order.filled}/{order.quantity}"


def order_row(broker: Broker, order: Order) -> dict[str, object]:
    """Return an order as the order list and the websocket show it; `price` is a text, DAY shows as CLOSE."""
    contract = broker.contracts.by_conid[order.ticket.conid]
    status = shown_status(order, market_open=broker.exchange.is_open)
    fore, back = COLOURS[status]
    ticket = order.ticket
    row: dict[str, object] = {
        "acct": broker.config.account_id,
        "conidex": str(ticket.conid),
        "conid": ticket.conid,
        "account": broker.config.account_id,
        "orderId": order.order_id,
        "cashCcy": "USD",
        "sizeAndFills": sizes(order),
        "orderDesc": describe(order, symbol=True),
        "description1": order.symbol,
        "ticker": order.symbol,
        "secType": "STK",
        "listingExchange": contract.listing,
        "remainingQuantity": float(order.remaining),
        "filledQuantity": float(order.filled),
        "totalSize": float(order.quantity),
        "companyName": contract.name,
        "status": status,
        "order_ccp_status": CCP_WORDS.get(status, "Submitted" if order.is_live else status),
        "origOrderType": ORIGINAL_TYPES[ticket.kind],
        "supportsTaxOpt": "1",
        "lastExecutionTime": instants.short(order.changed_us),
        "orderType": TYPE_WORDS[ticket.kind],
        "bgColor": back,
        "fgColor": fore,
        "isEventTrading": "0",
        # Of a stop order the price is in auxPrice and stop_price alone: clients take `price` as a limit.
        "price": plain(ticket.limit),
        "timeInForce": "CLOSE" if ticket.tif is Tif.DAY else ticket.tif.value,
        "lastExecutionTime_r": instants.millis(order.changed_us),
        "side": ticket.side.value,
        "outsideRTH": ticket.outside_rth,
    }
    row |= _optional(broker, order)
    return row


def plain(price: float | None) -> str:
    """Return a price of an order as a text without thousands separators, all its decimals kept."""
    if price is None:
        return ""
    short = f"{price:.2f}"
    return short if float(short) == price else repr(price)


def _optional(broker: Broker, order: Order) -> dict[str, object]:
    ticket, behaviour = order.ticket, broker.behaviour
    row: dict[str, object] = {}
    if order.average_price is not None:
        row["avgPrice"] = plain(round(order.average_price, 4))
    shows_ref = behaviour.order_ref_in_orders
    if ticket.coid and (shows_ref == "always" or (shows_ref == "sometimes" and order.number % 2 == 0)):
        row["order_ref"] = ticket.coid
    if ticket.stop is not None:
        row["auxPrice"] = plain(ticket.stop)
        row["stop_price"] = plain(ticket.stop)
    if ticket.parent_id is not None:
        if behaviour.parent_id_in_orders:
            row["parentId"] = ticket.parent_id
        row["ocaGroupId"] = str(ticket.parent_id)
    if ticket.oca_group is not None:
        row["ocaGroupId"] = ticket.oca_group
    if order.reason and order.state is State.CANCELLED:
        row["order_cancellation_by_system_reason"] = order.reason
    return row


def status_row(broker: Broker, order: Order) -> dict[str, object]:
    """Return an order as order/status shows it: mostly texts, `size` is what remains, colours the other way round."""
    contract = broker.contracts.by_conid[order.ticket.conid]
    ticket = order.ticket
    status = shown_status(order, market_open=broker.exchange.is_open)
    fore, back = COLOURS[status]
    row: dict[str, object] = {
        "sub_type": None,
        "request_id": str(200 + order.number),
        "server_id": "0",
        "order_id": order.order_id,
        "conidex": str(ticket.conid),
        "conid": ticket.conid,
        "symbol": order.symbol,
        "side": ticket.side.value[0],
        "contract_description_1": order.symbol,
        "listing_exchange": contract.listing,
        "option_acct": "c",
        "company_name": contract.name,
        "size": f"{float(order.remaining)}",
        "total_size": f"{float(order.quantity)}",
        "currency": "USD",
        "account": broker.config.account_id,
        "order_type": ORIGINAL_TYPES[ticket.kind],
        "cum_fill": f"{float(order.filled)}",
        "order_status": status,
        "order_ccp_status": {"Filled": "2", "Cancelled": "4"}.get(status, "0"),
        "order_status_description": DESCRIPTIONS.get(status, f"Order {'Submitted' if order.is_live else status}"),
        "tif": ticket.tif.value,
        "fg_color": back if order.is_live else fore,
        "bg_color": fore if order.is_live else back,
        "order_not_editable": not order.is_live,
        "editable_fields": "\u001e" if order.is_live else "",
        "cannot_cancel_order": not order.is_live,
        "outside_rth": ticket.outside_rth,
        "deactivate_order": False,
        "use_price_mgmt_algo": ticket.managed_price,
        "sec_type": "STK",
        "available_chart_periods": "#R|1",
        "order_description": describe(order),
        "order_description_with_contract": describe(order, symbol=True),
        "alert_active": 1,
        "child_order_type": "0",
        "order_clearing_account": broker.config.account_id,
        "size_and_fills": sizes(order),
        "exit_strategy_display_price": plain(price_of(ticket)) or "0.0",
        "exit_strategy_chart_description": describe(order),
        "exit_strategy_tool_availability": "1",
        "allowed_duplicate_opposite": True,
        "order_time": instants.short(order.placed_us),
    }
    row |= _in_other_words(broker, order)
    prices = {"limit_price": ticket.limit, "stop_price": ticket.stop}
    row |= {name: plain(price) for name, price in prices.items() if price is not None}
    if order.average_price is not None:
        row["average_price"] = plain(round(order.average_price, 4))
    if ticket.coid:
        row["order_ref"] = ticket.coid
    return row


def _in_other_words(broker: Broker, order: Order) -> dict[str, object]:
    """Return what newer builds of the broker say of an order's state beside the older names for the same."""
    average = plain(None if order.average_price is None else round(order.average_price, 4))
    fills = (item.price for item in reversed(broker.account.executions) if item.order_id == order.order_id)
    return {
        "order_desc": describe(order, symbol=True),
        "is_event_trading": "0",
        "price": plain(price_of(order.ticket)),
        "fill_price": average,
        "avg_fill_price": average,
        "last_fill_price": plain(next(fills, None)),
        "filled_quantity": f"{float(order.filled)}",
        "remaining_quantity": f"{float(order.remaining)}",
        "total_cash_size": "0.0",
        "all_or_none": False,
        "clearing_id": "IB",
        "clearing_name": "IB",
    }
