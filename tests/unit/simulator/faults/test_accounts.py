from __future__ import annotations

import pytest

from tests.unit.simulator.faults.support import POSITIONS, Case, check, holding
from tests.unit.simulator.support import ACCOUNT, Client, Json


def positions(on: Client) -> Json:
    """Return the symbols and shares that are listed, now and after a purchase of another symbol."""
    seen = [{row["contractDesc"]: row["position"] for row in on.get(POSITIONS)}]
    on.order(on.conid("XYZ"), "BUY", "MKT", 5)
    return [*seen, {row["contractDesc"]: row["position"] for row in on.get(POSITIONS)}]


def worth(on: Client) -> Json:
    """Return net liquidation as two calls write it."""
    found = []
    for path, key in (("summary", b'"netliquidation":{"amount":'), ("ledger", b'"netliquidationvalue":')):
        body = on.call("GET", f"/v1/api/portfolio/{ACCOUNT}/{path}").body
        found.append(body.partition(key)[2].partition(b",")[0].decode())
    return found


def balances(on: Client) -> Json:
    return on.get(f"/iserver/account/{ACCOUNT}/summary/balances")["total"]["net_liquidation"]


def accounts(on: Client) -> Json:
    return [on.get("/iserver/accounts")["accounts"], [row["accountId"] for row in on.get("/portfolio/accounts")]]


HELD, BOTH = {"ABC": 10.0}, {"ABC": 10.0, "XYZ": 5.0}
CASES = [
    Case("C04", positions, [{}, {}], scene=holding),
    Case("C04", positions, [HELD, HELD], {"how": "stale"}, scene=holding),
    Case("C04", positions, [{}, {"XYZ": 5.0}], {"how": "missing"}, scene=holding),
    Case("C04", positions, [HELD, HELD], {"how": "missing", "symbol": "XYZ"}, scene=holding),
    Case("C09", worth, ["NaN", "NaN"]),
    Case("C09", worth, ["0.0", "0.0"], {"value": "zero"}),
    Case("C09", worth, ["1000000.0", "1000000.0"], {"value": "jump"}),
    Case("C09", balances, "300,000 USD", {"value": "jump", "factor": 3}),
    Case("C10", accounts, [["DU1234567", "DU1111111"]] * 2),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_account_is_shown_wrongly(case: Case) -> None:
    check(case)
