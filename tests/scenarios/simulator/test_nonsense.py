"""Every call of the API with fields, values and bodies that mean nothing: answered always, never by a defect."""

from __future__ import annotations

import json
import random
from urllib.parse import quote

import pytest

from simulator.endpoints import ROUTES
from tests.unit.simulator.support import ACCOUNT, Client, Json, Row, start

CALLS = 10_000
FLAT: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)
FIELDS = """
    conid conids side orderType price auxPrice quantity tif cOID parentId orders confirmed acctIds acctId period bar
    days freq symbol symbols exchange filters fields messageIds instrument type location publish compete accountId
    isSingleGroup outsideRTH ticker secType cashQty alertName conditions expiration id name rows text device since until
    startTime response machineId conidex
"""
NAMES = tuple(FIELDS.split())
VALUES: tuple[Json, ...] = (
    None, True, False, 0, 1, -1, 1.5, 1e308, -0.0, 10**30, "", "x", "BUY", "SELL", "LMT", "MKT", "STP", "STOP_LIMIT",
    "DAY", "GTC", "OPG", "IOC", "1d", "1min", "1y", "-1d", "9" * 30, "ABC", ACCOUNT, "31", "nan", "Infinity", "\0",
    "é" * 50, [], {}, [[]], [{}], [None], ["x"], [1], "265598", "2014-03-03", "20140303-15:00:00",
)  # fmt: skip
CALLED = tuple(route for route in ROUTES if route.pattern != "/logout")
ARGUMENTS = (ACCOUNT, ACCOUNT, "x", "0", "265598", "1", "SM", "-1", "é", "9" * 30)
BODIES = (b"", b"[]", b"null", b"1", b'"x"', b"{", b"\xff", b'{"a":1e999}')


class Nonsense:
    """Draws calls."""

    def __init__(self, seed: int, conid: int) -> None:
        self._draws = random.Random(seed)  # noqa: S311  (a seeded fuzz, no secret)
        self._conid = conid

    def value(self, depth: int = 0) -> Json:
        kind = self._draws.random()
        if depth < 3 and kind < 0.15:
            return {self._draws.choice(NAMES): self.value(depth + 1) for _ in range(self._draws.randint(0, 6))}
        if depth < 3 and kind < 0.25:
            return [self.value(depth + 1) for _ in range(self._draws.randint(0, 3))]
        return self._draws.choice((*VALUES, self._conid, str(self._conid)))

    def order(self) -> Json:
        """Return an order that is nearly right."""
        order = {"conid": self._conid, "side": "BUY", "orderType": "LMT", "price": 100, "quantity": 10, "tif": "DAY"}
        for _ in range(self._draws.randint(0, 3)):
            order[self._draws.choice((*order, *NAMES))] = self.value(2)
        return order

    def body(self) -> bytes:
        kind = self._draws.random()
        if kind < 0.2:
            return json.dumps({"orders": [self.order() for _ in range(self._draws.randint(0, 3))]}).encode()
        if kind < 0.3:
            return self._draws.choice(BODIES)
        return json.dumps({self._draws.choice(NAMES): self.value() for _ in range(self._draws.randint(0, 6))}).encode()

    def query(self) -> str:
        names = (self._draws.choice(NAMES) for _ in range(self._draws.randint(0, 4)))
        return "&".join(f"{name}={quote(str(self._draws.choice(VALUES)))}" for name in names)

    def call(self) -> tuple[str, str, str, bytes]:
        """Return method, path, query and body."""
        route = self._draws.choice(CALLED)
        parts = route.pattern.split("/")
        path = "/".join(self._draws.choice(ARGUMENTS) if part.startswith("{") else part for part in parts)
        return route.method, f"/v1/api{path}", self.query(), self.body()


def renew(client: Client) -> None:
    """Be logged in again, whatever the nonsense has ended, and let time go on."""
    client.call("POST", "/sim/account", {"do": "login"})
    client.get("/iserver/accounts")
    client.advance("close")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_calls_that_mean_nothing_are_answered_and_leave_the_books_readable(seed: int) -> None:
    client = start({"ABC": [FLAT] * 5, "KO": [FLAT] * 5})
    nonsense = Nonsense(seed, client.conid("ABC"))
    reached = 0
    for number in range(CALLS):
        method, path, query, body = nonsense.call()
        response = client.simulator.handle(method, path, query, body)
        assert 200 <= response.status < 600
        reached += response.status == 200
        if number % 500 == 499:
            renew(client)
    assert reached > CALLS // 4
    renew(client)
    assert client.get(f"/portfolio/{ACCOUNT}/ledger")["USD"]
    assert all(row["orderId"] for row in client.order_rows())
