from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.fakes.stages import settings_of
from tests.fakes.trading_states import (
    AAPL,
    CLOSE,
    EPOCH,
    IN_SESSION,
    PRE_OPEN,
    XOM,
    after,
    asked,
    calendar,
    entry,
    own,
    reading,
    sale,
    shows,
    stop,
    target,
    unreadable,
)
from trading.execution.ownership.excess import Excess
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.execution.reconciliation.absence import (
    Judgement,
    Vote,
    goes_with_another,
    judge,
    next_look,
    over_at,
    shares_of_others,
    witnessed,
)
from trading.model.command import Step
from trading.model.order import BrokerOrder, BrokerStatus, Execution, IntentState, Side
from trading.model.record import IntentRecord, JournalView, OwnPosition
from trading.model.request import RequestKind
from trading.ports import Sighting

S = IntentState
SETTINGS = settings_of()
GONE = entry("G", None, state=S.UNKNOWN)
WITNESS = stop("W", 8, conid=XOM)
OVER = CLOSE + timedelta(minutes=30)
# 01:30 in New York.
RESET_END = CLOSE + timedelta(hours=9, minutes=30)
NOTHING = Judgement()
VOTED = after(-30)


def votes(count: int, evidence: str = Vote.WITNESSED, *, last: datetime = VOTED) -> tuple[Sighting, ...]:
    return tuple(Sighting(evidence, last - timedelta(seconds=30 * n)) for n in reversed(range(count)))


def judged(
    record: IntentRecord = GONE,
    *rows: BrokerOrder,
    so_far: tuple[Sighting, ...] = (),
    now: datetime = IN_SESSION,
    others: tuple[IntentRecord, ...] = (WITNESS,),
    positions: tuple[OwnPosition, ...] = (),
    snapshot: BrokerSnapshot | None = None,
    theirs: Collection[float] = (0.0,),
) -> Judgement:
    seen = snapshot or reading(now, orders=rows or [shows(WITNESS)], held={p.conid: p.quantity for p in positions})
    journal = JournalView((record, *others), positions)
    return judge(record, so_far, seen, journal, calendar(), SETTINGS, theirs)


# ---- votes


def trade(number: str, quantity: float, side: Side, conid: int = AAPL, time: datetime = IN_SESSION) -> Execution:
    return Execution(f"0000.{number}.01", "DU1234567", conid, "AAPL", side, quantity, 100.0, 1.0, time, None, 900)


def test_witnessed_reading_that_does_not_show_it_is_a_vote_and_the_fifth_is_the_proof() -> None:
    assert judged() == Judgement(Vote.WITNESSED)
    assert judged(so_far=votes(3)) == Judgement(Vote.WITNESSED)
    assert judged(so_far=votes(4)) == Judgement(Vote.WITNESSED, lost=True)


@pytest.mark.parametrize(("apart", "counts"), [(29, False), (30, True)])
def test_votes_are_thirty_seconds_apart(apart: float, *, counts: bool) -> None:
    assert (judged(so_far=votes(1, last=after(-apart))) != NOTHING) is counts


@pytest.mark.parametrize(("seconds", "counts"), [(119, False), (120, True)])
def test_first_vote_comes_after_twice_the_delay_in_which_an_order_may_be_invisible(
    seconds: float, *, counts: bool
) -> None:
    assert (judged(replace(GONE, sent_at=after(-seconds))) != NOTHING) is counts


@pytest.mark.parametrize("name", ["orders", "executions", "positions"])
def test_reading_that_lacks_a_list_counts_nothing(name: str) -> None:
    assert judged(snapshot=reading(IN_SESSION, orders=[shows(WITNESS)], failed=[name])) == NOTHING


@pytest.mark.parametrize(("conid", "counts"), [(AAPL, False), (None, False), (XOM, True)])
def test_row_that_can_not_be_read_is_no_vote_where_it_may_be_ours(conid: int | None, *, counts: bool) -> None:
    snapshot = reading(IN_SESSION, orders=[shows(WITNESS)], unreadable_orders=[unreadable(conid)])
    assert (judged(snapshot=snapshot) != NOTHING) is counts


def test_shares_that_nobody_explains_are_against_its_absence() -> None:
    assert judged(snapshot=reading(IN_SESSION, orders=[shows(WITNESS)], held={AAPL: 9})) == NOTHING
    assert judged(positions=(own(),)) != NOTHING
    assert judged(snapshot=reading(IN_SESSION, orders=[shows(WITNESS)]), positions=(own(),)) == NOTHING


