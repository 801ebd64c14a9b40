"""Faults on a simulator in the process."""

from __future__ import annotations

from tests.unit.simulator.support import Client, Json, Row, start

FLAT: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


def client() -> Client:
    return start({"ABC": [FLAT, FLAT, FLAT]})


def plan(
    on: Client, fault: str, path: str = "*", selector: dict[str, Json] | None = None, **parameters: object
) -> None:
    chosen = {"path": path, **(selector or {})}
    body = {"faults": [{"id": fault, "selector": chosen, "parameters": parameters}]}
    assert on.call("POST", "/sim/faults", body).status == 200


def buy(on: Client, **fields: object) -> Json:
    return on.order(on.conid("ABC"), "BUY", "LMT", 10, **{"price": 80.0, **fields})
