"""The way back after a restart: the truth log's commands are carried out anew, and counting goes on where it was."""

from __future__ import annotations

from typing import Any

import msgspec

from simulator import instants
from simulator.broker import Broker
from simulator.exchange import external_events, replay, reports
from simulator.fault_plan import Fault
from simulator.faults import later
from simulator.faults.reading import prepare


def recover(broker: Broker) -> None:
    """Bring a new broker to where its log ends; an empty log begins here.

    Raises:
        StateMismatchError: the log belongs to other bars, another account or another version.
    """
    config = broker.config
    facts = {
        "version": 2,
        "bars": broker.market.digest,
        "contracts": {contract.symbol: contract.conid for contract in broker.contracts.all},
        "account": config.account_id,
        "cash": config.cash,
        "start": instants.iso(broker.now_us),
        "seed": config.seed,
        "behaviour": broker.behaviour,
    }
    broker.log.append("start", broker.now_us, **facts)
    if broker.exchange.day is not None:
        reports.opened(broker.log, broker.exchange.day, (), broker.now_us)
    for record in broker.log.commands():
        _count(broker, record)
        replay.apply(broker.exchange, record)
        if record["kind"] == "clock":
            broker.reported_events = broker.exchange.events
        elif record["kind"] in ("schedule", "deed"):
            _recall_schedule(broker, record)
        else:
            _recall_faults(broker, record)
    later.resume(broker)
    broker.log.flush()
    broker.clock.set(broker.now_us)


def _count(broker: Broker, record: dict[str, Any]) -> None:
    """Go on with the numbers that ids are made from."""
    ids = record.get("order_ids", [])
    if record["kind"] == "session":
        broker.session.epoch = record["epoch"]
    if record["kind"] == "question":
        broker.questions_asked += 1
    if record["kind"] in ("order", "refused"):
        ids = [ticket["order_id"] for ticket in record["tickets"]]
    elif record["kind"] == "deed" and record["do"] in external_events.WITH_OWN_ORDER:
        ids = [record["order_id"]]
    for order_id in ids:
        broker.orders_numbered = max(broker.orders_numbered, broker.identifiers.order_number(order_id))


def _recall_faults(broker: Broker, record: dict[str, Any]) -> None:
    planned = broker.faults.planned
    match record["kind"]:
        case "faults":
            faults = [prepare(fault) for fault in msgspec.convert(record["faults"], list[Fault])]
            broker.faults.install(faults, clear=record["clear"], seed=record["seed"])
        case "fault" if not record.get("goes_on"):
            planned[record["index"]].count_firing(broker.now_us)
        case "matched":
            for index in record["indexes"]:
                planned[index].matched += 1
        case "planned" | "done":
            later.recall(broker, record)
        case "ids":
            broker.orders_numbered = record["numbered"]
        case "behaviour":
            broker.behave(child_activation=record["child_activation"])


def _recall_schedule(broker: Broker, record: dict[str, Any]) -> None:
    broker.scheduled += record.get("entries", [])
    if "entry" in record:
        broker.scheduled_done.add(record["entry"])
