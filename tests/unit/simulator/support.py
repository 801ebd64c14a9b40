"""A simulator in the process, on bars written down in the test."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from simulator.broker import Broker
from simulator.config import Behaviour, Questions, SimulatorConfig
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from simulator.messages import Response
from trading.market.panel import Panel, SymbolBars, build_panel

ACCOUNT = "DU1234567"
MONDAY = date(2014, 3, 3)
# Open, high, low, close, volume.
Json: TypeAlias = Any  # what an answer holds: the tests say what they expect of it
Row = tuple[float, float, float, float, float]


def weekdays(count: int, first: date = MONDAY) -> list[date]:
    """Return `count` weekdays from `first` on; from 2014-03-03 there is no holiday for six weeks."""
    days = np.busday_offset(np.datetime64(first), np.arange(count), roll="forward")
    return [date.fromisoformat(str(day)) for day in days]


def series(rows: Sequence[Row], days: Sequence[date]) -> SymbolBars:
    columns = np.array(rows, dtype=np.float64).reshape(len(rows), 5).T
    return SymbolBars(np.array(list(days), dtype="datetime64[D]"), *(column.copy() for column in columns))


def panel_of(symbols: Mapping[str, Sequence[Row]], first: date = MONDAY) -> Panel:
    """Return a panel in which each symbol has its rows on the weekdays from `first` on."""
    return build_panel({name: series(rows, weekdays(len(rows), first)) for name, rows in symbols.items()})


NO_QUESTIONS = Questions(percent_from_market=0.0, market_order=False, stop_order=False, size_limit=0)
QUIET = Behaviour(questions=NO_QUESTIONS)


@dataclass
class Client:
    """Calls a simulator as the HTTPS server would."""

    simulator: Simulator

    @property
    def broker(self) -> Broker:
        return self.simulator.broker

    def call(self, method: str, path: str, body: object = None, query: str = "") -> Response:
        data = b"" if body is None else json.dumps(body).encode()
        return self.simulator.handle(method, path, query, data)

    def get(self, path: str, query: str = "") -> Json:
        return json.loads(self.call("GET", f"/v1/api{path}", query=query).body)

    def post(self, path: str, body: object = None) -> Json:
        return json.loads(self.call("POST", f"/v1/api{path}", {} if body is None else body).body)

    def delete(self, path: str) -> Json:
        return json.loads(self.call("DELETE", f"/v1/api{path}").body)

    def advance(self, to: str, *, stop_on_event: bool = False) -> Json:
        return json.loads(self.call("POST", "/sim/advance", {"to": to, "stop_on_event": stop_on_event}).body)

    def clock(self) -> Json:
        return json.loads(self.call("GET", "/sim/clock").body)

    def truth(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.call("GET", "/sim/truth").body.splitlines()]

    def order(self, conid: int, side: str, kind: str, quantity: int, **fields: object) -> Json:
        body = {"conid": conid, "side": side, "orderType": kind, "quantity": quantity, "tif": "DAY", **fields}
        return self.post(f"/iserver/account/{ACCOUNT}/orders", {"orders": [body]})

    def orders(self, *bodies: dict[str, object]) -> Json:
        return self.post(f"/iserver/account/{ACCOUNT}/orders", {"orders": list(bodies)})

    def conid(self, symbol: str) -> int:
        return self.broker.contracts.by_symbol[symbol].conid

    def trades(self) -> list[dict[str, Any]]:
        self.get("/iserver/account/trades", "days=7")
        found: list[dict[str, Any]] = self.get("/iserver/account/trades", "days=7")
        return found

    def order_rows(self) -> list[dict[str, Any]]:
        self.get("/iserver/account/orders")
        found: list[dict[str, Any]] = self.get("/iserver/account/orders")["orders"]
        return found


def start(
    symbols: Mapping[str, Sequence[Row]] | Panel,
    *,
    behaviour: Behaviour = QUIET,
    state_dir: Path | None = None,
    **settings: Json,
) -> Client:
    """Return a client of a simulator that is logged in and was asked for its accounts."""
    panel = symbols if isinstance(symbols, Panel) else panel_of(symbols)
    values: dict[str, Json] = {"cash": 100_000.0, "auto_login": True, "pacing": False, **settings}
    config = SimulatorConfig(behaviour=behaviour, state_dir=state_dir, **values)
    client = Client(Simulator(config, ReplayedMarket(panel)))
    client.get("/iserver/accounts")
    return client
