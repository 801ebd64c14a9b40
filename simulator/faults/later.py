"""What a fault lets happen later: steps at simulated instants, kept in the truth log so that a restart keeps them."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from simulator import instants
from simulator.broker import Broker
from simulator.exchange.external_events import ExternalEventError
from simulator.messages import Request


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something to be done: an external event, or a call that is applied past all faults."""

    event: dict[str, Any] = {}
    while_live: bool = False
    """only if the event's order can still fill, no more than that and within its limit, which a split may have moved"""
    method: str = ""
    path: str = ""
    query: dict[str, str] = {}
    body: str = ""


def call(request: Request) -> Step:
    """Return the step that applies a call."""
    return Step(
        method=request.method,
        path=request.path,
        query=dict(request.query),
        body=request.body.decode("utf-8", "replace"),
    )


def schedule(broker: Broker, seconds: float, step: Step) -> int:
    """Let a step happen some simulated seconds from now, and return its number; without a delay it happens at once."""
    number = broker.memory.steps_planned
    broker.memory.steps_planned += 1
    due_us = broker.now_us + int(seconds * instants.SECOND)
    broker.note("planned", {"number": number, "due": instants.iso(due_us), "step": step})
    broker.memory.steps[number] = (due_us, step)
    if seconds > 0.0:
        broker.timeline.add(due_us, partial(perform, broker, number))
    else:
        perform(broker, number)
    return number


def perform(broker: Broker, number: int) -> None:
    """Do a step; one that was done is not done again."""
    if number not in broker.memory.steps:
        return
    _, step = broker.memory.steps.pop(number)
    broker.note("done", {"number": number})
    if step.method:
        broker.apply_call(Request(step.method, step.path, step.query, step.body.encode()))
        return
    event = _bounded(broker, step.event) if step.while_live else step.event
    try:
        broker.carry_out(event)
    except ExternalEventError:
        return


def _bounded(broker: Broker, event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with what its order can still fill and may cost; of one that can't fill, no external event."""
    order = broker.exchange.book.orders.get(event.get("order_id", 0))
    if order is None or not order.is_live:
        return {}
    bounded = dict(event)
    if "quantity" in event:
        bounded["quantity"] = min(event["quantity"], order.remaining)
    if "price" in event:
        bounded["price"] = order.ticket.within_limit(event["price"])
    return bounded


def recall(broker: Broker, record: dict[str, Any]) -> None:
    """Take up a line of the log: a step that was planned, or one that was done."""
    number = record["number"]
    if record["kind"] == "done":
        broker.memory.steps.pop(number, None)
        return
    broker.memory.steps[number] = (instants.parse_iso(record["due"]), msgspec.convert(record["step"], Step))
    broker.memory.steps_planned = number + 1


def resume(broker: Broker) -> None:
    """Put what a restart found undone back on the timeline."""
    for number, (due_us, _) in broker.memory.steps.items():
        broker.timeline.add(due_us, partial(perform, broker, number))