@pytest.mark.parametrize(
    ("age_s", "held", "counts"),
    [(60.0, 7.0, True), (59.9, 7.0, False), (60.0, 16.0, False), (60.0, 0.0, False), (60.0, 6.0, False)],
)
def test_shares_of_others_that_stood_there_before_it_was_sent_are_not_against_it(
    age_s: float, held: float, *, counts: bool
) -> None:
    theirs = shares_of_others(GONE, Excess(7.0, None, after(-age_s, PRE_OPEN)), (), IN_SESSION, SETTINGS)
    snapshot = reading(IN_SESSION, orders=[shows(WITNESS)], held={AAPL: held})
    assert (judged(snapshot=snapshot, theirs=theirs) != NOTHING) is counts


@pytest.mark.parametrize(("age_s", "stood"), [(60.0, 7.0), (59.9, 0.0)])
def test_shares_of_others_that_stood_there_before_a_sale_vanished_are_not_of_it(age_s: float, stood: float) -> None:
    seen = Excess(7.0, None, after(-age_s))
    gone = replace(stop("G", 77, state=S.UNKNOWN), sent_at=PRE_OPEN, unknown_since=IN_SESSION)
    assert shares_of_others(gone, seen, (), IN_SESSION, SETTINGS) == {stood}
    # Of a purchase they may be.
    bought = replace(GONE, sent_at=PRE_OPEN, unknown_since=IN_SESSION)
    assert shares_of_others(bought, seen, (), IN_SESSION, SETTINGS) == {0.0}


def test_what_others_traded_since_is_not_against_it_and_what_they_traded_before_is_in_their_shares() -> None:
    trades = [trade("1", 7, Side.BUY), trade("2", 2, Side.SELL), trade("3", 5, Side.BUY, XOM)]
    before = trade("4", 30, Side.BUY, time=PRE_OPEN - timedelta(seconds=1))
    sent = replace(GONE, sent_at=PRE_OPEN)
    seen = Excess(30.0, None, PRE_OPEN - timedelta(days=1))
    assert shares_of_others(sent, None, trades, IN_SESSION, SETTINGS) == {0.0, 5.0}
    assert shares_of_others(sent, seen, [*trades, before], IN_SESSION, SETTINGS) == {30.0, 35.0}
    # The list of positions was older than these at most ten minutes ago.
    later = IN_SESSION + timedelta(minutes=10)
    assert shares_of_others(sent, seen, trades, later, SETTINGS) == {35.0}


@pytest.mark.parametrize(("age_s", "theirs"), [(60.0, {7.0}), (59.9, {0.0, 1.0}), (None, {0.0, 1.0})])
def test_what_others_bought_before_anybody_could_tell_it_from_ours_may_be_theirs(
    age_s: float | None, theirs: set[float]
) -> None:
    gone = replace(stop("G", 77, state=S.UNKNOWN), sent_at=IN_SESSION, unknown_since=IN_SESSION)
    seen = None if age_s is None else Excess(7.0, None, after(-age_s))
    earlier = trade("1", 1, Side.BUY, time=after(-9000))
    assert shares_of_others(gone, seen, [earlier], after(900), SETTINGS) == theirs


def test_what_others_traded_before_a_sale_vanished_is_in_their_shares_once() -> None:
    gone = replace(stop("G", 77, state=S.UNKNOWN), sent_at=PRE_OPEN, unknown_since=IN_SESSION)
    seen = Excess(7.0, None, after(-300))
    earlier, later = trade("1", 7, Side.BUY, time=after(-301)), trade("2", 2, Side.BUY, time=after(-200))
    assert shares_of_others(gone, seen, [earlier], after(900), SETTINGS) == {7.0}
    assert shares_of_others(gone, seen, [earlier, later], after(900), SETTINGS) == {9.0}


@pytest.mark.parametrize("name", [None, "G"])
def test_order_that_could_be_it_is_never_a_vote_against_it(name: str | None) -> None:
    alike = shows(replace(GONE, order_id=77), order_ref=name)
    assert judged(GONE, shows(WITNESS), alike) == NOTHING


@pytest.mark.parametrize(("quantity", "price"), [(18.0, 50.01), (1.0, 600.06)])
def test_order_that_could_be_it_after_a_split_is_no_vote_against_it_either(quantity: float, price: float) -> None:
    alike = shows(replace(GONE, order_id=77), order_ref=None, total_quantity=quantity, limit_price=price)
    assert judged(GONE, shows(WITNESS), alike) == NOTHING


def test_order_is_not_absent_while_its_id_is_live_in_the_list_at_any_size_and_price() -> None:
    vanished = replace(GONE, order_id=77)
    row = shows(vanished, order_ref=None, total_quantity=4.0, limit_price=1.0)
    assert judged(vanished, shows(WITNESS), row, so_far=votes(4)) == NOTHING


