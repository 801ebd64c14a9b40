"""What every journal promises, held over each one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from trading.execution.order_state import EDGES

from tests.fakes.chance import seeded
from tests.fakes.memory_journal import MemoryJournal
from tests.fakes.orders import CONID, LATER, NOW, SESSION, bracket, fill, market_exit, request
from trading.errors import InvariantBroken
from trading.model.order import IntentState, OrderIntent
from trading.model.outcome import Answer
from trading.model.request import RequestKind
from trading.ports import Journal
from trading.store.database import Database
from trading.store.journal import SqliteJournal


@pytest.fixture(params=["sqlite", "memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    if request.param == "memory":
        yield MemoryJournal()
        return
    database = Database(tmp_path / "state" / "trading.db", chance=seeded())
    yield SqliteJournal(database)
    database.close()


def sent(journal: Journal, *, quantity: int = 10) -> tuple[OrderIntent, OrderIntent, OrderIntent]:
    """Plan a bracket, record its POST and bind all three orders."""
    intents = bracket(journal.next_coid(), quantity=quantity)
    journal.plan(intents)
    coids = [intent.coid for intent in intents]
    wire_id = journal.about(coids, request(), IntentState.SENDING, 1, NOW)
    journal.answered(wire_id, "ACK", Answer(200, b"[]"), NOW)
    for number, coid in enumerate(coids):
        journal.bind(coid, 100 + number, NOW)
    return intents


def state(journal: Journal, coid: str) -> IntentState:
    record = journal.intent(coid)
    assert record is not None
    return record.state


# A way from PLANNED to each state over allowed edges.
PATHS: dict[IntentState, tuple[IntentState, ...]] = {
    IntentState.PLANNED: (),
    IntentState.DENIED: (IntentState.DENIED,),
    IntentState.SENDING: (IntentState.SENDING,),
    IntentState.QUESTIONED: (IntentState.SENDING, IntentState.QUESTIONED),
    IntentState.REPLYING: (IntentState.SENDING, IntentState.QUESTIONED, IntentState.REPLYING),
    IntentState.UNKNOWN: (IntentState.SENDING, IntentState.UNKNOWN),
    IntentState.WORKING: (IntentState.SENDING, IntentState.WORKING),
    IntentState.FILLED: (IntentState.SENDING, IntentState.WORKING, IntentState.FILLED),
    IntentState.CANCELLED: (IntentState.SENDING, IntentState.WORKING, IntentState.CANCELLED),
    IntentState.EXPIRED: (IntentState.SENDING, IntentState.WORKING, IntentState.EXPIRED),
    IntentState.REJECTED: (IntentState.SENDING, IntentState.REJECTED),
    IntentState.DECLINED: (IntentState.SENDING, IntentState.QUESTIONED, IntentState.DECLINED),
    IntentState.LOST: (IntentState.SENDING, IntentState.UNKNOWN, IntentState.LOST),
}


class TestJournal:
    def test_no_two_names_are_equal(self, journal: Journal) -> None:
        names = [journal.next_coid() for _ in range(50)]
        assert len(set(names)) == 50

    def test_planned_intent_comes_back_as_it_was(self, journal: Journal) -> None:
        intents = bracket(journal.next_coid())
        journal.plan(intents)
        assert tuple(record.intent for record in journal.intents()) == intents
        record = journal.intents()[0]
        assert (record.state, record.filled, record.average_price, record.order_id, record.sent_at) == (
            IntentState.PLANNED, 0, None, None, None,
        )  # fmt: skip

    def test_unknown_name_is_none(self, journal: Journal) -> None:
        assert journal.intent("nobody") is None

    def test_used_name_is_refused_and_nothing_of_the_plan_stays(self, journal: Journal) -> None:
        intents = bracket(journal.next_coid())
        journal.plan(intents)
        other = market_exit(journal.next_coid())
        with pytest.raises(InvariantBroken):
            journal.plan([other, market_exit(intents[0].coid)])
        assert journal.intent(other.coid) is None

    @pytest.mark.parametrize("missing", [1, 2])
    def test_entry_without_stop_or_target_is_refused(self, journal: Journal, missing: int) -> None:
        intents = list(bracket(journal.next_coid()))
        del intents[missing]
        with pytest.raises(InvariantBroken):
            journal.plan(intents)
        assert journal.intents() == ()

    @pytest.mark.parametrize("current", IntentState)
    def test_only_edges_of_the_state_machine_are_taken(self, journal: Journal, current: IntentState) -> None:
        for new in IntentState:
            intent = market_exit(journal.next_coid())
            journal.plan([intent])
            for step in PATHS[current]:
                journal.transition(intent.coid, step, "on the way", NOW)
            if new in EDGES[current]:
                journal.transition(intent.coid, new, "allowed", NOW)
                assert state(journal, intent.coid) is new
            else:
                with pytest.raises(InvariantBroken):
                    journal.transition(intent.coid, new, "not allowed", NOW)
                assert state(journal, intent.coid) is current

    def test_denied_intent_is_closed_with_its_code(self, journal: Journal) -> None:
        intent = market_exit(journal.next_coid())
        journal.plan([intent])
        journal.deny(intent.coid, "short", "10 asked, 0 held", NOW)
        record = journal.intent(intent.coid)
        assert record is not None
        assert (record.state, record.detail) == (IntentState.DENIED, "short: 10 asked, 0 held")
        with pytest.raises(InvariantBroken):
            journal.about([intent.coid], request(), IntentState.SENDING, 1, NOW)

    def test_about_moves_all_intents_or_none(self, journal: Journal) -> None:
        first, second = market_exit(journal.next_coid()), market_exit(journal.next_coid())
        journal.plan([first, second])
        journal.deny(second.coid, "short", "", NOW)
        with pytest.raises(InvariantBroken):
            journal.about([first.coid, second.coid], request(), IntentState.SENDING, 1, NOW)
        assert state(journal, first.coid) is IntentState.PLANNED

    def test_about_keeps_when_and_in_which_epoch_it_was_sent(self, journal: Journal) -> None:
        intent = market_exit(journal.next_coid())
        journal.plan([intent])
        journal.about([intent.coid], request(), IntentState.SENDING, 7, NOW)
        record = journal.intent(intent.coid)
        assert record is not None
        assert (record.sent_at, record.epoch) == (NOW, 7)

    def test_answer_is_recorded_once(self, journal: Journal) -> None:
        intent = market_exit(journal.next_coid())
        journal.plan([intent])
        wire_id = journal.about([intent.coid], request(), IntentState.SENDING, 1, NOW)
        journal.answered(wire_id, "ACK", Answer(200, b"{}"), NOW)
        with pytest.raises(InvariantBroken):
            journal.answered(wire_id, "ACK", None, NOW)
        with pytest.raises(InvariantBroken):
            journal.answered(wire_id + 1, "ACK", None, NOW)

    def test_cancel_that_never_left_may_be_asked_for_again(self, journal: Journal) -> None:
        entry, *_ = sent(journal)
        wire_id = journal.about([entry.coid], request(RequestKind.CANCEL), None, 1, NOW)
        asked = journal.intent(entry.coid)
        assert asked is not None
        assert asked.cancel_asked
        assert asked.state is IntentState.WORKING
        journal.answered(wire_id, "NOT_SENT", None, NOW)
        again = journal.intent(entry.coid)
        assert again is not None
        assert not again.cancel_asked

    def test_bound_order_is_working(self, journal: Journal) -> None:
        entry, stop, target = sent(journal)
        assert [(r.order_id, r.state) for r in journal.intents()] == [
            (100, IntentState.WORKING),
            (101, IntentState.WORKING),
            (102, IntentState.WORKING),
        ]
        assert [r.intent for r in journal.intents(states=frozenset({IntentState.WORKING}))] == [entry, stop, target]

    def test_binding_leaves_a_further_state_alone(self, journal: Journal) -> None:
        entry, *_ = sent(journal)
        journal.transition(entry.coid, IntentState.FILLED, "", NOW)
        journal.bind(entry.coid, 100, NOW)
        assert state(journal, entry.coid) is IntentState.FILLED

    def test_one_order_is_not_bound_to_two_intents_nor_two_orders_to_one(self, journal: Journal) -> None:
        entry, stop, _ = sent(journal)
        with pytest.raises(InvariantBroken):
            journal.bind(entry.coid, 101, NOW)
        with pytest.raises(InvariantBroken):
            journal.bind(stop.coid, 999, NOW)

    def test_question_keeps_its_reply_id(self, journal: Journal) -> None:
        intent = market_exit(journal.next_coid())
        journal.plan([intent])
        journal.about([intent.coid], request(), IntentState.SENDING, 1, NOW)
        journal.question(intent.coid, "reply-1", ["o10151", "o163"], NOW)
        record = journal.intent(intent.coid)
        assert record is not None
        assert (record.state, record.reply_id, record.detail) == (
            IntentState.QUESTIONED, "reply-1", "o10151,o163",
        )  # fmt: skip

    def test_only_an_unknown_is_frozen_and_leaving_it_thaws(self, journal: Journal) -> None:
        intent = market_exit(journal.next_coid())
        journal.plan([intent])
        with pytest.raises(InvariantBroken):
            journal.freeze(intent.coid, NOW)
        journal.about([intent.coid], request(), IntentState.SENDING, 1, NOW)
        journal.transition(intent.coid, IntentState.UNKNOWN, "no answer", NOW)
        journal.freeze(intent.coid, NOW)
        frozen = journal.intent(intent.coid)
        assert frozen is not None
        assert frozen.frozen
        journal.bind(intent.coid, 5, NOW)
        thawed = journal.intent(intent.coid)
        assert thawed is not None
        assert (thawed.frozen, thawed.state) == (False, IntentState.WORKING)

    def test_votes_count_from_the_last_time_it_became_unknown(self, journal: Journal) -> None:
        intent = market_exit(journal.next_coid())
        journal.plan([intent])
        journal.about([intent.coid], request(), IntentState.SENDING, 1, NOW)
        journal.transition(intent.coid, IntentState.UNKNOWN, "no answer", NOW)
        assert [journal.vote(intent.coid, "not in 12 orders", NOW) for _ in range(2)] == [1, 2]
        journal.bind(intent.coid, 5, NOW)
        journal.transition(intent.coid, IntentState.UNKNOWN, "gone", LATER)
        assert journal.vote(intent.coid, "not in 12 orders", LATER) == 1


class TestFills:
    def test_entry_fill_makes_the_position(self, journal: Journal) -> None:
        entry, *_ = sent(journal)
        assert journal.execute(entry.coid, fill("e1", entry, 10, 100.01), NOW)
        (position,) = journal.own_positions()
        assert (position.conid, position.symbol, position.quantity, position.entry_session) == (
            CONID, "AAPL", 10, SESSION,
        )  # fmt: skip
        assert (position.entry_price, position.stop_price, position.target_price, position.entry_coid) == (
            100.01, 95.02, 105.03, entry.coid,
        )  # fmt: skip
        record = journal.intent(entry.coid)
        assert record is not None
        assert (record.filled, record.average_price) == (10, 100.01)

    def test_two_fills_of_one_entry_average_their_price(self, journal: Journal) -> None:
        entry, *_ = sent(journal)
        journal.execute(entry.coid, fill("e1", entry, 4, 100.00), NOW)
        journal.execute(entry.coid, fill("e2", entry, 6, 99.50), NOW)
        (position,) = journal.own_positions()
        assert (position.quantity, position.entry_price) == (10, 99.70)

    def test_execution_is_counted_once(self, journal: Journal) -> None:
        entry, *_ = sent(journal)
        assert journal.execute(entry.coid, fill("e1", entry, 10, 100.01), NOW)
        assert not journal.execute(entry.coid, fill("e1", entry, 10, 100.01), NOW)
        assert [position.quantity for position in journal.own_positions()] == [10]

    def test_correction_replaces_the_earlier_version(self, journal: Journal) -> None:
        entry, *_ = sent(journal)
        journal.execute(entry.coid, fill("0000e0d5.6576fd38.01.01", entry, 10, 100.01), NOW)
        assert journal.execute(entry.coid, fill("0000e0d5.6576fd38.01.02", entry, 7, 100.02), NOW)
        assert not journal.execute(entry.coid, fill("0000e0d5.6576fd38.01.01", entry, 10, 100.01), NOW)
        (position,) = journal.own_positions()
        assert (position.quantity, position.entry_price) == (7, 100.02)
        record = journal.intent(entry.coid)
        assert record is not None
        assert (record.filled, record.average_price) == (7, 100.02)

    def test_late_older_version_of_a_corrected_fill_is_not_counted(self, journal: Journal) -> None:
        entry, *_ = sent(journal)
        journal.execute(entry.coid, fill("0000e0d5.6576fd38.01.02", entry, 7, 100.02), NOW)
        assert not journal.execute(entry.coid, fill("0000e0d5.6576fd38.01.01", entry, 10, 100.01), NOW)
        assert [position.quantity for position in journal.own_positions()] == [7]

    def test_two_fills_of_one_order_are_no_correction(self, journal: Journal) -> None:
        entry, *_ = sent(journal)
        journal.execute(entry.coid, fill("0000e0d5.6576fd38.01.01", entry, 4, 100.01), NOW)
        journal.execute(entry.coid, fill("0000e0d5.6576fd39.01.01", entry, 6, 100.01), NOW)
        assert [position.quantity for position in journal.own_positions()] == [10]

    def test_sales_reduce_the_position_until_it_is_gone(self, journal: Journal) -> None:
        entry, stop, target = sent(journal)
        journal.execute(entry.coid, fill("e1", entry, 10, 100.01), NOW)
        journal.execute(stop.coid, fill("e2", stop, 4, 95.00), LATER)
        assert [position.quantity for position in journal.own_positions()] == [6]
        journal.execute(target.coid, fill("e3", target, 6, 105.03), LATER)
        assert journal.own_positions() == ()

    def test_fill_does_not_change_the_state(self, journal: Journal) -> None:
        entry, *_ = sent(journal)
        journal.execute(entry.coid, fill("e1", entry, 10, 100.01), NOW)
        assert state(journal, entry.coid) is IntentState.WORKING

    def test_late_fill_of_a_cancelled_entry_is_own_shares(self, journal: Journal) -> None:
        entry, *_ = sent(journal)
        journal.transition(entry.coid, IntentState.CANCELLED, "", NOW)
        assert journal.execute(entry.coid, fill("e1", entry, 3, 100.01), NOW)
        assert [position.quantity for position in journal.own_positions()] == [3]
        assert state(journal, entry.coid) is IntentState.CANCELLED

    @pytest.mark.parametrize("change", [{"conid": 1}, {"quantity": 1.5}])
    def test_execution_of_another_order_is_refused(self, journal: Journal, change: dict[str, float]) -> None:
        entry, *_ = sent(journal)
        wrong = replace(fill("e1", entry, 10, 100.01), **change)  # type: ignore[arg-type]
        with pytest.raises(InvariantBroken):
            journal.execute(entry.coid, wrong, NOW)
        assert journal.own_positions() == ()

    def test_sale_of_more_than_we_had_is_recorded_and_reported(self, journal: Journal) -> None:
        entry, stop, target = sent(journal)
        journal.execute(entry.coid, fill("e1", entry, 10, 100.01), NOW)
        journal.execute(stop.coid, fill("e2", stop, 10, 95.00), LATER)
        with pytest.raises(InvariantBroken):
            journal.execute(target.coid, fill("e3", target, 10, 105.03), LATER)
        record = journal.intent(target.coid)
        assert record is not None
        assert record.filled == 10
        assert not journal.execute(target.coid, fill("e3", target, 10, 105.03), LATER)

    def test_shares_sold_by_hand_are_taken_off(self, journal: Journal) -> None:
        entry, *_ = sent(journal)
        journal.execute(entry.coid, fill("e1", entry, 10, 100.01), NOW)
        journal.adjust(CONID, -4, "sold by hand", NOW)
        assert [position.quantity for position in journal.own_positions()] == [6]
        journal.adjust(CONID, -6, "sold by hand", NOW)
        assert journal.own_positions() == ()
        with pytest.raises(InvariantBroken):
            journal.adjust(CONID, -1, "sold by hand", NOW)

    def test_split_multiplies_shares_and_divides_prices(self, journal: Journal) -> None:
        entry, *_ = sent(journal)
        journal.execute(entry.coid, fill("e1", entry, 10, 100.00), NOW)
        journal.adjust(CONID, 10, "split 2:1", NOW, ratio=2.0)
        (position,) = journal.own_positions()
        assert (position.quantity, position.entry_price, position.stop_price, position.target_price) == (
            20, 50.00, 47.51, 52.515,
        )  # fmt: skip

    def test_positions_come_by_symbol(self, journal: Journal) -> None:
        for conid, symbol in ((3, "MSFT"), (2, "AAPL"), (1, "XOM")):
            entry, stop, target = bracket(journal.next_coid(), conid=conid, symbol=symbol)
            journal.plan([entry, stop, target])
            journal.execute(entry.coid, fill(symbol, entry, 1, 10.0), NOW)
        assert [position.symbol for position in journal.own_positions()] == ["AAPL", "MSFT", "XOM"]
        assert all(position.entry_session == date(2014, 3, 4) for position in journal.own_positions())
