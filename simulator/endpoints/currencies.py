"""Currencies: which pairs there are, and rates that never move, since the account has only USD."""

from __future__ import annotations

from simulator.broker import Broker
from simulator.messages import Request, Response, bad_request, json_response
from simulator.router import Needs, Route

HOME = "USD"
# Currency: the pair as the market quotes it, its conid in the broker's database, and what one unit is worth in USD.
PAIRS: dict[str, tuple[str, int, float]] = {
    "AUD": ("AUD.USD", 14433401, 0.66),
    "CAD": ("USD.CAD", 15016062, 0.73),
    "CHF": ("USD.CHF", 12087820, 1.13),
    "CNH": ("USD.CNH", 113342317, 0.14),
    "DKK": ("USD.DKK", 34808964, 0.146),
    "EUR": ("EUR.USD", 12087792, 1.09),
    "GBP": ("GBP.USD", 12087797, 1.27),
    "HKD": ("USD.HKD", 12345777, 0.128),
    "JPY": ("USD.JPY", 15016059, 0.0067),
    "MXN": ("USD.MXN", 35045199, 0.055),
    "NOK": ("USD.NOK", 37971206, 0.093),
    "NZD": ("NZD.USD", 39453441, 0.61),
    "PLN": ("USD.PLN", 34831481, 0.253),
    "SEK": ("USD.SEK", 37893486, 0.095),
    "SGD": ("USD.SGD", 37928772, 0.745),
}


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
    values = {HOME: 1.0, **{code: value for code, (_, _, value) in PAIRS.items()}}
    source, target = (values.get(request.query.get(name, "").upper()) for name in ("source", "target"))
    if source is None or target is None:
        return bad_request("invalid currency pair")
    return json_response({"rate": round(source / target, 8)})


ROUTES = (
    Route("GET", "/iserver/currency/pairs", pairs, Needs.BROKERAGE),
    Route("GET", "/iserver/exchangerate", rate, Needs.BROKERAGE),
)
