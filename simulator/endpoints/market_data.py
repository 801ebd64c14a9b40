"""Quotes and bars: snapshot with its pre-flight, history, unsubscription."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from simulator import instants
from simulator.broker import Broker
from simulator.market import history
from simulator.market.contracts import Contract
from simulator.market.history import MOST_POINTS, Bars, HistoryBar
from simulator.messages import JSON, Request, Response, bad_request, error, json_response
from simulator.router import Needs, Route
from simulator.views.snapshot_fields import fields_of

MOST_CONIDS = 100
MOST_FIELDS = 50
PRICE_FACTOR = 100
QUOTED_SOURCES = ("midpoint", "bid_ask", "bid", "ask")
"""histories of quotes, whose bars have no volume"""
_encode = msgspec.json.Encoder().encode


def snapshot(broker: Broker, request: Request) -> Response:
    """GET /iserver/marketdata/snapshot: the first request for a contract only opens its stream."""
    texts = [text.strip().partition("@")[0] for text in request.query.get("conids", "").split(",") if text.strip()]
    if not texts or not all(text.lstrip("-").isdigit() for text in texts):
        return bad_request("Conid(s) missing")
    fields = [field for field in request.query.get("fields", "").split(",") if field]
    if len(texts) > MOST_CONIDS or len(fields) > MOST_FIELDS:
        return bad_request("too many conids or fields")
    return json_response([_snapshot_row(broker, int(text), fields) for text in texts])


def _snapshot_row(broker: Broker, conid: int, fields: list[str]) -> dict[str, object]:
    row: dict[str, object] = {"conidEx": str(conid), "conid": conid}
    contract = broker.contracts.by_conid.get(conid)
    if contract is None:
        return row
    broker.session.caches.quoted.add(conid)
    calls = broker.session.caches.snapshot_calls
    calls[conid] = calls.get(conid, 0) + 1
    if calls[conid] <= broker.behaviour.snapshot_calls_before_data:
        return row
    row |= {
        "_updated": instants.millis(broker.now_us),
        "server_id": f"q{contract.column}",
        "6119": f"q{contract.column}",
    }
    return row | fields_of(broker, contract, fields)


def unsubscribe(broker: Broker, request: Request) -> Response:
    """POST /iserver/marketdata/unsubscribe: `conid` has to be a number; a contract without a stream is an error."""
    conid = request.json_object().get("conid")
    calls = broker.session.caches.snapshot_calls
    if not isinstance(conid, int) or calls.pop(conid, None) is None:
        return error(500, "unknown")
    return json_response({"success": True})


def unsubscribe_all(broker: Broker, _request: Request) -> Response:
    """GET /iserver/marketdata/unsubscribeall."""
    broker.session.caches.snapshot_calls.clear()
    return json_response({"unsubscribed": True})


@dataclass(frozen=True, slots=True)
class Chart:
    """What a call for history asked for, and the bars that there are."""

    contract: Contract
    period: str
    size: str
    end_us: int
    bars: Bars


def chart_of(broker: Broker, request: Request) -> Chart | Response:
    """Return the bars that a call for history asks for, newest first asked for, or the error that it gets.

    A period or a bar size that is none falls back to the usual one. `startTime` is where the window ends. A period
    shorter than its bars has the one that it lies in.
    """
    query = request.query
    conid = query.get("conid", "")
    if not conid.isdigit():
        return bad_request("Conid(s) missing")
    contract = broker.contracts.by_conid.get(int(conid))
    if contract is None or query.get("direction") == "1":
        return error(500, "Chart data unavailable")
    period = history.parse_period(query.get("period", "")) or history.parse_period(history.DEFAULT_PERIOD)
    number, unit = period or (1, "w")
    size = query.get("bar", "")
    if size not in history.BAR_SECONDS:
        size = history.default_bar(number, unit)
    now = broker.now_us
    end = min(_end_of_window(query.get("startTime", ""), now), now + 1)
    begin = history.period_start(number, unit, end, broker.market)
    without_volume = query.get("source", "").lower() in QUOTED_SOURCES
    bars_ = _bars(broker, contract, size, (begin, end), without_volume=without_volume)
    if bars_.highest is None:
        return error(500, "Chart data unavailable")
    return Chart(contract, f"{number}{unit}", size, end, bars_)


def _end_of_window(text: str, now_us: int) -> int:
    if len(text) < len("YYYYMMDD"):
        return now_us + 1
    day, _, clock = text.partition("-")
    try:
        return instants.parse_iso(f"{day[:4]}-{day[4:6]}-{day[6:8]}T{clock or '00:00:00'}")
    except ValueError:
        return now_us + 1


def _bars(broker: Broker, contract: Contract, size: str, window: tuple[int, int], *, without_volume: bool) -> Bars:
    found = _bars_inside(broker, contract, size, window, without_volume=without_volume)
    if found.highest is not None:
        return found
    begin, end = window
    wider = (begin - history.BAR_SECONDS[size] * instants.SECOND, end)
    return _bars_inside(broker, contract, size, wider, most=1, without_volume=without_volume)


def _bars_inside(
    broker: Broker,
    contract: Contract,
    size: str,
    window: tuple[int, int],
    *,
    most: int = MOST_POINTS,
    without_volume: bool,
) -> Bars:
    source, now = broker.history, broker.now_us
    if size == "1d" and not without_volume:
        return source.daily(contract.column, *window, now, most)
    found = source.bars(contract.column, size, *window, now)[-most:]
    return Bars.of([replace(bar, volume=0.0) for bar in found] if without_volume else found)


def bars(broker: Broker, request: Request) -> Response:
    """GET /iserver/marketdata/history."""
    chart = chart_of(broker, request)
    if isinstance(chart, Response):
        return chart
    drawn = chart.bars
    head = {
        "serverId": str(20_000 + chart.contract.column),
        "symbol": chart.contract.symbol,
        "text": chart.contract.name,
        "priceFactor": PRICE_FACTOR,
        "startTime": instants.compact(drawn.start_us),
        "high": _extreme("high", drawn.highest, drawn.start_us),
        "low": _extreme("low", drawn.lowest, drawn.start_us),
        "timePeriod": chart.period,
        "barLength": history.BAR_SECONDS[chart.size],
        "mdAvailability": "S",
        "mktDataDelay": 0,
        "outsideRth": request.query.get("outsideRth", "").lower() == "true",
        "tradingDayDuration": 390,
        "volumeFactor": 1,
        "priceDisplayRule": 1,
        "priceDisplayValue": "2",
        "chartPanStartTime": instants.compact(broker.now_us),
        "direction": -1,
        "negativeCapable": False,
        "messageVersion": 2,
        "points": len(drawn.encoded) - 1,
        "travelTime": 1,
    }
    return with_data(head, drawn)


def with_data(head: dict[str, object], drawn: Bars) -> Response:
    """Return an answer of `head` and the bars, which are encoded already, under `data`."""
    return Response(200, b"".join((_encode(head)[:-1], b',"data":[', b",".join(drawn.encoded), b"]}")), JSON)


def _extreme(side: str, bar: HistoryBar | None, start_us: int) -> str:
    """Return `price x factor / volume / minutes from the start`."""
    if bar is None:
        return ""
    price = bar.high if side == "high" else bar.low
    return f"{price * PRICE_FACTOR:.0f}/{bar.volume:g}/{(bar.start_us - start_us) // instants.MINUTE}"


ROUTES = (
    Route("GET", "/iserver/marketdata/snapshot", snapshot, Needs.ACCOUNTS),
    Route("POST", "/iserver/marketdata/unsubscribe", unsubscribe, Needs.BROKERAGE),
    Route("GET", "/iserver/marketdata/unsubscribeall", unsubscribe_all, Needs.BROKERAGE),
    Route("GET", "/iserver/marketdata/history", bars, Needs.BROKERAGE),
)
