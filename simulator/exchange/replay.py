"""The way back from the truth log: recorded commands, carried out anew."""

from __future__ import annotations

from typing import Any

import msgspec

from simulator import instants
from simulator.exchange import external_events
from simulator.exchange.engine import Exchange
from simulator.exchange.orders import By, Ticket

_ENVELOPE = ("seq", "at", "kind")


def apply(exchange: Exchange, record: dict[str, Any]) -> None:
    """Carry out a recorded command at its instant; one that changes nothing on the book is only logged again."""
    exchange.now_us = instants.parse_iso(record["at"])
    facts = {name: record[name] for name in record if name not in _ENVELOPE}
    match record["kind"]:
        case "order":
            exchange.place(msgspec.convert(record["tickets"], list[Ticket]))
        case "refused":
            exchange.refuse(msgspec.convert(record["tickets"], list[Ticket]), record["reason"])
        case "cancel":
            exchange.cancel(record["order_id"])
        case "modify":
            exchange.modify(msgspec.convert(record["ticket"], Ticket), By(record["by"]))
        case "deed":
            external_events.carry_out(exchange, facts)
        case "clock":
            exchange.move(instants.parse_iso(record["to"]), stop_on_event=record["stop"])
        case kind:
            exchange.log.append(kind, exchange.now_us, **facts)
