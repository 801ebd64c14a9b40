"""The simulator's own control below /sim. Never part of the real API; the server lets only this machine in."""

from __future__ import annotations

from simulator import instants, schedule
from simulator.broker import Broker
from simulator.exchange.external_events import ExternalEventError
from simulator.faults.catalogue import catalogue_rows, rows_apart, selector_rows
from simulator.faults.reading import PlanError, parse_plan, prepare
from simulator.messages import Request, Response, error, json_response
from simulator.router import Needs, Route

JSON_LINES = "application/x-ndjson; charset=utf-8"
PRE_OPEN_US = 330 * instants.MINUTE
"""from 04:00 New York on, five and a half hours before a regular open, the phase is "pre\""""


def clock_facts(broker: Broker) -> dict[str, object]:
    """Return the clock as its calls give it."""
    exchange, market = broker.exchange, broker.market
    now = exchange.now_us
    day = exchange.day
    phase = "open" if day is not None else "closed"
    boundary = exchange.next_boundary()
    if day is None and boundary is not None and boundary - now <= PRE_OPEN_US:
        phase = "pre"
    return {
        "now": instants.iso(now),
        "now_ms": instants.millis(now),
        "session": day.day.isoformat() if day is not None else None,
        "phase": phase,
        "end": instants.iso(market.end_us),
        "ended": now >= market.end_us,
        "events": exchange.events,
    }


def show_clock(broker: Broker, _request: Request) -> Response:
    """GET /sim/clock."""
    return json_response(clock_facts(broker))


def advance(broker: Broker, request: Request) -> Response:
    """POST /sim/advance: move the clock to the next open, the next close, or an instant.

    With `stop_on_event` it stops at the first fill or change of an order's state; one that happened since the last
    advance (a marketable order fills as it arrives) stops it where it is.
    """
    body = request.json_object()
    to_us = _target(broker, body.get("to"))
    if to_us is None:
        return error(400, 'to: one of "open", "close", "next_close" or an ISO 8601 time')
    exchange = broker.exchange
    stop = body.get("stop_on_event") is True
    stopped = stop and exchange.events > broker.reported_events
    if not stopped:
        stopped = broker.advance(to_us, stop_on_event=stop)
        broker.clock.set(exchange.now_us)
    broker.reported_events = exchange.events
    return json_response({**clock_facts(broker), "stopped_on_event": stopped})


def _target(broker: Broker, to: object) -> int | None:
    """Return where an advance goes; past the last bar no open or close follows, so it stays at the end of the data."""
    exchange, market = broker.exchange, broker.market
    now, end = exchange.now_us, market.end_us
    if to == "open":
        upcoming = (day.open_us for day in market.days if day.open_us > now)
    elif to == "close":
        upcoming = (day.close_us for day in market.days if day.close_us > now)
    elif to == "next_close":
        # The close of the session after the one that is open, or of the next one where none is.
        upcoming = (day.close_us for day in market.days if day.open_us > now)
    elif isinstance(to, str):
        try:
            return instants.parse_iso(to)
        except ValueError:
            return None
    else:
        return None
    return max(min(next(upcoming, end), end), now)


def truth(broker: Broker, request: Request) -> Response:
    """GET /sim/truth?since=N: the truth log as JSON lines, from line N on."""
    since = request.query.get("since", "0")
    if not since.isdigit():
        return error(400, "since: a line number, 0 or more")
    return Response(200, broker.log.lines(int(since)), JSON_LINES)


def plan_faults(broker: Broker, request: Request) -> Response:
    """POST /sim/faults: switch faults on; the body is a PlanRequest. A plan with a mistake in it changes nothing."""
    try:
        wanted = parse_plan(request.body)
    except PlanError as fault:
        return error(400, str(fault))
    broker.plan_faults([prepare(fault) for fault in wanted.faults], clear=wanted.clear, seed=wanted.seed)
    return show_faults(broker, request)


def show_faults(broker: Broker, request: Request) -> Response:
    """GET /sim/faults: those that are on, with how often each matched and fired; with `catalogue` all there are."""
    if "catalogue" in request.query:
        shown = {"faults": catalogue_rows(), "apart": rows_apart(), "selector": selector_rows()}
        return json_response(shown)
    rows = [
        {"fault": planned.fault, "matched": planned.matched, "fired": planned.fired}
        for planned in broker.faults.planned
    ]
    return json_response({"faults": rows})


def account_event(broker: Broker, request: Request) -> Response:
    """POST /sim/account {"do": ...}: an external event on the account, or on the session (`schedule`)."""
    body = request.json_object()
    try:
        return json_response(schedule.do(broker, body))
    except ExternalEventError as fault:
        return error(400, f"{fault} (session events: {', '.join(schedule.SESSION_EVENTS)})")


def plan_schedule(broker: Broker, request: Request) -> Response:
    """POST /sim/schedule [{"at": ..., "do": ...}, ...]: external events of /sim/account at simulated instants."""
    try:
        schedule.plan(broker, request.body)
    except schedule.ScheduleError as fault:
        return error(400, str(fault))
    return show_schedule(broker, request)


def show_schedule(broker: Broker, _request: Request) -> Response:
    """GET /sim/schedule: every entry so far, with whether it is done."""
    return json_response({"schedule": schedule.rows(broker)})


CONTROL_ROUTES = (
    Route("GET", "/sim/faults", show_faults, Needs.NOTHING),
    Route("POST", "/sim/faults", plan_faults, Needs.NOTHING),
    Route("POST", "/sim/account", account_event, Needs.NOTHING),
    Route("GET", "/sim/schedule", show_schedule, Needs.NOTHING),
    Route("POST", "/sim/schedule", plan_schedule, Needs.NOTHING),
    Route("GET", "/sim/clock", show_clock, Needs.NOTHING),
    Route("POST", "/sim/advance", advance, Needs.NOTHING),
    Route("GET", "/sim/truth", truth, Needs.NOTHING),
)
