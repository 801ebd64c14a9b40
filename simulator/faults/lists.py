"""Lists of orders and executions that are stale, empty, partial, of another account, contradicting or disordered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from simulator import instants
from simulator.fault_plan import Calls
from simulator.faults.context import Firing
from simulator.faults.declaration import (
    ORDER_LIST,
    POSITIONS,
    TRADES,
    FaultKind,
    choice,
    flag,
    number,
    seconds,
    text,
    whole,
)
from simulator.faults.rewriting import Row, each_row, encode, raw, rewritten, whole_list
from simulator.messages import Response

_LISTED = Calls("GET", ORDER_LIST.paths + TRADES.paths + POSITIONS.paths)
OTHER_ACCOUNT = "DU7654321"


def stale(firing: Firing) -> Response:
    """Answer as of some simulated seconds ago, with the newest answer that is that old, or the oldest there is."""
    broker = firing.broker
    fresh = firing.proceed()
    key = f"{firing.request.path}?{urlencode(sorted(firing.request.query.items()))}"
    past = broker.memory.answers.setdefault(key, [])
    past.append((broker.now_us, fresh))
    limit = broker.now_us - int(firing.number("seconds") * instants.SECOND)
    while len(past) > 1 and past[1][0] <= limit:
        del past[0]
    return past[0][1]


def false_empty(firing: Firing) -> Response:
    """An order list that is empty though there are orders."""
    query = firing.request.query
    holds = {
        "always": True,
        "forced": query.get("force", "").lower() == "true",
        "without_account": not query.get("accountId"),
        "after_hours": not firing.broker.exchange.is_open,
    }
    if not holds[firing.text("when")]:
        return firing.proceed()
    firing.proceed()
    return Response(200, encode({"orders": [], "snapshot": firing.flag("snapshot")}))


def _subset(firing: Firing, rows: list[Any]) -> list[Any]:
    return [row for row in rows if firing.draws.random() >= firing.number("p")]


def of_this_session(firing: Firing) -> Response:
    """An order list without the orders that were over before this brokerage session's first list."""
    broker = firing.broker
    over = broker.memory.over_before.get(broker.session.epoch)
    if over is None:
        over = frozenset(order.order_id for order in broker.exchange.book.orders.values() if not order.is_live)
        broker.memory.over_before = {broker.session.epoch: over}

    def kept(_firing: Firing, rows: list[Any]) -> list[Any]:
        return [row for row in rows if row.get("orderId") not in over]

    return whole_list(kept)(firing)


def other_account(firing: Firing) -> Response:
    """The answer is another account's, or another account is the first or the selected one."""
    how, other = firing.text("how"), firing.text("account")
    if how == "renamed":
        response = firing.proceed()
        ours = firing.broker.config.account_id.encode()
        return replace(response, body=response.body.replace(ours, other.encode()))

    def changed(value: Any) -> Any:  # noqa: ANN401  (JSON)
        if isinstance(value, list) and value and isinstance(value[0], dict) and "accountId" in value[0]:
            renamed = {"id": other, "accountId": other, "accountVan": other, "displayName": other, "desc": other}
            return [{**value[0], **renamed}, *value]
        if isinstance(value, dict) and "selectedAccount" in value:
            selected = {"selectedAccount": other} if how == "selected" else {}
            return {**value, "accounts": [other, *value["accounts"]], **selected}
        return value

    return rewritten(firing, changed)


def _contradicting(firing: Firing, rows: list[Any]) -> list[Any]:
    doubles = [{**row, "status": firing.text("status")} for row in rows if isinstance(row, dict)]
    return doubles + rows if firing.text("order") == "first" else rows + doubles


def _hidden(firing: Firing, rows: list[Any]) -> list[Any]:
    """Leave out rows that are younger than some simulated seconds."""
    newest = instants.millis(firing.broker.now_us) - firing.number("seconds") * 1000
    return [row for row in rows if row.get("trade_time_r", row.get("lastExecutionTime_r", 0)) <= newest]


