"""What became of orders: the day's order list, one order's status, trades."""

from __future__ import annotations

from datetime import timedelta

from simulator import instants
from simulator.broker import Broker
from simulator.entry.questions import unanswered
from simulator.exchange.account import Execution
from simulator.exchange.orders import Order, Side, Ticket
from simulator.messages import Request, Response, bad_request, error, json_response, unavailable
from simulator.router import Needs, Route
from simulator.views.order_text import order_row, plain, status_row

MOST_ROWS = 1000
MOST_DAYS = 7
_FILTERED = (
    "Inactive",
    "PendingSubmit",
    "PreSubmitted",
    "Submitted",
    "Filled",
    "PendingCancel",
    "PreCancelled",
    "Cancelled",
    "WarnState",
)
# Documented as pre_submitted; clients also send the status itself, PreSubmitted.
_FILTERS = {status.lower(): status for status in _FILTERED}


def order_list(broker: Broker, request: Request) -> Response:
    """GET /iserver/account/orders: working orders and what was finished today.

    The first call of a session, and one with force=true, is empty with `snapshot` false.
    """
    caches = broker.session.caches
    account = request.query.get("accountId")
    if account and account != broker.config.account_id:
        return bad_request(f"accountId is not valid: {account}")
    caches.order_list_calls += 1
    forced = request.query.get("force", "").lower() == "true"
    if forced or caches.order_list_calls <= broker.behaviour.cold_order_list_calls:
        return json_response({"orders": [], "snapshot": False})
    rows = [order_row(broker, order) for order in todays_orders(broker)] + _unconfirmed(broker)
    texts = (request.query.get("filters") or request.query.get("Filters") or "").replace("_", "").lower().split(",")
    wanted = {_FILTERS[text.strip()] for text in texts if text.strip() in _FILTERS}
    if wanted:
        rows = [row for row in rows if row["status"] in wanted]
    return json_response({"orders": rows[:MOST_ROWS], "snapshot": True})


def todays_orders(broker: Broker) -> list[Order]:
    """Return the live orders and those that ended today, newest first."""
    exchange = broker.exchange
    midnight = instants.new_york(instants.new_york_day(exchange.now_us))
    visible_us = int(broker.behaviour.visible_after_s * 1_000_000)
    rows = [order for order in exchange.book.recent(midnight) if order.placed_us + visible_us <= exchange.now_us]
    return sorted(rows, key=lambda order: order.number, reverse=True)


def _unconfirmed(broker: Broker) -> list[dict[str, object]]:
    """Return the rows of orders whose question has no answer yet."""
    return [_unconfirmed_row(broker, ticket) for ticket in unanswered(broker)]


def _unconfirmed_row(broker: Broker, ticket: Ticket) -> dict[str, object]:
    contract = broker.contracts.by_conid[ticket.conid]
    order = Order(ticket, contract.symbol, contract.column, broker.now_us, 0, quantity=ticket.quantity)
    row = order_row(broker, order)
    return row | {
        "status": "Inactive",
        "order_ccp_status": "Pending Submit",
        "bgColor": "#FFFFFF",
        "fgColor": "#AFAFAF",
    }


def order_status(broker: Broker, request: Request) -> Response:
    """GET /iserver/account/order/status/{orderId}."""
    text = request.argument("order_id")
    if not text.isdigit() or int(text) == 0:
        return bad_request("invalid order id")
    order = broker.exchange.book.orders.get(int(text))
    if order is None:
        waits = any(ticket.order_id == int(text) for ticket in unanswered(broker))
        return error(404, "Order not found") if waits else unavailable()
    return json_response(status_row(broker, order))


def trades(broker: Broker, request: Request) -> Response:
    """GET /iserver/account/trades: of today, or of up to seven days; the first call of a session is empty."""
    caches = broker.session.caches
    caches.trades_calls += 1
    if caches.trades_calls <= broker.behaviour.cold_trades_calls:
        return json_response([])
    days = request.query.get("days", "1")
    back = min(max(int(days), 1), MOST_DAYS) if days.isdigit() else 1
    today = instants.new_york_day(broker.now_us)
    since = instants.new_york(today - timedelta(days=back - 1))
    rows = []
    for execution in reversed(broker.account.executions):
        if execution.at_us < since:
            break
        rows.append(trade_row(broker, execution))
    return json_response(rows)


def trade_row(broker: Broker, execution: Execution) -> dict[str, object]:
    """Return one execution: `price`, `commission` and `position` are texts, `net_amount` is without commission."""
    contract = broker.contracts.by_conid[execution.conid]
    account = broker.config.account_id
    buys = execution.side is Side.BUY
    verb = "Bot" if buys else "Sold"
    exchange = "ISLAND" if contract.exchange == "NASDAQ" else contract.exchange
    row: dict[str, object] = {
        "execution_id": execution.execution_id,
        "symbol": execution.symbol,
        "supports_tax_opt": "1",
        "side": "B" if buys else "S",
        "order_description": f"{verb} {execution.quantity} @ {plain(execution.price)} on {exchange}",
        "trade_time": instants.compact(execution.at_us),
        "trade_time_r": instants.millis(execution.at_us),
        "size": float(execution.quantity),
        "price": plain(execution.price),
        "submitter": broker.session.username,
        "exchange": exchange,
        "commission": f"{execution.commission}",
        "net_amount": round(execution.quantity * execution.price, 4),
        "account": account,
        "accountCode": account,
        "account_allocation_name": account,
        "company_name": contract.name,
        "contract_description_1": execution.symbol,
        "sec_type": "STK",
        "listing_exchange": contract.listing,
        "conid": execution.conid,
        "conidEx": str(execution.conid),
        "directed_exchange": "",
        "position": str(execution.position),
        "clearing_id": "IB",
        "clearing_name": "IB",
        "liquidation_trade": "0",
        "is_event_trading": "0",
    }
    if execution.coid:
        row["order_ref"] = execution.coid
    if broker.behaviour.order_id_in_trades:
        row["order_id"] = execution.order_id
    return row


ROUTES = (
    Route("GET", "/iserver/account/orders", order_list, Needs.ACCOUNTS),
    Route("GET", "/iserver/account/order/status/{order_id}", order_status, Needs.ACCOUNTS),
    Route("GET", "/iserver/account/trades", trades, Needs.ACCOUNTS),
)
