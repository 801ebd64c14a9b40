"""Watchlists: all of them, one with its contracts, made, written over, deleted."""

from __future__ import annotations

from simulator import instants
from simulator.broker import Broker
from simulator.endpoints.warming import is_first_read
from simulator.messages import Request, Response, bad_request, json_response, unavailable
from simulator.router import Needs, Route
from simulator.user_records import Watchlist


def watchlists(broker: Broker, _request: Request) -> Response:
    """GET /iserver/watchlists: names without contents."""
    rows = [
        {
            "is_open": False,
            "read_only": False,
            "name": watchlist.name,
            "modified": instants.millis(watchlist.modified_us),
            "id": watchlist.list_id,
            "type": "watchlist",
        }
        for watchlist in broker.user_records.watchlists.values()
    ]
    flags = {"scanners_only": False, "show_scanners": False, "bulk_delete": False}
    return _enveloped(broker, "content", {**flags, "user_lists": rows})


def _enveloped(broker: Broker, action: str, data: dict[str, object]) -> Response:
    broker.user_records.watchlist_calls += 1
    return json_response({"data": data, "action": action, "MID": str(broker.user_records.watchlist_calls)})


def create(broker: Broker, request: Request) -> Response:
    """POST /iserver/watchlist: an id that is there already is written over; what is no number gets nowhere."""
    body = request.json_object()
    if not body:
        return bad_request("id is required")
    list_id, name, rows = body.get("id"), body.get("name"), body.get("rows", [])
    if not isinstance(name, str) or not name or not str(list_id).isdigit() or not isinstance(rows, list):
        return unavailable()
    kept = [row for row in rows if isinstance(row, dict)]
    watchlist = Watchlist(str(list_id), name, kept, broker.now_us)
    broker.user_records.watchlists[watchlist.list_id] = watchlist
    broker.user_records.watchlist_calls += 1
    return json_response({**_head(watchlist), "instruments": []})


def _head(watchlist: Watchlist) -> dict[str, object]:
    return {
        "id": watchlist.list_id,
        "hash": str(instants.millis(watchlist.modified_us)),
        "name": watchlist.name,
        "readOnly": False,
    }


def watchlist(broker: Broker, request: Request) -> Response:
    """GET /iserver/watchlist?id=...: the first read of a session has little of its contracts."""
    found = broker.user_records.watchlists.get(request.query.get("id", ""))
    if found is None:
        return unavailable()
    sparse = is_first_read(broker, f"watchlist/{found.list_id}")
    return json_response({**_head(found), "instruments": [_row(broker, row, sparse=sparse) for row in found.rows]})


def _row(broker: Broker, row: dict[str, object], *, sparse: bool) -> dict[str, object]:
    if "C" not in row:
        return {"H": str(row.get("H", ""))}
    text = str(row["C"])
    number = int(text) if text.lstrip("-").isdigit() else 0
    contract = broker.contracts.by_conid.get(number)
    short: dict[str, object] = {"C": text, "conid": number, "name": contract.name if contract else ""}
    if sparse or contract is None:
        return short
    details = {"fullName": contract.symbol, "assetClass": "STK", "ticker": contract.symbol, "chineseName": ""}
    return {"ST": "STK", **short, **details}


def delete(broker: Broker, request: Request) -> Response:
    """DELETE /iserver/watchlist?id=...: one that isn't there is an error only before any other call for watchlists."""
    # A published client has the id in a body.
    asked = request.query.get("id") or str(request.json_object().get("id", ""))
    if broker.user_records.watchlists.pop(asked, None) is None and not broker.user_records.watchlist_calls:
        return unavailable()
    return _enveloped(broker, "context", {"deleted": asked})


ROUTES = (
    Route("GET", "/iserver/watchlists", watchlists, Needs.BROKERAGE),
    Route("GET", "/iserver/watchlist", watchlist, Needs.BROKERAGE),
    Route("POST", "/iserver/watchlist", create, Needs.BROKERAGE),
    Route("DELETE", "/iserver/watchlist", delete, Needs.BROKERAGE),
)
