"""Faults on a simulator in the process: a scene, one fault, and what is seen with it and without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulator.messages import Response
from tests.unit.simulator.support import ACCOUNT, Client, Json, Row, start

FLAT: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)
LIST = "/iserver/account/orders"
ORDERS = f"/iserver/account/{ACCOUNT}/orders"
POSITIONS = f"/portfolio/{ACCOUNT}/positions/0"
OPEN = "2014-03-03T14:30:00Z"


def client() -> Client:
    return start({"ABC": [FLAT] * 7, "XYZ": [FLAT] * 7})


def plan(
    on: Client, fault: str, path: str | None = None, selector: Mapping[str, Json] | None = None, **parameters: object
) -> None:
    chosen = {**({} if path is None else {"path": path}), **(selector or {})}
    body = {"faults": [{"id": fault, "selector": chosen, "parameters": parameters}]}
    answer = on.call("POST", "/sim/faults", body)
    assert answer.status == 200, answer.body


def buy(on: Client, **fields: object) -> Json:
    return on.order(on.conid("ABC"), "BUY", "LMT", 10, **{"price": 80.0, **fields})


def tickle(on: Client) -> Response:
    return on.call("POST", "/v1/api/tickle", {})


def bracket(on: Client, **entry: object) -> Json:
    base = {"conid": on.conid("ABC"), "quantity": 10}
    return on.orders(
        {**base, "side": "BUY", "orderType": "LMT", "price": 100.0, "tif": "DAY", "cOID": "e", **entry},
        {**base, "side": "SELL", "orderType": "STP", "price": 50.0, "tif": "GTC", "parentId": "e"},
        {**base, "side": "SELL", "orderType": "LMT", "price": 150.0, "tif": "GTC", "parentId": "e"},
    )


def held(on: Client, symbol: str = "ABC") -> int:
    return on.broker.account.held(on.conid(symbol))


def statuses(on: Client) -> list[str]:
    return [row["status"] for row in on.order_rows()]


def tour(on: Client) -> None:
    """Make every kind of call that a fault may meet."""
    conid = on.conid("ABC")
    order = {"conid": conid, "side": "BUY", "orderType": "LMT", "price": 80.0, "quantity": 10, "tif": "DAY"}
    children = [{**order, "side": "SELL", "orderType": kind, "parentId": "b"} for kind in ("STP", "LMT")]
    calls = [
        ("POST", "/tickle", {}, ""),
        ("POST", ORDERS, {"orders": [{**order, "price": 100.0, "cOID": "t"}]}, ""),
        ("POST", ORDERS, {"orders": [{**order, "cOID": "b"}, *children]}, ""),
        ("POST", ORDERS, {"orders": [{**order, "side": "SELL", "orderType": "MKT", "tif": "OPG"}]}, ""),
        ("POST", f"/iserver/account/{ACCOUNT}/order/{newest(on)}", order, ""),
        ("DELETE", f"/iserver/account/{ACCOUNT}/order/{newest(on)}", None, ""),
        *(("GET", path, None, "") for path in (LIST, "/iserver/account/trades", POSITIONS, "/iserver/accounts")),
        *(("GET", f"/portfolio/{path}", None, "") for path in ("accounts", f"{ACCOUNT}/ledger", f"{ACCOUNT}/summary")),
        ("GET", "/iserver/marketdata/snapshot", None, f"conids={conid}&fields=31,84,86,87"),
        ("GET", "/iserver/marketdata/history", None, f"conid={conid}&period=1w&bar=1d"),
        ("GET", "/trsrv/stocks", None, "symbols=ABC"),
        ("GET", "/contract/trading-schedule", None, f"conid={conid}"),
    ]
    for method, path, body, query in calls:
        on.call(method, f"/v1/api{path}", body, query)
    on.simulator.deliver(b"{}")


def newest(on: Client) -> int:
    return max(on.broker.exchange.book.orders, default=0)


# ---- scenes


def empty(_on: Client) -> None:
    """Nothing has happened yet."""


def resting(on: Client) -> None:
    """Two orders stand below the market, and the list has been read once."""
    buy(on, cOID="a")
    buy(on, cOID="b")
    on.get(LIST)


def holding(on: Client) -> None:
    """Ten shares are held, and the lists have been read once."""
    on.order(on.conid("ABC"), "BUY", "MKT", 10, cOID="p")
    for path in (LIST, "/iserver/account/trades", POSITIONS):
        on.get(path)


def protected(on: Client) -> None:
    """Ten shares are held, with a stop and a target."""
    bracket(on)
    on.get(LIST)


# ---- cases


@dataclass(frozen=True)
class Case:
    """One effect: what is seen with the fault, and not without it."""

    fault: str
    act: Callable[[Client], Json]
    seen: Json
    parameters: Mapping[str, Json] = field(default_factory=dict)
    selector: Mapping[str, Json] = field(default_factory=dict)
    scene: Callable[[Client], None] = empty

    def __str__(self) -> str:
        return "-".join([self.fault, *map(str, self.parameters.values())])[:40]


def outcome(case: Case, *, with_fault: bool) -> Json:
    """Return what is seen; with the fault its firing has to be in the truth log."""
    on = client()
    case.scene(on)
    if with_fault:
        plan(on, case.fault, selector=case.selector, **case.parameters)
    seen = case.act(on)
    fired = {line["id"] for line in on.truth() if line["kind"] == "fault"}
    assert (case.fault in fired) is with_fault
    return seen


def check(case: Case) -> None:
    assert outcome(case, with_fault=True) == case.seen
    assert outcome(case, with_fault=False) != case.seen