def test_child_that_may_work_for_a_part_of_its_entry_or_was_made_larger_by_hand_is_never_a_vote_against_it() -> None:
    gone = stop("G-S", None, state=S.UNKNOWN, parent="G")
    for shares in (1.0, 9.0, 10.0):
        alike = shows(replace(gone, order_id=77), total_quantity=shares, remaining_quantity=shares)
        assert judged(gone, shows(WITNESS), alike) == NOTHING
        elsewhere = replace(alike, stop_price=(alike.stop_price or 0.0) + 0.01)
        assert judged(gone, shows(WITNESS), elsewhere) != NOTHING
    for shares in (1.0, 10.0):
        other = shows(replace(GONE, order_id=77), order_ref=None, total_quantity=shares, remaining_quantity=shares)
        assert judged(GONE, shows(WITNESS), other) != NOTHING


def test_order_alike_that_is_somebody_elses_or_over_is_none_that_could_be_it() -> None:
    alike = shows(replace(GONE, order_id=77))
    for row in (replace(alike, order_ref="theirs"), replace(alike, order_ref=None, remaining_quantity=0.0)):
        assert judged(GONE, shows(WITNESS), row) == Judgement(Vote.WITNESSED)


def test_order_alike_that_is_inactive_is_none_that_could_be_it() -> None:
    alike = shows(replace(GONE, order_id=77), BrokerStatus.INACTIVE, order_ref=None)
    assert judged(GONE, shows(WITNESS), alike) == Judgement(Vote.WITNESSED)
    # Its id was given to two that are both no more.
    cancelled = replace(alike, status=BrokerStatus.CANCELLED)
    assert judged(GONE, shows(WITNESS), alike, cancelled) == Judgement(Vote.WITNESSED)
    # Where its rows contradict each other one of them may be right.
    assert judged(GONE, shows(WITNESS), alike, replace(alike, status=BrokerStatus.SUBMITTED)) == NOTHING


def test_order_alike_that_is_another_intents_is_none_that_could_be_it() -> None:
    twin = entry("H", 77)
    assert judged(GONE, shows(WITNESS), shows(twin, order_ref=None), others=(WITNESS, twin)) != NOTHING


# 00:45 to 01:30 in New York.
@pytest.mark.parametrize(("minutes", "counts"), [(-1, True), (0, False), (44, False), (45, True)])
def test_nothing_is_counted_inside_the_nightly_reset(minutes: int, *, counts: bool) -> None:
    now = CLOSE + timedelta(hours=8, minutes=45 + minutes)
    # A stop has no end by its session, so that votes alone count.
    gone = stop("G", None, state=S.UNKNOWN)
    assert (judged(gone, now=now) != NOTHING) is counts


# ---- witnesses


def is_witness(record: IntentRecord, *rows: BrokerOrder) -> bool:
    return witnessed("G", reading(IN_SESSION, orders=rows), JournalView((GONE, record), ()))


def test_witness_is_an_order_that_works_and_is_listed() -> None:
    assert is_witness(WITNESS, shows(WITNESS))
    assert not is_witness(WITNESS)


def test_order_that_ended_today_is_a_witness_and_an_older_one_is_not() -> None:
    over = shows(WITNESS, BrokerStatus.CANCELLED)
    ended = replace(WITNESS, state=S.CANCELLED, ended_at=PRE_OPEN)
    assert is_witness(ended, over)
    assert not is_witness(replace(ended, ended_at=PRE_OPEN - timedelta(days=1)), over)


@pytest.mark.parametrize("state", [S.REJECTED, S.DECLINED, S.LOST])
def test_order_that_was_rejected_or_lost_is_not_wanted_in_the_list_and_no_witness(state: IntentState) -> None:
    rejected = replace(stop("V", 9, conid=XOM), state=state, ended_at=PRE_OPEN)
    assert not is_witness(rejected, shows(rejected, BrokerStatus.INACTIVE))
    assert judged(GONE, shows(WITNESS), others=(WITNESS, rejected)) != NOTHING


def test_day_of_a_witness_is_that_of_new_york() -> None:
    ended = replace(WITNESS, state=S.CANCELLED, ended_at=CLOSE + timedelta(hours=7, minutes=59))
    late = reading(CLOSE + timedelta(hours=7, minutes=59), orders=[shows(WITNESS, BrokerStatus.CANCELLED)])
    assert late.began.date() > CLOSE.date()
    assert witnessed("G", late, JournalView((ended,), ()))


@pytest.mark.parametrize(
    "change", [{"provisional": True}, {"seen_epoch": EPOCH - 1}, {"order_id": None}, {"state": S.UNKNOWN}]
)
def test_order_that_this_session_has_not_shown_for_certain_is_no_witness(change: dict[str, object]) -> None:
    assert not is_witness(replace(WITNESS, **change), shows(WITNESS))  # type: ignore[arg-type]


def test_list_that_lacks_one_of_two_witnesses_is_not_believed() -> None:
    second = stop("V", 9, conid=XOM)
    assert judged(GONE, shows(WITNESS), others=(WITNESS, second)) == NOTHING
    assert judged(GONE, shows(WITNESS), shows(second), others=(WITNESS, second)) != NOTHING


