"""The way of a call through the faults that fire for it: each is around those that were planned after it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from simulator.broker import Broker
from simulator.fault_plan import Hit, Planned
from simulator.faults import known_kind
from simulator.faults.context import Firing, json_of
from simulator.messages import Request, Response

Apply = Callable[[Request], Response]


def answer(broker: Broker, request: Request, apply: Apply) -> Response:
    """Answer a call, past the faults that are on; every firing is in the truth log before what it does."""
    response = _past_faults(broker, request, apply) if broker.faults.planned else apply(request)
    if request.method == "GET" and broker.memory.after_next_read:
        held, broker.memory.after_next_read = broker.memory.after_next_read, []
        for action in held:
            action()
    return response


def taken_in(broker: Broker, request: Request) -> int | None:
    """Return after how many bytes of its body a fault breaks a call off, None where none will; nothing is counted."""
    for planned in broker.faults.foreseen(request, broker.now_us):
        kind = known_kind(planned.fault.id)
        if kind.breaks_off_after:
            return int(kind.value(planned.fault, kind.breaks_off_after))
    return None


def _past_faults(broker: Broker, request: Request, apply: Apply) -> Response:
    hits = _hits(broker, request)
    proceed = partial(apply, request)
    for hit in reversed(hits):
        proceed = partial(known_kind(hit.planned.fault.id).handler, _firing(broker, hit, request, proceed, apply))
    response = proceed()
    _follow_question(broker, hits, response)
    return response


def _hits(broker: Broker, request: Request) -> list[Hit]:
    going_on = broker.memory.asked.pop(request.path.rpartition("/")[2], [])
    hits, matched = broker.faults.met(request, broker.now_us, partial(_is_ready, broker), going_on)
    if matched:
        broker.note("matched", {"indexes": matched})
    for hit in hits:
        facts = {"id": hit.planned.fault.id, "index": hit.index, "method": request.method, "path": request.path}
        if broker.arrival is not None:
            facts["request"] = broker.arrival
        broker.note("fault", {**facts, "goes_on": True} if hit.lasting else facts)
    return hits


def _is_ready(broker: Broker, planned: Planned, request: Request) -> bool:
    kind = known_kind(planned.fault.id)
    return kind.ready is None or kind.ready(broker, request, partial(kind.value, planned.fault))


def _firing(broker: Broker, hit: Hit, request: Request, proceed: Callable[[], Response], apply: Apply) -> Firing:
    fault = hit.planned.fault
    value = partial(known_kind(fault.id).value, fault)
    return Firing(broker, fault, request, proceed, apply, hit.draws, value, hit.planned.since_us, lasting=hit.lasting)


def _follow_question(broker: Broker, hits: list[Hit], response: Response) -> None:
    """Remember the faults that wait for an order's acceptance, where the answer is a question yet."""
    waiting = [hit.index for hit in hits if known_kind(hit.planned.fault.id).follows_question]
    rows = json_of(response) if waiting else None
    if isinstance(rows, list) and rows and isinstance(rows[0], dict) and "messageIds" in rows[0]:
        broker.memory.asked[str(rows[0]["id"])] = waiting
