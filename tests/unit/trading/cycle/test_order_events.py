from __future__ import annotations

from dataclasses import replace

from tests.fakes.orders import NOW, bracket
from tests.fakes.trading_context import ContextParts
from trading.cycle.order_events import OrderEvents
from trading.model.order import IntentState


def ended(parts: ContextParts, state: IntentState, detail: str) -> str:
    """Let an entry end with its children, and return its name."""
    journal = parts.context().journal
    group = bracket(journal.next_coid())
    journal.plan(group)
    for step in (IntentState.SENDING, IntentState.UNKNOWN, state):
        journal.transition(group[0].coid, step, detail if step is state else "", NOW)
    for child in group[1:]:
        for step in (IntentState.SENDING, IntentState.UNKNOWN):
            journal.transition(child.coid, step, "", NOW)
        journal.transition(child.coid, IntentState.LOST, "its entry never arrived", NOW)
    return group[0].coid


def lines(parts: ContextParts) -> list[tuple[str, object]]:
    return [(level, fields["coid"]) for level, name, fields in parts.log.lines if name == "order ended"]


def test_end_of_an_order_is_one_line_of_the_log_over_restarts_too(parts: ContextParts) -> None:
    coid = ended(parts, IntentState.CANCELLED, "Cancelled")
    first = OrderEvents(parts.context())
    assert first.tell() > 0
    assert first.tell() == 0
    assert OrderEvents(parts.context()).tell() == 0
    assert lines(parts)[0] == ("info", coid)
    assert len(lines(parts)) == 3


def test_person_is_told_of_an_order_that_never_arrived_and_not_of_its_children(parts: ContextParts) -> None:
    coid = ended(parts, IntentState.LOST, "its absence is proven")
    OrderEvents(parts.context()).tell()
    assert [text for code, text in parts.notes.alerts if code == "rejected"] == [
        f"AAPL: the entry {coid} never arrived: its absence is proven"
    ]
    assert lines(parts)[0] == ("warning", coid)


def test_order_that_came_back_is_told(parts: ContextParts) -> None:
    coid = ended(parts, IntentState.LOST, "its absence is proven")
    events = OrderEvents(parts.context())
    events.tell()
    parts.context().journal.transition(coid, IntentState.WORKING, "RESURRECTED: it is in the order list", NOW)
    events.tell()
    assert [fields["coid"] for _, name, fields in parts.log.lines if name == "order came back"] == [coid]


def refused_pair(parts: ContextParts) -> None:
    """Let the broker refuse a stop and its target with the same words."""
    journal = parts.context().journal
    for leg in bracket(journal.next_coid())[1:]:
        coid = journal.next_coid()
        journal.plan((replace(leg, coid=coid, parent_coid=None),))
        for step in (IntentState.SENDING, IntentState.REJECTED):
            journal.transition(coid, step, "no permission", NOW)


def test_stop_and_target_that_are_refused_for_one_reason_are_one_alert(parts: ContextParts) -> None:
    refused_pair(parts)
    OrderEvents(parts.context()).tell()
    ((code, text),) = parts.notes.alerts
    assert code == "rejected"
    assert text.startswith("AAPL: the stop")


def test_refused_legs_need_no_word_of_their_own_while_an_alarm_counts_them(parts: ContextParts) -> None:
    events = OrderEvents(parts.context())
    refused_pair(parts)
    events.tell(guarded={"AAPL"})
    assert parts.notes.alerts == []
    assert len(lines(parts)) == 2
    refused_pair(parts)
    events.tell(guarded={"MSFT"})
    assert len(parts.notes.alerts) == 1
