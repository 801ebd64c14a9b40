"""Quotes without fields, stale, impossible, crossed, delayed, marked, and spikes of one tick."""

from __future__ import annotations

from simulator.fault_plan import Calls
from simulator.faults.context import Firing
from simulator.faults.declaration import (
    SNAPSHOTS,
    Anything,
    FaultKind,
    Parameter,
    Texts,
    choice,
    flag,
    number,
    seconds,
    text,
    whole,
)
from simulator.faults.rewriting import Row, each_row, raw

LAST, BID, ASK, AVAILABILITY = "31", "84", "86", "6509"
_VOLUMES = ("v", "87", "7762")


def _number(row: Row, name: str) -> float:
    return float(str(row[name]).lstrip("CH").replace(",", ""))


def _only_conid(_firing: Firing, row: Row) -> None:
    for name in [name for name in row if name not in ("conid", "conidEx")]:
        del row[name]


def _without_field(firing: Firing, row: Row) -> None:
    row.pop(firing.text("field"), None)


def _stale(firing: Firing, row: Row) -> None:
    if "_updated" not in row:
        return
    if firing.text("how") == "old_stamp":
        row["_updated"] -= int(firing.number("seconds") * 1000)
        return
    frozen = firing.broker.memory.quotes.setdefault(row["conid"], {})
    for name in (LAST, BID, ASK):
        if name in row:
            row[name] = frozen.setdefault(name, row[name])


def _price(firing: Firing, row: Row) -> None:
    for name in firing.value("fields"):
        if name in row:
            row[name] = raw(firing.text("value")) if firing.flag("unquoted") else firing.text("value")


def _crossed(firing: Firing, row: Row) -> None:
    if BID not in row or ASK not in row:
        return
    bid, ask = _number(row, BID), _number(row, ASK)
    match firing.text("how"):
        case "crossed":
            row[BID], row[ASK] = f"{max(ask, bid + 0.01):,.2f}", f"{bid:,.2f}"
        case "bid_zero":
            row[BID] = "0"
        case _:
            half = (bid + ask) / 2.0 * firing.number("percent") / 200.0
            row[BID], row[ASK] = f"{(bid + ask) / 2.0 - half:,.2f}", f"{(bid + ask) / 2.0 + half:,.2f}"


def _availability(firing: Firing, row: Row) -> None:
    if AVAILABILITY in row:
        row[AVAILABILITY] = firing.text("code") + str(row[AVAILABILITY])[1:]


def _marked(firing: Firing, row: Row) -> None:
    if LAST in row:
        row[LAST] = firing.text("prefix") + str(row[LAST]).lstrip("CH")


def _volume(firing: Firing, row: Row) -> None:
    for name in _VOLUMES:
        if name in row:
            row[name] = firing.value("value")


def _spike(firing: Firing, row: Row) -> None:
    if LAST in row:
        row[LAST] = f"{_number(row, LAST) * firing.number('factor'):,.2f}"


KINDS = (
    FaultKind(
        "M01",
        "Snapshot without fields",
        each_row(_only_conid),
        (whole("calls", 1, "how many calls; 0: every one"),),
        calls=SNAPSHOTS,
        counted_by="calls",
    ),
    FaultKind(
        "M02",
        "A field of the snapshot is missing",
        each_row(_without_field),
        (text("field", LAST, "which"), whole("calls", 0, "how many calls; 0: every one")),
        calls=SNAPSHOTS,
        counted_by="calls",
    ),
    FaultKind(
        "M03",
        "Stale quotes",
        each_row(_stale),
        (
            choice("how", "old_stamp", ("old_stamp", "frozen"), "an old time, or a fresh one with prices that stand"),
            seconds("seconds", 3600.0, "how old the time is, with how=old_stamp"),
        ),
        calls=SNAPSHOTS,
    ),
    FaultKind(
        "M04",
        "Impossible prices",
        each_row(_price),
        (
            choice("value", "-1", ("-1", "0", "-5.00", "NaN", "1e12"), "what they are; -1 is the broker's for none"),
            Parameter("fields", [LAST, BID, ASK], Texts(), "which fields"),
            flag("unquoted", "as a number in place of a text"),
        ),
        calls=SNAPSHOTS,
    ),
    FaultKind(
        "M05",
        "Bid above ask, bid zero, or a wide spread",
        each_row(_crossed),
        (
            choice("how", "crossed", ("crossed", "bid_zero", "wide"), "which of these"),
            number("percent", 50.0, "of the price, with how=wide", most=200.0),
        ),
        calls=SNAPSHOTS,
    ),
    FaultKind(
        "M06",
        "Quotes delayed, frozen, or both",
        each_row(_availability),
        (choice("code", "D", ("D", "Z", "Y"), "first letter of field 6509: delayed, frozen, frozen and delayed"),),
        calls=SNAPSHOTS,
    ),
    FaultKind(
        "M07",
        "Last price marked as a close, or as halted",
        each_row(_marked),
        (choice("prefix", "H", ("C", "H"), "the mark"),),
        calls=SNAPSHOTS,
    ),
    FaultKind(
        "M10",
        "Volume zero, or a text",
        each_row(_volume),
        (Parameter("value", 0, Anything(), 'what it is, for example 0 or "1.2M"'),),
        calls=Calls("GET", (*SNAPSHOTS.paths, "/iserver/marketdata/history")),
    ),
    FaultKind(
        "M13",
        "Spike of one tick, and back",
        each_row(_spike),
        (
            number("factor", 10.0, "how often the true price", most=1e6),
            whole("calls", 1, "how many calls; 0: every one"),
        ),
        calls=SNAPSHOTS,
        counted_by="calls",
    ),
)
