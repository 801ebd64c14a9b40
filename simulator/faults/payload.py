"""Faults inside answers: H10, H11, H13-H18, O09, O15, O18, O19, G08, G09, and those of market data, M01-M15."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from simulator import instants
from simulator.faults.context import Firing, Handler
from simulator.messages import Response, error

_encode = msgspec.json.Encoder().encode
TOO_MANY = 429
HOSTILE = (
    "<script>alert(1)</script>\"><img src=x onerror=alert(1)>{{7*7}}=cmd()\r\n\x1b[2J\u202eevil'; DROP TABLE orders;--"
)
Row = dict[str, Any]


def _rewritten(firing: Firing, change: Callable[[Any], Any]) -> Response:
    response, value = firing.answer()
    return response if value is None else replace(response, body=_encode(change(value)))


def _rows(value: object) -> list[Row]:
    """Return the objects that an answer lists: orders, trades, positions, quotes, bars, or the answer itself."""
    if isinstance(value, dict):
        for name in ("orders", "data", "secdef", "contracts"):
            if isinstance(value.get(name), list):
                return [row for row in value[name] if isinstance(row, dict)]
        return [value]
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _each_row(change: Callable[[Firing, Row], None]) -> Handler:
    def handler(firing: Firing) -> Response:
        def changed(value: object) -> object:
            for row in _rows(value):
                change(firing, row)
            return value

        return _rewritten(firing, changed)

    return handler


def _list_changed(change: Callable[[Firing, list[Any]], list[Any]]) -> Handler:
    def handler(firing: Firing) -> Response:
        def changed(value: object) -> object:
            if isinstance(value, dict):
                for name in ("orders", "data"):
                    if isinstance(value.get(name), list):
                        return {**value, name: change(firing, value[name])}
            return change(firing, value) if isinstance(value, list) else value

        return _rewritten(firing, changed)

    return handler


def _wrong_type(firing: Firing, row: Row) -> None:
    name = firing.text("field", "")
    if name in row:
        row[name] = firing.value("value", [row[name]])


def _other_key(firing: Firing, row: Row) -> None:
    name, new = firing.text("field", "order_ref"), firing.text("rename", "")
    if name in row and firing.draws.random() < firing.number("p", 1.0):
        value = row.pop(name)
        if new:
            row[new] = value
    if firing.text("extra", ""):
        row[firing.text("extra", "")] = firing.value("value")


def stale(firing: Firing) -> Response:
    """Answer as of some simulated seconds ago, with the newest answer that is that old."""
    broker = firing.broker
    fresh = firing.proceed()
    past = broker.remembered.setdefault(firing.request.path, [])
    past.append((broker.now_us, fresh))
    limit = broker.now_us - int(firing.number("seconds", 60.0) * instants.SECOND)
    old = [response for at, response in past if at <= limit]
    return old[-1] if old else past[0][1]


def false_empty(firing: Firing) -> Response:
    """An order list that is empty though there are orders."""
    firing.proceed()
    return Response(200, _encode({"orders": [], "snapshot": firing.value("snapshot", default=False) is True}))


def _subset(firing: Firing, rows: list[Any]) -> list[Any]:
    return [row for row in rows if firing.draws.random() >= firing.number("p", 0.5)]


def _live_only(_firing: Firing, rows: list[Any]) -> list[Any]:
    return [row for row in rows if row.get("order_ccp_status") == "Submitted"]


def other_account(firing: Firing) -> Response:
    """The answer names another account than ours."""
    response = firing.proceed()
    ours = firing.broker.config.account_id.encode()
    return replace(response, body=response.body.replace(ours, firing.text("account", "DU7654321").encode()))


def other_selected(firing: Firing) -> Response:
    """Another client has switched the selected account."""

    def changed(value: Any) -> Any:  # noqa: ANN401  (JSON)
        if isinstance(value, dict) and "selectedAccount" in value:
            other = firing.text("account", "DU7654321")
            return {**value, "accounts": [*value["accounts"], other], "selectedAccount": other}
        return value

    return _rewritten(firing, changed)


def _contradicting(firing: Firing, rows: list[Any]) -> list[Any]:
    doubles = [{**row, "status": firing.text("status", "Cancelled")} for row in rows if isinstance(row, dict)]
    return rows + doubles


def _hidden(firing: Firing, rows: list[Any]) -> list[Any]:
    """Leave out rows that are younger than some simulated seconds, or have an id that is to be hidden."""
    oldest = instants.millis(firing.broker.now_us) - firing.number("seconds", 60.0) * 1000
    return [row for row in rows if row.get("trade_time_r", row.get("lastExecutionTime_r", 0)) <= oldest]


def _disordered(firing: Firing, rows: list[Any]) -> list[Any]:
    mixed = rows + (rows[:1] if firing.flag("duplicate") else [])
    firing.draws.shuffle(mixed)
    return mixed


def _only_conid(_firing: Firing, row: Row) -> None:
    for name in [name for name in row if name not in ("conid", "conidEx")]:
        del row[name]


def _without_field(firing: Firing, row: Row) -> None:
    row.pop(firing.text("field", "31"), None)


def _old_stamp(firing: Firing, row: Row) -> None:
    if "_updated" in row:
        row["_updated"] -= int(firing.number("seconds", 3600.0) * 1000)


def _price(firing: Firing, row: Row) -> None:
    for name in firing.value("fields", ["31", "84", "86"]):
        if name in row:
            row[name] = firing.value("value", "-1")


def _crossed(_firing: Firing, row: Row) -> None:
    if "84" in row and "86" in row:
        row["84"], row["86"] = row["86"], row["84"]


def _availability(firing: Firing, row: Row) -> None:
    if "6509" in row:
        row["6509"] = firing.text("value", "DPB")


def _prefixed(firing: Firing, row: Row) -> None:
    if "31" in row:
        row["31"] = firing.text("prefix", "H") + str(row["31"]).lstrip("CH")


def _bars(firing: Firing, rows: list[Any]) -> list[Any]:
    kind = firing.text("kind", "gap")
    middle = len(rows) // 2
    if kind == "gap":
        return rows[:middle] + rows[middle + 5 :]
    if kind == "duplicate":
        return [*rows[:middle], *rows[middle - 1 :]]
    if kind == "unsorted":
        return rows[::-1]
    if kind == "split":
        return [{name: v / 2 if name in "ohlc" else v for name, v in row.items()} for row in rows[:middle]] + rows[
            middle:
        ]
    return [{**row, "t": row["t"] + firing.integer("shift_ms", 14_400_000)} for row in rows]


def _few_bars(firing: Firing, rows: list[Any]) -> list[Any]:
    return rows[-firing.integer("bars", 0) :] if firing.integer("bars", 0) else []


def _volume(firing: Firing, row: Row) -> None:
    for name in ("v", "87", "7762"):
        if name in row:
            row[name] = firing.value("value", 0)


def _spike(firing: Firing, row: Row) -> None:
    if "31" in row:
        price = float(str(row["31"]).lstrip("CH").replace(",", ""))
        row["31"] = f"{price * firing.number('factor', 10.0):.2f}"


def no_chart(firing: Firing) -> Response:
    """Return what a history call gets that came too often (`status` 429), or for which there is no chart."""
    if firing.integer("status", 500) == TOO_MANY:
        return error(TOO_MANY, "Too many history charts requests, please try again later.")
    return error(500, "Chart data unavailable")


def _hostile(_firing: Firing, row: Row) -> None:
    for name in ("name", "company_name", "companyName", "text", "contractDesc", "fullName", "7051"):
        if name in row:
            row[name] = HOSTILE


HANDLERS: dict[str, Handler] = {
    "H10": _each_row(_wrong_type),
    "H11": _each_row(_other_key),
    "H13": stale,
    "H14": false_empty,
    "H15": _list_changed(_subset),
    "H16": _list_changed(_live_only),
    "H17": other_account,
    "H18": _list_changed(_contradicting),
    "G08": other_selected,
    "G09": other_account,
    "O09": _list_changed(_hidden),
    "O15": _list_changed(_disordered),
    "O18": _each_row(_wrong_type),
    "O19": _list_changed(_hidden),
    "M01": _each_row(_only_conid),
    "M02": _each_row(_without_field),
    "M03": _each_row(_old_stamp),
    "M04": _each_row(_price),
    "M05": _each_row(_crossed),
    "M06": _each_row(_availability),
    "M07": _each_row(_prefixed),
    "M08": _list_changed(_bars),
    "M09": _list_changed(_few_bars),
    "M10": _each_row(_volume),
    "M11": _each_row(_wrong_type),
    "M12": no_chart,
    "M13": _each_row(_spike),
    "M14": _each_row(_wrong_type),
    "M15": _each_row(_hostile),
}
