"""Every difference between own records and what the broker shows, or can't be read of it, and what is done about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trading.execution.ownership.foreign import foreign_orders, name_of
from trading.execution.ownership.likeness import PRICE_TOLERANCE, may_be
from trading.execution.ownership.share_trades import in_flight
from trading.execution.planning.balances import waits_for_a_person
from trading.execution.planning.protection import Cover, covers
from trading.execution.planning.state import TradingState
from trading.execution.reading.snapshot import BrokerSnapshot, contracts_of
from trading.execution.reconciliation.absence import VOTES_NEEDED, votes_on
from trading.execution.reconciliation.own_shares import subject_of
from trading.execution.reconciliation.own_splits import looks_split
from trading.model.alarm import HaltCause
from trading.model.difference import Difference, DifferenceKind, Remedy
from trading.model.order import UnreadableRow
from trading.model.record import JournalView, OwnPosition

_LEAVES = "leaves it alone and buys nothing there"


def differences(state: TradingState, halts: Sequence[HaltCause] = ()) -> tuple[Difference, ...]:
    """Return the differences that a reading shows; `halts` are what it halts for, among it the orphans."""
    return (
        *_unreadable(state),
        *_orders_of_ours(state),
        *_orders_of_others(state, {halt.facts for halt in halts if halt.cause == "orphan"}),
        *_shares(state),
        *_stops(state),
        *_flows(state),
    )


def _unreadable(state: TradingState) -> Iterator[Difference]:
    snapshot = state.snapshot
    for name, reading in (
        ("orders", snapshot.orders),
        ("executions", snapshot.executions),
        ("positions", snapshot.positions),
    ):
        if reading.value is None:
            found = f"the list of {name} can't be read: {reading.failure}"
            yield Difference(DifferenceKind.UNREADABLE, name, "", found, "reads it again; what needs it waits")
    for name, row in unreadable_rows(snapshot):
        subject = str(row.order_id or row.conid or name)
        where = _symbol(state, row.conid) if row.conid is not None else next(iter(row.names), "")
        what, system = found_of(name, row), consequence(name, row, state.journal)
        yield Difference(DifferenceKind.UNREADABLE, subject, where, what, system, "look at it at the broker")


# ---- orders


def _orders_of_ours(state: TradingState) -> Iterator[Difference]:
    for record in state.journal.maybe_live:
        if not record.unproven:
            continue
        intent, coid = record.intent, record.coid
        what = f"{intent.side} {intent.quantity} {intent.order_type} as {intent.role}"
        if record.provisional:
            found = f"{what}: order {record.order_id} looks like it and does not carry its name"
            system = "counts it as live, never cancels it, " + BUYS_NONE
            person = f"--claim {coid}={record.order_id} if it is ours, else cancel it at the broker"
            yield Difference(DifferenceKind.PROVISIONAL, coid, intent.symbol, found, system, person)
            continue
        votes = len(votes_on(record, state.sightings.get(coid, ())))
        found = f"{what}: {record.state}, {record.detail or 'no answer yet'}"
        system = f"looks for it ({votes} of {VOTES_NEEDED} readings say it is not there)"
        if record.frozen:
            system = "could not find out in time; " + BUYS_NONE
        person = f"--claim {coid}=ORDER_ID if it is at the broker, --absent {coid} if you have looked and it is not"
        yield Difference(DifferenceKind.UNPROVEN, coid, intent.symbol, found, system, person)


def _orders_of_others(state: TradingState, orphans: set[str]) -> Iterator[Difference]:
    for order in foreign_orders(state.snapshot, state.journal):
        order_id, name = order.order_id, name_of(order, state.snapshot)
        kind = order.order_type or "order"
        found = f"order {order_id}: {order.side} {order.remaining_quantity:g} {kind}, {order.status}"
        if name in orphans:
            found += f", called {name}, which no record of ours has as sent"
            person = f"--adopt {name} or --ignore {name}"
            yield Difference(DifferenceKind.ORPHAN, name, order.symbol, found, "halted; does not cancel it", person)
        else:
            unproven = (record for record in state.journal.maybe_live if record.unproven)
            sight = state.snapshot.sights[order_id]
            like = [r.coid for r in unproven if may_be(r, sight, state.journal, state.snapshot.epoch)]
            person = f"--claim {like[0]}={order_id} if it is ours" if like else ""
            yield Difference(DifferenceKind.FOREIGN_ORDER, str(order_id), order.symbol, found, _LEAVES, person)


# ---- shares


def _shares(state: TradingState) -> Iterator[Difference]:
    snapshot = state.snapshot
    if snapshot.positions.value is None:
        return
    own = {position.conid: position for position in state.journal.positions}
    for conid in sorted({*own, *snapshot.stocks}):
        position, held = own.get(conid), snapshot.held(conid)
        ours = 0 if position is None else position.quantity
        symbol = _symbol(state, conid)
        found = f"the broker shows {held:g} shares, own are {ours}"
        if held < 0:
            traded = position is not None or conid in state.journal.traded
            system = "halted: it never sells short by itself" if traded else _LEAVES
            yield Difference(DifferenceKind.SHORT, symbol, symbol, found, system, "buy back at the broker" * traded)
        if position is not None and snapshot.shares(conid) < ours:
            yield _missing(position, found, state)
        elif held > ours:
            system = "leaves the excess alone and buys nothing there"
            yield Difference(DifferenceKind.SHARES_FOREIGN, symbol, symbol, found, system)


def _missing(position: OwnPosition, found: str, state: TradingState) -> Difference:
    votes = len(state.sightings.get(subject_of(position), ()))
    if in_flight(position.conid, state.snapshot, state.journal):
        system = "waits for an order of ours there that is not settled"
        person = ""
    elif looks_split(position, state.snapshot):
        system = "could be a split: takes it in once the average price agrees; stop stays"
        person = f"--{Remedy.SOLD} {position.symbol} if they were sold"
    else:
        system = f"takes them for sold by hand once it is proven ({votes} of {VOTES_NEEDED} readings); stop stays"
        person = f"--{Remedy.ACCEPT_SHARES} {position.symbol} if they were sold"
    return Difference(DifferenceKind.SHARES_MISSING, position.symbol, position.symbol, found, system, person)


def _stops(state: TradingState) -> Iterator[Difference]:
    if state.snapshot.orders.value is None:
        return
    for cover in covers(state):
        problem = _problem(cover)
        if problem:
            symbol = cover.position.symbol
            yield Difference(DifferenceKind.STOP, symbol, symbol, problem, _mending(cover, state))


def _problem(cover: Cover) -> str:
    """Return what is wrong with the stop of a position, empty for nothing."""
    position, stop = cover.position, cover.stop
    if cover.uncovered:
        return f"{cover.uncovered} of {position.quantity} own shares have no stop that works"
    if stop is None:
        return ""
    if stop.shares > position.quantity:
        return f"the stop sells {stop.shares}, own are {position.quantity}"
    if stop.price is None or abs(stop.price - position.stop_price) > PRICE_TOLERANCE:
        shown = "nowhere" if stop.price is None else f"at {stop.price:g}"
        return f"the stop rests {shown}, planned is {position.stop_price:g}"
    return ""


def _mending(cover: Cover, state: TradingState) -> str:
    if state.guard.observes:
        return "nothing is sent for a live account that was not released"
    if cover.exiting:
        return "its sale is at the broker"
    if cover.unproven:
        return "watches the price itself until it is proven what became of the stop"
    return "puts it right"


def _flows(state: TradingState) -> Iterator[Difference]:
    for flow in state.flows:
        system = "counts it as no gain and no loss" + "; buys nothing until you decide" * waits_for_a_person(flow)
        person = f"--{Remedy.FLOW} {flow.number} if it did, --{Remedy.NO_FLOW} {flow.number} if no money came or went"
        yield Difference(DifferenceKind.FLOW, str(flow.number), "", flow.text, system, person)


def _symbol(state: TradingState, conid: int) -> str:
    """Return what a contract is called by whoever shows it, its number where nobody does."""
    positions = state.snapshot.positions.value
    names = [position.symbol for position in state.journal.positions if position.conid == conid]
    names += [record.intent.symbol for record in state.journal.of(conid)]
    names += [row.symbol for row in (positions.positions if positions is not None else ()) if row.conid == conid]
    return names[0] if names else str(conid)


BUYS_NONE = "buys nothing there while it is so"
EXECUTIONS = "executions"
_PERSON = "look at it at the broker, and sell there what can't wait"


def unreadable_rows(snapshot: BrokerSnapshot) -> Iterator[tuple[str, UnreadableRow]]:
    """Return the rows that could not be read, each with the name of its list."""
    lists = (("orders", snapshot.orders), (EXECUTIONS, snapshot.executions), ("positions", snapshot.positions))
    for name, reading in lists:
        for row in reading.value.unreadable if reading.value is not None else ():
            yield name, row


def found_of(name: str, row: UnreadableRow) -> str:
    """Return what there is to be seen, with what the row calls its contract where the number says nothing."""
    named = f", {row.names[0]}" if row.conid is None and row.names else ""
    return f"{name}: a row can't be read ({row.problem}{named})"


def consequence(name: str, row: UnreadableRow, journal: JournalView) -> str:
    """Return what the system does, or leaves, while a row can't be read."""
    touched = contracts_of(row)
    if None in touched:
        sells = "" if name == EXECUTIONS else "sells no own shares, "
        return f"{sells}ends no order and writes off no shares while it is so"
    if row.conid is None and not touched:
        return "leaves it alone"
    kept = sorted(position.symbol for position in journal.positions if position.conid in touched)
    if not kept or name == EXECUTIONS:
        return BUYS_NONE
    stop = "its stop as it is" if len(kept) == 1 else "their stops as they are"
    return f"does not sell {', '.join(kept)}, leaves {stop} and {BUYS_NONE}"


def exits_wait_for(snapshot: BrokerSnapshot, journal: JournalView) -> tuple[str, ...]:
    """Return the rows that keep own shares from being sold, each with what that means and what a person can do."""
    own = {position.conid for position in journal.positions}
    found = (
        f"{found_of(name, row)}: the system {consequence(name, row, journal)}; {_PERSON}"
        for name, row in unreadable_rows(snapshot)
        if own and name != EXECUTIONS and contracts_of(row) & {None, *own}
    )
    return tuple(dict.fromkeys(found))
