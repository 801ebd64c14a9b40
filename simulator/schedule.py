"""External events on the account or on the session: at once, or at an instant that a schedule names.

A schedule is a list of external events, each with `at`, an ISO 8601 time. It is in the truth log, and so is each of its
events once it is done: after a restart the rest of it goes on. A split belongs before the open of its first session.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from simulator import instants
from simulator.broker import Broker
from simulator.exchange import external_events
from simulator.exchange.external_events import ExternalEventError


class ScheduleError(ValueError):
    """A schedule can't be kept; the text names in one line the entry, the field, its value and what to write."""


def _login(broker: Broker) -> None:
    broker.session.login(broker.session_us, broker.now_us)


def _logout(broker: Broker) -> None:
    broker.session.logout()


def _compete(broker: Broker) -> None:
    broker.session.lose_brokerage(competing=True)


def _lose_session(broker: Broker) -> None:
    broker.session.lose_brokerage()


SESSION_EVENTS: dict[str, Callable[[Broker], None]] = {
    "login": _login,
    "logout": _logout,
    "compete": _compete,
    "lose_session": _lose_session,
}
"""what happens to the session by hand: log in, log out, another login takes it, it is lost"""


def do(broker: Broker, body: dict[str, Any]) -> dict[str, Any]:
    """Carry out an external event now, and return what came of it.

    Raises:
        ExternalEventError: it is none, or is impossible.
    """
    session_event = SESSION_EVENTS.get(str(body.get("do")))
    if session_event is None:
        return broker.carry_out(body)
    session_event(broker)
    return {"done": body["do"]}


def plan(broker: Broker, data: bytes) -> int:
    """Take a schedule, JSON, and return how many external events it has.

    Raises:
        ScheduleError: it is none, or one of its external events is impossible; then nothing of it is kept.
    """
    try:
        entries = msgspec.json.decode(data)
    except msgspec.DecodeError as fault:
        problem = f'the schedule is no JSON ({fault}); write a list of external events, each with "at" and "do"'
        raise ScheduleError(problem) from fault
    if not isinstance(entries, list):
        problem = f'the schedule is {_kind(entries)}; write a list of external events, each with "at" and "do"'
        raise ScheduleError(problem)
    for number, entry in enumerate(entries, start=1):
        _check(broker, number, entry)
    first = len(broker.scheduled)
    broker.note("schedule", {"entries": entries})
    broker.scheduled += entries
    for number in range(first, len(broker.scheduled)):
        _await(broker, number)
    return len(entries)


def _check(broker: Broker, number: int, entry: object) -> None:
    if not isinstance(entry, dict):
        problem = f'entry {number}: it is {_kind(entry)}; write an object with "at" and "do"'
        raise ScheduleError(problem)
    at = entry.get("at")
    try:
        at_us = instants.parse_iso(at) if isinstance(at, str) else None
    except ValueError:
        at_us = None
    if at_us is None:
        problem = f'entry {number}: at: {at!r} is no time; write for example "2014-06-09T13:00:00Z"'
        raise ScheduleError(problem)
    begin, end = broker.now_us, broker.market.end_us
    if not begin <= at_us <= end:
        span = f"{instants.iso(begin)} to {instants.iso(end)}"
        problem = f"entry {number}: at: {at} is not ahead of the simulated clock; write a time from {span}"
        raise ScheduleError(problem)
    body = {name: value for name, value in entry.items() if name != "at"}
    if body.get("do") in SESSION_EVENTS:
        if len(body) > 1:
            problem = f"entry {number}: {next(name for name in body if name != 'do')}: {body['do']!r} takes no fields"
            raise ScheduleError(problem)
        return
    try:
        external_events.check(broker.exchange, body, later=True)
    except ExternalEventError as fault:
        problem = f"entry {number}: {fault}"
        raise ScheduleError(problem) from fault


def _kind(value: object) -> str:
    return {dict: "an object", str: "a text", type(None): "null"}.get(type(value), repr(value))


def resume(broker: Broker) -> None:
    """Await what a restart has found in the log and not yet done."""
    for number in range(len(broker.scheduled)):
        if number not in broker.scheduled_done:
            _await(broker, number)


def _await(broker: Broker, number: int) -> None:
    at_us = instants.parse_iso(broker.scheduled[number]["at"])
    broker.timeline.add(max(at_us, broker.now_us), partial(_do_entry, broker, number))


def _do_entry(broker: Broker, number: int) -> None:
    """Do what an entry says; one that has become impossible is noted and left out."""
    broker.scheduled_done.add(number)
    body = {name: value for name, value in broker.scheduled[number].items() if name != "at"}
    if body["do"] in SESSION_EVENTS:
        broker.note("schedule", {"entry": number})
        do(broker, body)
        return
    try:
        broker.carry_out(body, entry=number)
    except ExternalEventError as fault:
        broker.note("schedule", {"entry": number, "left_out": str(fault)})


def rows(broker: Broker) -> list[dict[str, Any]]:
    """Return the schedule as it stands, each entry with whether it is done."""
    return [{**entry, "done": number in broker.scheduled_done} for number, entry in enumerate(broker.scheduled)]
