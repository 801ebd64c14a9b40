"""What the account's answers say wrongly: positions, net liquidation, how many accounts there are."""

from __future__ import annotations

from typing import Any

from simulator.fault_plan import Calls
from simulator.faults.context import Firing
from simulator.faults.declaration import MONEY, POSITIONS, FaultKind, choice, number, seconds, text
from simulator.faults.lists import stale
from simulator.faults.rewriting import encode, raw, rewritten, whole_list
from simulator.messages import Response

SECOND_ACCOUNT = "DU1111111"
_NET_LIQUIDATION = frozenset(
    {"netliquidation", "netliquidation-s", "netliquidationvalue", "netLiquidationValue", "net_liquidation", "nl"}
)


def positions_wrong(firing: Firing) -> Response:
    """The position list is empty, stale, or without one contract."""
    match firing.text("how"):
        case "empty":
            firing.proceed()
            return Response(200, encode([]))
        case "stale":
            return stale(firing)
        case _:
            return whole_list(_without_one)(firing)


def _without_one(firing: Firing, rows: list[Any]) -> list[Any]:
    symbol = firing.text("symbol")
    if not symbol:
        return rows[1:]
    return [row for row in rows if symbol not in (row.get("contractDesc"), row.get("description"))]


def worth_wrong(firing: Firing) -> Response:
    """Net liquidation is no number, zero, or jumps."""

    def other(value: object) -> object:
        if isinstance(value, dict):
            return {**value, "amount": other(value.get("amount", 0.0))}
        what = firing.text("value")
        written = raw("NaN") if what == "nan" else 0.0
        if isinstance(value, str):
            amount = float(value.partition(" ")[0].replace(",", "")) * firing.number("factor")
            shown = {"nan": "NaN", "zero": "0"}.get(what, f"{amount:,.0f}")
            return f"{shown} USD" if value.endswith(" USD") else shown
        if what == "jump":
            return float(value) * firing.number("factor") if isinstance(value, (int, float)) else value
        return written

    def changed(value: Any) -> Any:  # noqa: ANN401  (JSON)
        if isinstance(value, dict):
            return {name: other(item) if name in _NET_LIQUIDATION else changed(item) for name, item in value.items()}
        return [changed(item) for item in value] if isinstance(value, list) else value

    return rewritten(firing, changed)


def second_account(firing: Firing) -> Response:
    """A second account appears, after ours."""
    other = firing.text("account")

    def changed(value: Any) -> Any:  # noqa: ANN401  (JSON)
        if isinstance(value, dict) and isinstance(value.get("accounts"), list):
            return {**value, "accounts": [*value["accounts"], other]}
        if isinstance(value, list) and value and isinstance(value[0], dict):
            names = {name: other for name in ("id", "accountId", "accountVan", "displayName", "desc")}
            return [*value, {**value[0], **names}]
        return value

    return rewritten(firing, changed)


KINDS = (
    FaultKind(
        "C04",
        "Position list empty, stale or without one contract",
        positions_wrong,
        (
            choice("how", "empty", ("empty", "stale", "missing"), "which of these"),
            seconds("seconds", 60.0, "how old it is, with how=stale"),
            text("symbol", "", "which is missing; empty: the first"),
        ),
        calls=POSITIONS,
    ),
    FaultKind(
        "C09",
        "Net liquidation none, zero or jumping",
        worth_wrong,
        (
            choice("value", "nan", ("nan", "zero", "jump"), "what it is"),
            number("factor", 10.0, "how often its true value, with value=jump", most=1e6),
        ),
        calls=MONEY,
    ),
    FaultKind(
        "C10",
        "A second account appears",
        second_account,
        (text("account", SECOND_ACCOUNT, "its id"),),
        calls=Calls("GET", ("/iserver/accounts", "/portfolio/accounts", "/portfolio/subaccounts*")),
    ),
)
