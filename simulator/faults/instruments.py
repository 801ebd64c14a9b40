"""What look-ups say of contracts wrongly: currency, exchange, conid, trading hours, and names not to be trusted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from simulator import instants
from simulator.fault_plan import Calls
from simulator.faults.context import Firing
from simulator.faults.declaration import ANY, FaultKind, choice
from simulator.faults.rewriting import Row, rewritten
from simulator.messages import Response

OTHER_CONID = 1_000_000
_LOOK_UPS = Calls(
    "*",
    (
        "/trsrv/stocks",
        "/trsrv/secdef",
        "/iserver/secdef/search",
        "/iserver/secdef/info",
        "/iserver/contract/*/info",
        "/iserver/contract/*/info-and-rules",
    ),
)
_SCHEDULES = Calls("GET", ("/trsrv/secdef/schedule", "/contract/trading-schedule"))
_EXCHANGES = frozenset({"exchange", "listingExchange", "listing_exchange", "primary_exchange"})
_CONIDS = frozenset({"conid", "con_id"})
_NAMES = frozenset(
    {"name", "company_name", "companyName", "companyHeader", "text", "contractDesc", "fullName", "58", "7051"}
)
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "onerror": '"><img src=x onerror=alert(1)>',
    "template": "{{7*7}}",
    "formula": "=cmd()|' /C calc'!A0",
    "line_break": "NAME\r\nX-Injected: 1",
    "escape": "\x1b[2J\x1b[31mNAME",
    "nul": "NA\x00ME",
    "rtl": "\u202eEMAN",
    "long": "N" * 65_536,
    "quotes": "Robert'); DROP TABLE orders;--",
}
"""names by what is hostile about them"""


def _everywhere(value: Any, change: Callable[[Row], Row]) -> Any:  # noqa: ANN401  (JSON)
    """Return a JSON value with every object in it changed, the inner ones first."""
    if isinstance(value, dict):
        return change({name: _everywhere(item, change) for name, item in value.items()})
    return [_everywhere(item, change) for item in value] if isinstance(value, list) else value


def _with(names: frozenset[str], other: Callable[[Any], object]) -> Callable[[Row], Row]:
    return lambda row: {
        name: other(value) if name in names and value is not None else value for name, value in row.items()
    }


def _other_conid(conid: Any) -> object:  # noqa: ANN401  (JSON)
    other = int(conid) + OTHER_CONID
    return str(other) if isinstance(conid, str) else other


def _another_beside(row: Row) -> Row:
    """Return an object whose list of contracts has another one behind each."""
    contracts = row.get("contracts")
    if not isinstance(contracts, list):
        return row
    others = [{**item, "conid": _other_conid(item["conid"]), "exchange": "MEXI", "isUS": False} for item in contracts]
    return {**row, "contracts": [*contracts, *others]}


def _several(value: Any) -> Any:  # noqa: ANN401  (JSON)
    if isinstance(value, list) and value and isinstance(value[0], dict) and "conid" in value[0]:
        return [*value, *({**row, "conid": _other_conid(row["conid"]), "description": "MEXI"} for row in value)]
    return _everywhere(value, _another_beside)


def other_contract(firing: Firing) -> Response:
    """Look-ups give another currency, exchange or conid, or several contracts."""
    match firing.text("what"):
        case "currency":
            change = _with(frozenset({"currency"}), lambda _value: "EUR")
        case "exchange":
            change = _with(_EXCHANGES, lambda _value: "LSE")
        case "conid":
            change = _with(_CONIDS, _other_conid)
        case _:
            return rewritten(firing, _several)
    return rewritten(firing, lambda value: _everywhere(value, change))


def wrong_hours(firing: Firing) -> Response:
    """Trading hours say that the days from today on are open, or closed, whatever they are."""
    today = instants.new_york_day(firing.broker.now_us)
    days = [today + timedelta(days=number) for number in range(7)]
    opened = firing.text("says") == "open"

    def changed(value: Any) -> Any:  # noqa: ANN401  (JSON)
        if isinstance(value, dict) and "schedules" in value:
            hours = {}
            for day in days:
                liquid = {
                    "opening": instants.new_york(day, 9, 30) // instants.SECOND,
                    "closing": instants.new_york(day, 16) // instants.SECOND,
                }
                listed = [liquid] if opened else []
                hours[day.strftime("%Y%m%d")] = {"liquid_hours": listed, "extended_hours": listed}
            return {**value, "schedules": {**value["schedules"], **hours}}
        for venue in value if isinstance(value, list) else []:
            session: Row = {"openingTime": "0930", "closingTime": "1600", "prop": "LIQUID"}
            rows = [{"tradingScheduleDate": day.strftime("%Y%m%d")} for day in days]
            listed = [session] if opened else []
            venue["schedules"] += [
                {"clearingCycleEndTime": "0000", **row, "sessions": listed, "tradingtimes": []} for row in rows
            ]
        return value

    return rewritten(firing, changed)


def hostile_names(firing: Firing) -> Response:
    """Every name is a text that nobody should trust."""
    kind = firing.text("kind")
    name = HOSTILE[kind] if kind != "all" else "".join(HOSTILE[kind] for kind in HOSTILE if kind != "long")
    change = _with(_NAMES, lambda value: name if isinstance(value, str) else value)
    return rewritten(firing, lambda value: _everywhere(value, change))


KINDS = (
    FaultKind(
        "M11",
        "Wrong contract for a symbol",
        other_contract,
        (
            choice(
                "what",
                "currency",
                ("currency", "exchange", "several", "conid"),
                "EUR, LSE, another contract beside each, or a conid higher by a million",
            ),
        ),
        calls=_LOOK_UPS,
    ),
    FaultKind(
        "M14",
        "Wrong trading hours",
        wrong_hours,
        (choice("says", "open", ("open", "closed"), "what the seven days from today on are said to be"),),
        calls=_SCHEDULES,
    ),
    FaultKind(
        "M15",
        "Hostile texts in names",
        hostile_names,
        (choice("kind", "all", ("all", *HOSTILE), "which; all is all of them together but the long one"),),
        calls=ANY,
    ),
)