def invisible(firing: Firing) -> Response:
    """Leave out orders that were accepted less than some simulated seconds ago, from the list and by their id."""
    broker = firing.broker
    newest_us = broker.now_us - int(firing.number("seconds") * instants.SECOND)
    young = {order.order_id for order in broker.exchange.book.orders.values() if order.placed_us > newest_us}

    def kept(_firing: Firing, rows: list[Any]) -> list[Any]:
        return [row for row in rows if row.get("orderId") not in young]

    if firing.request.path.rpartition("/")[2] in {str(order_id) for order_id in young}:
        return Response(503, encode({"error": "Service Unavailable", "statusCode": 503}))
    return whole_list(kept)(firing)


def _disordered(firing: Firing, rows: list[Any]) -> list[Any]:
    match firing.text("how"):
        case "shuffled":
            mixed = list(rows)
            firing.draws.shuffle(mixed)
            # A shuffle may give the same order; the fault must not.
            return mixed if mixed != rows else mixed[::-1]
        case "duplicated":
            return [row for row in rows for _ in range(2)]
        case "split":
            half = (len(rows) + 1) // 2
            odd = firing.broker.memory.pages % 2 == 0
            firing.broker.memory.pages += 1
            return rows[:half] if odd else rows[half:]
        case _:
            return _hidden(firing, rows)


def _impossible_price(firing: Firing, row: Row) -> None:
    if "price" not in row or "size" not in row:
        return
    how = firing.text("price")
    if how == "outside":
        factor = 1.0 + firing.number("percent") / 100.0
        price = float(row["price"]) * factor if row.get("side") == "B" else float(row["price"]) / factor
        row["price"] = f"{price:.2f}"
    else:
        row["price"] = {"zero": "0.00", "nan": "NaN", "nan_token": raw("NaN")}[how]


_HOW_LATE = seconds("seconds", 60.0, "how old an execution has to be to be listed")

KINDS = (
    FaultKind(
        "H13",
        "Stale cache: an answer as of a while ago",
        stale,
        (seconds("seconds", 60.0, "how old the answer is"),),
        calls=_LISTED,
    ),
    FaultKind(
        "H14",
        "Order list falsely empty",
        false_empty,
        (
            whole("calls", 0, "how many calls; 0: every one"),
            choice(
                "when",
                "always",
                ("always", "forced", "without_account", "after_hours"),
                "or of calls with force=true, without accountId, or while the market is closed",
            ),
            flag("snapshot", "the answer says that it is the whole list"),
        ),
        calls=ORDER_LIST,
        counted_by="calls",
    ),
    FaultKind(
        "H15",
        "Order list with rows missing",
        whole_list(_subset),
        (number("p", 0.5, "chance of each row to be missing", most=1.0),),
        calls=ORDER_LIST,
    ),
    FaultKind(
        "H16", "Order list of this session only: what was over before is gone", of_this_session, calls=ORDER_LIST
    ),
    FaultKind(
        "H17",
        "Another account's data",
        other_account,
        (
            choice(
                "how",
                "renamed",
                ("renamed", "first", "selected"),
                "in all rows, or the first or selected one of accounts",
            ),
            text("account", OTHER_ACCOUNT, "the other account"),
        ),
    ),
    FaultKind(
        "H18",
        "Rows twice, with two statuses",
        whole_list(_contradicting),
        (
            text("status", "Cancelled", "the second status"),
            choice("order", "last", ("first", "last"), "where the second rows stand"),
        ),
        calls=ORDER_LIST,
    ),
    FaultKind(
        "O09",
        "Order accepted, and in no list for a while",
        invisible,
        (seconds("seconds", 60.0, "how long"),),
        calls=Calls("GET", ("/iserver/account/orders", "/iserver/account/order/status/*")),
    ),
    FaultKind(
        "O15",
        "Executions out of order, late, twice, or split over answers",
        whole_list(_disordered),
        (choice("how", "shuffled", ("shuffled", "duplicated", "late", "split"), "which of these"), _HOW_LATE),
        calls=TRADES,
    ),
    FaultKind(
        "O18",
        "Fill price outside the limit, zero or none",
        each_row(_impossible_price),
        (
            choice("price", "outside", ("outside", "zero", "nan", "nan_token"), "what it is; nan_token is unquoted"),
            number("percent", 10.0, "how far outside", most=1000.0),
        ),
        calls=TRADES,
    ),
    FaultKind(
        "O19", "Order filled, its executions missing for a while", whole_list(_hidden), (_HOW_LATE,), calls=TRADES
    ),
)
