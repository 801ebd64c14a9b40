"""The broker's execution algorithms, as the call lists them: an order that names one works here as its plain type."""

from __future__ import annotations

from simulator.broker import Broker
from simulator.endpoints.lookup import by_conid
from simulator.messages import Request, Response, json_response, unavailable
from simulator.router import Needs, Route

ORDER_TYPES = ["limit", "stop_limit", "relative", "marketonclose", "limitonclose"]
"""what an algorithm may be combined with"""
_TIMES = (("startTime", "Start Time"), ("endTime", "End Time"))
_FLAGS = (("allowPastEndTime", "Allow trading past end time"), ("noTakeLiq", "Attempt to never take liquidity"))


def _choice(name: str, identifier: str, values: list[str]) -> dict[str, object]:
    kinds = {"defaultValue": values[-1], "legalStrings": values, "required": "true", "valueClassName": "String"}
    return {"name": name, "id": identifier, **kinds}


def _flag(name: str, identifier: str) -> dict[str, object]:
    return {"name": name, "id": identifier, "valueClassName": "Boolean", "defaultValue": "false"}


def _share(name: str, identifier: str) -> dict[str, object]:
    return {"name": name, "id": identifier, "valueClassName": "Double", "minValue": 0.01, "maxValue": 50.0}


def _time(name: str, identifier: str) -> dict[str, object]:
    return {"name": name, "id": identifier, "valueClassName": "Time"}


_WHEN = [_time(name, identifier) for identifier, name in _TIMES] + [_flag(name, code) for code, name in _FLAGS]
_ALGORITHMS: dict[str, tuple[str, list[dict[str, object]]]] = {
    "Adaptive": ("Adaptive", [_choice("Adaptive order priority/urgency", "adaptivePriority", ["Urgent", "Normal"])]),
    "Vwap": ("VWAP", [_share("Max Percentage", "maxPctVol"), *_WHEN]),
    "Twap": ("TWAP", [_choice("Trade strategy", "strategyType", ["Marketable", "Midpoint"]), *_WHEN]),
    "PctVol": ("Percentage of Volume", [_share("Target Percentage", "pctVol"), *_WHEN]),
    "ArrivalPx": ("Arrival Price", [_choice("Urgency/Risk Aversion", "riskAversion", ["Get Done", "Neutral"]), *_WHEN]),
}


def algorithms(broker: Broker, request: Request) -> Response:
    """GET /iserver/contract/{conid}/algos: with addParams=1 their parameters, with addDescription=1 a word on each.

    `algos` names those that are wanted, with semicolons between them.
    """
    if by_conid(broker, request.argument("conid")) is None:
        return unavailable()
    query = request.query
    asked = {name.lower() for name in query.get("algos", "").replace(",", ";").split(";") if name}
    rows: list[dict[str, object]] = []
    for identifier, (name, parameters) in _ALGORITHMS.items():
        if asked and identifier.lower() not in asked:
            continue
        row: dict[str, object] = {"name": name, "id": identifier}
        if query.get("addDescription") == "1":
            row["description"] = f"{name} algorithm"
        if query.get("addParams") == "1":
            row["parameters"] = [{"guiRank": rank, **field} for rank, field in enumerate(parameters, 1)]
        rows.append(row)
    return json_response({"algos": rows})


ROUTES = (Route("GET", "/iserver/contract/{conid}/algos", algorithms, Needs.BROKERAGE),)
