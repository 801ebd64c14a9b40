"""History from the market data farm (/hmds): nothing is there before its own session has been opened."""

from __future__ import annotations

from simulator import instants
from simulator.broker import Broker
from simulator.endpoints.market_data import chart_of, with_data
from simulator.endpoints.session import farm_status
from simulator.market import history
from simulator.messages import Request, Response, json_response, not_found
from simulator.router import Needs, Route


def init(broker: Broker, _request: Request) -> Response:
    """POST /hmds/auth/init: the answer is that of the farm's own status."""
    broker.session.farm_open = True
    return json_response(farm_status())


def bars(broker: Broker, request: Request) -> Response:
    """GET /hmds/history: parameters as those of the other history, other names in the answer."""
    if not broker.session.farm_open:
        return not_found()
    chart = chart_of(broker, request)
    if isinstance(chart, Response):
        return chart
    drawn = chart.bars
    last = min(chart.end_us, broker.now_us)
    head: dict[str, object] = {
        "startTime": instants.compact(drawn.start_us),
        "startTimeVal": instants.millis(drawn.start_us),
        "endTime": instants.compact(last),
        "endTimeVal": instants.millis(last),
        "points": len(drawn.encoded) - 1,
        "barLength": history.BAR_SECONDS[chart.size],
        "mktDataDelay": 0,
    }
    return with_data(head, drawn)


ROUTES = (
    Route("POST", "/hmds/auth/init", init, Needs.BROKERAGE),
    Route("GET", "/hmds/history", bars, Needs.BROKERAGE),
)
