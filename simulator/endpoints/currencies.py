"""Currencies: which pairs there are, and their rates."""

from __future__ import annotations

from simulator.broker import Broker
from simulator.messages import Request, Response, bad_request, json_response
from simulator.router import Needs, Route
from simulator.views.currencies import HOME, PAIRS, dollars_for


def pairs(_broker: Broker, request: Request) -> Response:
    """GET /iserver/currency/pairs: those with USD in them."""
    currency = request.query.get("currency", "").upper()
    if not currency:
        return bad_request("currency is required")
    known = PAIRS if currency == HOME else {currency: PAIRS[currency]} if currency in PAIRS else {}
    rows = [
        {"symbol": symbol, "conid": conid, "ccyPair": code if currency == HOME else HOME}
        for code, (symbol, conid, _) in known.items()
    ]
    return json_response({currency: rows})


def rate(_broker: Broker, request: Request) -> Response:
    """GET /iserver/exchangerate: what one unit of `source` is in `target`."""
    source, target = (dollars_for(request.query.get(name, "").upper()) for name in ("source", "target"))
    if source is None or target is None:
        return bad_request("invalid currency pair")
    return json_response({"rate": round(source / target, 8)})


ROUTES = (
    Route("GET", "/iserver/currency/pairs", pairs, Needs.BROKERAGE),
    Route("GET", "/iserver/exchangerate", rate, Needs.BROKERAGE),
)
