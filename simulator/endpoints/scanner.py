"""The market scanner: its parameters, and a run over the replayed symbols."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.broker import Broker
from simulator.market.contracts import Contract
from simulator.messages import Request, Response, error, json_response
from simulator.router import Needs, Route
from simulator.views.quotes import Quote

MOST_ROWS = 50
_INSTRUMENTS = ["STK"]
_Value = Callable[[Quote], float]


def _change(quote: Quote) -> float:
    """Return the day's change in percent."""
    if quote.last is None or not quote.prior_close or not quote.traded_today:
        return 0.0
    return 100.0 * (quote.last - quote.prior_close) / quote.prior_close


def _change_since_open(quote: Quote) -> float:
    if quote.last is None or not quote.open:
        return 0.0
    return 100.0 * (quote.last - quote.open) / quote.open


def _gap(quote: Quote) -> float:
    """Return how far the day opened from the prior close, in percent."""
    if not quote.open or not quote.prior_close:
        return 0.0
    return 100.0 * (quote.open - quote.prior_close) / quote.prior_close


def _dollars(quote: Quote) -> float:
    return quote.volume * (quote.last or 0.0)


def _volume(quote: Quote) -> float:
    return quote.volume


@dataclass(frozen=True, slots=True)
class ScanType:
    """A ranking; `sign` -1 puts the lowest value first."""

    name: str
    column: str
    value: _Value
    sign: int = 1
    form: str = "{:+.2f}%"


SCAN_TYPES = {
    "TOP_PERC_GAIN": ScanType("Top % Gainers", "Chg%", _change),
    "TOP_PERC_LOSE": ScanType("Top % Losers", "Chg%", _change, -1),
    "TOP_OPEN_PERC_GAIN": ScanType("Top % Gainers Since Open", "Chg%", _change_since_open),
    "TOP_OPEN_PERC_LOSE": ScanType("Top % Losers Since Open", "Chg%", _change_since_open, -1),
    "HIGH_OPEN_GAP": ScanType("Top Close-to-Open % Gainers", "Gap%", _gap),
    "LOW_OPEN_GAP": ScanType("Top Close-to-Open % Losers", "Gap%", _gap, -1),
    "MOST_ACTIVE": ScanType("Most Active", "Volume", _volume, 1, "{:.0f}"),
    "MOST_ACTIVE_USD": ScanType("Most Active ($)", "Value", _dollars, 1, "{:.0f}"),
}
FILTERS: dict[str, tuple[str, Callable[[Quote, float], bool]]] = {
    "priceAbove": ("Price Above", lambda quote, limit: (quote.last or 0.0) >= limit),
    "priceBelow": ("Price Below", lambda quote, limit: (quote.last or 0.0) <= limit),
    "volumeAbove": ("Volume Above", lambda quote, limit: quote.volume >= limit),
    "changePercAbove": ("Change (%) Above", lambda quote, limit: _change(quote) >= limit),
    "changePercBelow": ("Change (%) Below", lambda quote, limit: _change(quote) <= limit),
}


def parameters(_broker: Broker, _request: Request) -> Response:
    """GET /iserver/scanner/params."""
    scan_types = [
        {"display_name": scan.name, "code": code, "instruments": _INSTRUMENTS} for code, scan in SCAN_TYPES.items()
    ]
    filters = [
        {"group": code, "display_name": name, "code": code, "type": "non-range"} for code, (name, _) in FILTERS.items()
    ]
    places = (("Listed/NASDAQ", "STK.US.MAJOR"), ("OTCMarkets", "STK.US.MINOR"))
    parts = [{"display_name": name, "type": code, "locations": []} for name, code in places]
    return json_response(
        {
            "scan_type_list": scan_types,
            "instrument_list": [{"display_name": "US Stocks", "type": "STK", "filters": list(FILTERS)}],
            "filter_list": filters,
            "location_tree": [{"display_name": "US Stocks", "type": "STK", "locations": parts}],
        }
    )


def run(broker: Broker, request: Request) -> Response:
    """POST /iserver/scanner/run: at most 50 rows; an unknown type is an error."""
    body = request.json_object()
    scan = SCAN_TYPES.get(str(body.get("type")))
    if scan is None:
        return error(500, "unknown")
    wanted = body.get("filter") or []
    chosen = [item for item in wanted if isinstance(item, dict)] if isinstance(wanted, list) else []
    found = [
        (scan.value(quote), contract)
        for contract in broker.contracts.all
        if (quote := Quote.of(broker, contract)).last is not None and _passes(quote, chosen)
    ]
    found.sort(key=lambda entry: (-scan.sign * entry[0], entry[1].symbol))
    rows = [_row(number, scan, value, contract) for number, (value, contract) in enumerate(found[:MOST_ROWS])]
    return json_response({"contracts": rows, "scan_data_column_name": scan.column})


def _passes(quote: Quote, wanted: list[dict[str, Any]]) -> bool:
    for item in wanted:
        known = FILTERS.get(str(item.get("code")))
        value = item.get("value")
        if known is not None and isinstance(value, (int, float)) and not known[1](quote, float(value)):
            return False
    return True


def _row(number: int, scan: ScanType, value: float, contract: Contract) -> dict[str, object]:
    row: dict[str, object] = {"server_id": str(number)}
    if number == 0:
        row["column_name"] = scan.column
    return row | {
        "symbol": contract.symbol,
        "conidex": str(contract.conid),
        "con_id": contract.conid,
        "available_chart_periods": "#R|1",
        "company_name": contract.name,
        "scan_data": scan.form.format(value),
        "contract_description_1": contract.symbol,
        "listing_exchange": contract.listing,
        "sec_type": "STK",
    }


ROUTES = (
    Route("GET", "/iserver/scanner/params", parameters, Needs.BROKERAGE),
    Route("POST", "/iserver/scanner/run", run, Needs.BROKERAGE),
)