def test_order_itself_is_no_witness_of_its_absence() -> None:
    assert judged(GONE, others=()) == NOTHING


# ---- the end of its session


def test_day_order_is_over_half_an_hour_after_its_session_and_a_stop_never() -> None:
    assert over_at(GONE, calendar()) == OVER
    assert over_at(sale(), calendar()) == OVER
    assert over_at(stop(), calendar()) is None


def test_after_its_session_two_clean_readings_prove_it_one_of_them_past_the_reset() -> None:
    first = judged(now=OVER, others=())
    assert first == Judgement(Vote.AFTER_SESSION)
    one = votes(1, Vote.AFTER_SESSION, last=OVER)
    assert judged(now=OVER + timedelta(hours=1), so_far=one, others=()) == NOTHING
    assert judged(now=RESET_END, so_far=one, others=()) == Judgement(Vote.AFTER_RESET, lost=True)


def test_two_readings_past_the_reset_prove_it_too() -> None:
    assert judged(now=RESET_END, others=()) == Judgement(Vote.AFTER_RESET)
    one = votes(1, Vote.AFTER_RESET, last=RESET_END)
    assert judged(now=RESET_END + timedelta(minutes=1), so_far=one, others=()).lost


def test_votes_of_the_session_do_not_count_after_it() -> None:
    assert judged(now=OVER, so_far=votes(4, last=after(-60, OVER))) == Judgement(Vote.AFTER_SESSION)


def test_order_that_has_filled_in_part_does_not_expire_without_a_trace() -> None:
    assert judged(replace(GONE, filled=4), now=OVER, others=()) == NOTHING


@pytest.mark.parametrize(
    ("leg", "entry_state", "goes_with_it"),
    [
        (stop("G-S", None, parent="G", state=S.UNKNOWN), S.UNKNOWN, True),
        (stop("G-S", 7, parent="G", state=S.UNKNOWN), S.UNKNOWN, False),
        (stop("G-S", None, parent="G", state=S.UNKNOWN), S.FILLED, False),
        (stop("P", None, state=S.UNKNOWN), S.UNKNOWN, False),
        (GONE, S.UNKNOWN, False),
    ],
)
def test_leg_goes_goes_with_another_while_neither_is_proven(
    leg: IntentRecord,
    entry_state: IntentState,
    goes_with_it: bool,  # noqa: FBT001
) -> None:
    journal = JournalView((replace(GONE, state=entry_state), leg), ())
    assert goes_with_another(leg, journal) is goes_with_it


def test_target_goes_with_the_stop_that_was_sent_with_it_and_not_the_other_way_round() -> None:
    pair = (stop("P", None, state=S.UNKNOWN), target("Q", None, state=S.UNKNOWN))
    sent = asked(pair[0], Step.PROTECTION, PRE_OPEN, kind=RequestKind.SUBMIT)
    sent = replace(sent, draft=replace(sent.draft, coids=("P", "Q")))
    unproven = JournalView(pair, (), (sent,))
    assert [goes_with_another(leg, unproven) for leg in pair] == [False, True]
    # One that was found, or was sent by itself, tells nothing of the other.
    found = (replace(pair[0], state=S.WORKING, order_id=4), pair[1])
    assert not goes_with_another(pair[1], JournalView(found, (), (sent,)))
    assert not goes_with_another(pair[1], JournalView(pair, ()))


# ---- when to look again


@pytest.mark.parametrize(("seconds", "apart"), [(10, 5), (119, 5), (120, 30)])
def test_next_look_is_soon_while_it_may_turn_up_and_later_as_often_as_a_vote_may_count(
    seconds: float, apart: float
) -> None:
    record = replace(GONE, sent_at=after(-seconds))
    assert next_look(record, IN_SESSION, calendar(), SETTINGS) == after(apart)


def test_frozen_order_is_looked_for_when_its_session_is_over_and_when_the_reset_is() -> None:
    frozen = replace(GONE, frozen=True)
    assert next_look(frozen, IN_SESSION, calendar(), SETTINGS) == OVER
    assert next_look(frozen, OVER, calendar(), SETTINGS) == RESET_END
    assert next_look(frozen, RESET_END, calendar(), SETTINGS) is None
    assert next_look(replace(stop(), frozen=True), IN_SESSION, calendar(), SETTINGS) is None


@pytest.mark.parametrize(("age_s", "looks"), [(60.0, True), (60.1, False)])
def test_frozen_order_is_looked_for_as_long_as_looks_bring_votes(age_s: float, *, looks: bool) -> None:
    frozen = replace(stop(), frozen=True)
    look = next_look(frozen, IN_SESSION, calendar(), SETTINGS, votes(2, last=after(-age_s)))
    assert look == (after(30) if looks else None)
