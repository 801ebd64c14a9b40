from __future__ import annotations

from tests.fakes.kept_evidence import KeptEvidence
from tests.fakes.trading_states import AAPL, IN_SESSION, XOM, after, reading, shows, stop, unreadable
from tests.unit.trading.execution.shares_shown import TEN, shown
from trading.execution.ownership.excess import Excess, excess_in, note_excess
from trading.model.order import IntentState
from trading.model.record import JournalView


def test_shares_of_others_are_kept_with_when_they_were_first_seen() -> None:
    kept, journal = KeptEvidence(), JournalView((stop(quantity=10),), (TEN,))
    resting = (shows(stop(quantity=10)),)
    for held, now, expected in (
        (15, IN_SESSION, Excess(5.0, 100.0, IN_SESSION)),
        (15, after(30), Excess(5.0, 100.0, IN_SESSION)),
        (12.5, after(60), Excess(2.5, 100.0, after(60))),
        # Fewer than ours tell nothing of theirs.
        (8, after(80), Excess(2.5, 100.0, after(60))),
        (10, after(90), None),
        (8, after(120), None),
    ):
        note_excess(kept, shown({AAPL: held}, now=now, orders=resting), journal)
        assert excess_in(AAPL, kept) == expected


def test_what_is_whose_can_not_be_told_while_something_is_in_flight_or_not_read() -> None:
    kept = KeptEvidence()
    unproven = JournalView((stop(state=IntentState.UNKNOWN, order_id=None),), (TEN,))
    note_excess(kept, shown({AAPL: 15}), unproven)
    journal = JournalView((stop(quantity=10),), (TEN,))
    note_excess(kept, reading(IN_SESSION, failed=["positions"]), journal)
    note_excess(kept, reading(IN_SESSION, held={AAPL: 15}, unreadable_positions=[unreadable(AAPL)]), journal)
    # Nothing of ours was ever there.
    note_excess(kept, shown({XOM: 15}), JournalView((), ()))
    assert kept.seen == {}


def test_their_price_may_change_while_they_stand_there() -> None:
    kept, journal = KeptEvidence(), JournalView((stop(quantity=10),), (TEN,))
    resting = (shows(stop(quantity=10)),)
    note_excess(kept, shown({AAPL: 15}, orders=resting), journal)
    note_excess(kept, shown({AAPL: 15}, now=after(30), orders=resting, average=99.5), journal)
    assert excess_in(AAPL, kept) == Excess(5.0, 99.5, IN_SESSION)
    note_excess(kept, shown({AAPL: 15}, now=after(60), orders=resting, average=None), journal)
    assert excess_in(AAPL, kept) == Excess(5.0, None, IN_SESSION)


def test_average_price_that_is_not_what_ours_cost_is_kept_without_shares_of_others() -> None:
    kept, journal = KeptEvidence(), JournalView((stop(quantity=10),), (TEN,))
    resting = (shows(stop(quantity=10)),)
    for average, now, expected in (
        (100.5, IN_SESSION, None),
        (103.0, after(30), Excess(0.0, 103.0, after(30))),
        (103.5, after(60), Excess(0.0, 103.5, after(30))),
        (None, after(90), None),
        (97.0, after(120), Excess(0.0, 97.0, after(120))),
        (99.5, after(150), None),
    ):
        note_excess(kept, shown({AAPL: 10}, now=now, orders=resting, average=average), journal)
        assert excess_in(AAPL, kept) == expected
    # All were sold.
    note_excess(kept, shown({AAPL: 10}, orders=resting, average=103.0), journal)
    note_excess(kept, shown({}), journal)
    assert excess_in(AAPL, kept) is not None
    note_excess(kept, shown({}), JournalView((stop(quantity=10, state=IntentState.FILLED),), ()))
    assert kept.seen == {}


def test_nothing_is_kept_of_others_while_a_stop_of_ours_is_missing() -> None:
    kept, journal = KeptEvidence(), JournalView((stop(quantity=10),), (TEN,))
    note_excess(kept, shown({AAPL: 15}), journal)
    assert excess_in(AAPL, kept) is None
    note_excess(kept, shown({AAPL: 15}, orders=(shows(stop(quantity=10)),)), journal)
    assert excess_in(AAPL, kept) == Excess(5.0, 100.0, IN_SESSION)


def test_what_this_reading_changed_is_told_by_the_next_one() -> None:
    kept, journal = KeptEvidence(), JournalView((stop(quantity=10),), (TEN,))
    note_excess(kept, shown({AAPL: 15}, orders=(shows(stop(quantity=10)),)), journal, {AAPL})
    assert kept.seen == {}
