"""What the truth log alone tells: orders, positions and cash, put together without anything of the simulator's code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

ATTRIBUTES = ("conid", "side", "kind", "quantity", "tif", "limit", "stop", "coid", "parent_id", "oca_group")


@dataclass
class ToldOrder:
    """An order as the lines have it."""

    ticket: dict[str, Any]
    status: str = ""
    quantity: int = 0
    filled: int = 0
    cancelled_by: str = ""


@dataclass
class Told:
    """Everything that can be told."""

    cash: float = 0.0
    contracts: dict[str, int] = field(default_factory=dict)
    orders: dict[int, ToldOrder] = field(default_factory=dict)
    positions: dict[int, int] = field(default_factory=dict)
    executions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """by all of the id but its last part: the newest word"""
    is_open: bool = False

    def take(self, line: dict[str, Any]) -> None:
        """Take up the next line; kinds that have no method here change none of this."""
        reader = getattr(self, f"_{line['kind']}", None)
        if reader is not None:
            reader(line)

    def _start(self, line: dict[str, Any]) -> None:
        self.cash, self.contracts = line["cash"], line["contracts"]

    def _order(self, line: dict[str, Any]) -> None:
        for ticket in line["tickets"]:
            self.orders[ticket["order_id"]] = ToldOrder(_attributes(ticket))

    _refused = _order

    def _deed(self, line: dict[str, Any]) -> None:
        if line["do"] in ("order", "trade"):
            self.orders[line["order_id"]] = ToldOrder(self._by_hand(line))

    def _modify(self, line: dict[str, Any]) -> None:
        self.orders[line["ticket"]["order_id"]].ticket = _attributes(line["ticket"])

    def _account(self, line: dict[str, Any]) -> None:
        self.cash = line["cash"]
        if "conid" in line:
            self.positions[line["conid"]] = line["position"]

    def _open(self, line: dict[str, Any]) -> None:
        self.is_open = line["kind"] == "open"
        for status, order_ids in line.get("statuses", {}).items():
            for order_id in order_ids:
                self.orders[order_id].status = status

    _close = _open

    def _by_hand(self, event: dict[str, Any]) -> dict[str, Any]:
        ticket = {**event, "conid": self.contracts[event["symbol"]], "limit": event.get("price")}
        return _attributes({**ticket, "kind": event.get("order_type", "MKT"), "tif": event.get("tif", "GTC")})

    def _status(self, line: dict[str, Any]) -> None:
        order = self.orders[line["order_id"]]
        order.status, order.quantity, order.filled = line["status"], line["quantity"], line["filled"]
        order.cancelled_by = line.get("by", "")
        if "ticket" in line:
            order.ticket = _attributes(line["ticket"])

    def _fill(self, line: dict[str, Any]) -> None:
        execution = line["execution"]
        head, _, revision = execution["execution_id"].rpartition(".")
        if revision == "01":
            self.orders[execution["order_id"]].filled += execution["quantity"]
        self.executions[head] = execution
        self.positions[execution["conid"]] = execution["position"]
        self.cash = line["cash"]


def _attributes(ticket: dict[str, Any]) -> dict[str, Any]:
    return {name: ticket.get(name) for name in ATTRIBUTES}


def told_by(lines: Iterable[dict[str, Any]]) -> Told:
    """Return what the lines tell, read from the first to the last."""
    told = Told()
    for line in lines:
        told.take(line)
    return told
