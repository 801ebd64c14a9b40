from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from tests.fakes.fake_broker import FakeBroker
from tests.fakes.order_books import OrderBooks
from tests.fakes.stages import settings_of
from tests.fakes.trading_states import (
    AAPL,
    ACCOUNT,
    CLOSE,
    EPOCH,
    IN_SESSION,
    after,
    asked,
    calendar,
    entry,
    reading,
    shows,
    stop,
    unreadable,
)
from trading.execution.reading.evidence import Since, since_of
from trading.execution.reading.snapshot import BrokerSnapshot, Reading
from trading.execution.reconciliation.endings import WARNED, Ending, Endings
from trading.model.command import CommandRecord, CommandState, Step
from trading.model.order import (
    LIFE,
    BrokerOrder,
    BrokerStatus,
    Execution,
    ExecutionList,
    IntentState,
    OrderLife,
    Side,
)
from trading.model.record import IntentRecord, JournalView
from trading.model.request import RequestKind
from trading.store.evidence import SqliteEvidence

S = IntentState
ENTRY = entry()
OVER = CLOSE + timedelta(minutes=30)
CONTRADICTING = [
    pair for pair in permutations(BrokerStatus, 2) if any(LIFE[status] is not OrderLife.OVER for status in pair)
]


class Judge:
    """Judges one order by one reading after the other; `broker` answers for the orders that a list lacks."""

    def __init__(self, books: OrderBooks) -> None:
        self.evidence = SqliteEvidence(books.database)
        self.broker: FakeBroker = books.broker
        self.told: dict[str, BrokerOrder] = {}
        self.alive: set[str] = set()

    def __call__(
        self,
        record: IntentRecord,
        *rows: BrokerOrder,
        now: datetime = IN_SESSION,
        commands: tuple[CommandRecord, ...] = (),
        snapshot: BrokerSnapshot | None = None,
        before: tuple[IntentRecord, ...] = (),
    ) -> Ending | None:
        since = Since(self.evidence, now)
        seen = snapshot or reading(now, orders=rows)
        journal = JournalView((*before, record), (), commands)
        endings = Endings(seen, journal, since, self.broker, calendar(), settings_of())
        found = endings.of(record, now)
        self.told, self.alive = endings.told, endings.alive
        since.close()
        return found

    def after(
        self, seconds: float, record: IntentRecord, *rows: BrokerOrder, start: datetime = IN_SESSION
    ) -> Ending | None:
        """Judge now, and again after so many seconds."""
        assert self(record, *rows, now=start) is None
        return self(record, *rows, now=start + timedelta(seconds=seconds))


@pytest.fixture
def judge(books: OrderBooks) -> Judge:
    return Judge(books)


@pytest.mark.parametrize(
    "status",
    [BrokerStatus.SUBMITTED, BrokerStatus.PRE_SUBMITTED, BrokerStatus.PENDING_SUBMIT, BrokerStatus.PENDING_CANCEL],
)
def test_order_that_works_has_not_ended(judge: Judge, status: BrokerStatus) -> None:
    assert judge.after(86400, ENTRY, shows(ENTRY, status)) is None


@pytest.mark.parametrize(
    ("status", "state"), [(BrokerStatus.CANCELLED, S.CANCELLED), (BrokerStatus.FAILED, S.REJECTED)]
)
def test_order_that_is_over_ends_as_its_row_says(judge: Judge, status: BrokerStatus, state: IntentState) -> None:
    assert judge(ENTRY, shows(ENTRY, status)) == Ending(state, str(status))


def test_order_whose_executions_are_all_counted_is_filled_whatever_its_row_says(judge: Judge) -> None:
    record = replace(ENTRY, filled=9)
    for rows in ((), (shows(ENTRY),), (shows(ENTRY, BrokerStatus.CANCELLED),)):
        assert judge(record, *rows) == Ending(S.FILLED, "")


def test_order_that_was_made_larger_is_filled_with_its_new_shares_alone(judge: Judge) -> None:
    record = replace(stop(), filled=9)
    # By a split or by hand, as the row shows it; by us, where the row may be older than what we asked for.
    assert judge(record, shows(record, total_quantity=18.0, remaining_quantity=9.0)) is None
    more = asked(record, Step.RESIZE, IN_SESSION, kind=RequestKind.MODIFY, quantity=10, price=95.0)
    older = shows(record, remaining_quantity=1.0)
    assert judge(record, older, commands=(more,)) is None
    assert judge(replace(record, filled=10), older, commands=(more,)) == Ending(S.FILLED, "")
    refused = replace(more, state=CommandState.REFUSED)
    assert judge(record, older, commands=(refused,)) == Ending(S.FILLED, "")


@pytest.mark.parametrize("status", [BrokerStatus.WARN_STATE, BrokerStatus.OTHER])
def test_status_that_says_nothing_ends_nothing(judge: Judge, status: BrokerStatus) -> None:
    assert judge.after(86400, ENTRY, shows(ENTRY, status)) is None


def test_it_is_kept_since_when_a_warning_stands_on_an_order(judge: Judge) -> None:
    subject = since_of(WARNED, ENTRY.coid)
    assert judge.after(60, ENTRY, shows(ENTRY, BrokerStatus.WARN_STATE)) is None
    assert [sighting.at for sighting in judge.evidence.of(subject)] == [IN_SESSION]
    assert judge(ENTRY, shows(ENTRY)) is None
    assert judge.evidence.of(subject) == ()


@pytest.mark.parametrize(("seconds", "ended"), [(29, False), (30, True)])
def test_inactive_order_is_rejected_after_thirty_seconds(judge: Judge, seconds: float, *, ended: bool) -> None:
    found = judge.after(seconds, ENTRY, shows(ENTRY, BrokerStatus.INACTIVE))
    assert found == (Ending(S.REJECTED, "Inactive") if ended else None)


@pytest.mark.parametrize(("first", "second"), CONTRADICTING)
def test_order_whose_rows_contradict_each_other_never_ends(
    judge: Judge, first: BrokerStatus, second: BrokerStatus
) -> None:
    assert judge.after(3600.0, ENTRY, shows(ENTRY, first), shows(ENTRY, second)) is None


def test_rows_that_contradict_each_other_end_nothing(judge: Judge) -> None:
    rows = (shows(ENTRY, filled_quantity=4.0, remaining_quantity=5.0), shows(ENTRY, BrokerStatus.FILLED))
    assert judge.after(86400, ENTRY, *rows) is None


@pytest.mark.parametrize(("seconds", "ended"), [(59, False), (60, True)])
def test_end_waits_a_minute_for_executions_and_is_a_gap_then(judge: Judge, seconds: float, *, ended: bool) -> None:
    row = shows(ENTRY, BrokerStatus.FILLED, filled_quantity=9.0)
    found = judge.after(seconds, ENTRY, row)
    assert found == (Ending(S.FILLED, "exec_gap: 9 filled, executions say 0", gap=row) if ended else None)


def test_executions_that_can_not_be_read_are_no_gap(judge: Judge) -> None:
    row = shows(ENTRY, BrokerStatus.FILLED, filled_quantity=9.0)
    failed = reading(IN_SESSION, orders=[row], failed=["executions"])
    assert [judge(ENTRY, now=after(seconds), snapshot=failed) for seconds in (0, 60, 3600)] == [None] * 3
    # The minute begins with the first list that lacks them, and a failure in between does not end it.
    assert judge(ENTRY, row, now=after(3605)) is None
    assert judge(ENTRY, now=after(3635), snapshot=failed) is None
    assert (judge(ENTRY, row, now=after(3664)), judge(ENTRY, row, now=after(3665)) is None) == (None, False)


@pytest.mark.parametrize(
    ("number", "quantity", "at_once"), [("01.01", 9.0, False), ("01.02", 4.0, True), ("01", 0.0, True)]
)
def test_shares_that_the_broker_took_back_are_not_waited_for(
    judge: Judge, number: str, quantity: float, *, at_once: bool
) -> None:
    row = shows(ENTRY, BrokerStatus.FILLED, filled_quantity=9.0)
    told = Execution(
        f"0000e0d5.00000001.{number}", ACCOUNT, AAPL, "AAPL", Side.BUY, quantity, 100.0, 1.0, IN_SESSION, None, 1
    )
    seen = replace(reading(IN_SESSION, orders=(row,)), executions=Reading(ExecutionList((told,)), IN_SESSION))
    assert (judge(ENTRY, snapshot=seen) is not None) is at_once
    other = replace(seen, executions=Reading(ExecutionList((replace(told, order_id=77),)), IN_SESSION))
    assert judge(ENTRY, snapshot=other) is None


def test_order_that_was_cancelled_in_part_ends_with_what_was_executed(judge: Judge) -> None:
    record = replace(ENTRY, filled=4)
    assert judge(record, shows(record, BrokerStatus.CANCELLED)) == Ending(S.CANCELLED, "Cancelled")


def test_order_that_works_by_its_id_has_not_ended_by_a_row_that_says_cancelled(judge: Judge) -> None:
    leg = stop()
    row = shows(leg, BrokerStatus.CANCELLED)
    judge.broker.book[row.order_id] = shows(leg, BrokerStatus.PRE_SUBMITTED)
    assert judge.after(86400, leg, row) is None
    # Nobody knows it, it is another one's by now, or it is over.
    for told in (None, shows(leg, conid=4711), row):
        judge.broker.book = {} if told is None else {row.order_id: told}
        assert judge(leg, row) == Ending(S.CANCELLED, "Cancelled")


def test_order_that_we_asked_to_cancel_ends_as_its_row_says(judge: Judge) -> None:
    leg = stop()
    row = shows(leg, BrokerStatus.CANCELLED)
    judge.broker.book[row.order_id] = shows(leg, BrokerStatus.PRE_SUBMITTED)
    left, kept = (asked(leg, Step.REPLACE, IN_SESSION, state=s) for s in (CommandState.ACKED, CommandState.NOT_SENT))
    assert judge(leg, row, commands=(left,)) == Ending(S.CANCELLED, "Cancelled")
    assert judge(leg, row, commands=(kept,)) is None


@pytest.mark.parametrize(("seconds", "ended"), [(59, False), (60, True)])
def test_row_that_says_cancelled_is_believed_a_minute_later_where_nobody_answers_for_its_order(
    judge: Judge, seconds: float, *, ended: bool
) -> None:
    judge.broker.failing.add("status")
    found = judge.after(seconds, stop(), shows(stop(), BrokerStatus.CANCELLED))
    assert found == (Ending(S.CANCELLED, "Cancelled") if ended else None)


# ---- the end of a session


@pytest.mark.parametrize(("now", "state"), [(CLOSE, S.EXPIRED), (CLOSE - timedelta(seconds=1), S.CANCELLED)])
def test_day_order_that_is_cancelled_at_the_close_has_expired(judge: Judge, now: datetime, state: IntentState) -> None:
    found = judge(ENTRY, shows(ENTRY, BrokerStatus.CANCELLED), now=now)
    assert found is not None
    assert found.state is state


@pytest.mark.parametrize(("step", "state"), [(Step.HALT, S.CANCELLED), (Step.SESSION_OVER, S.EXPIRED)])
def test_day_order_that_we_asked_to_cancel_was_cancelled_unless_its_session_was_over(
    judge: Judge, step: Step, state: IntentState
) -> None:
    commands = (asked(ENTRY, step, IN_SESSION),)
    found = judge(ENTRY, shows(ENTRY, BrokerStatus.CANCELLED), now=CLOSE, commands=commands)
    assert found is not None
    assert found.state is state


def test_cancel_that_never_left_cancelled_nothing(judge: Judge) -> None:
    commands = (asked(ENTRY, Step.HALT, IN_SESSION, state=CommandState.NOT_SENT),)
    found = judge(ENTRY, shows(ENTRY, BrokerStatus.CANCELLED), now=CLOSE, commands=commands)
    assert found is not None
    assert found.state is S.EXPIRED


def test_stop_that_is_cancelled_after_the_close_was_cancelled(judge: Judge) -> None:
    found = judge(stop(), shows(stop(), BrokerStatus.CANCELLED), now=OVER)
    assert found is not None
    assert found.state is S.CANCELLED


# ---- orders that the list lacks


def test_order_that_the_list_lacks_is_asked_for_by_its_id(judge: Judge) -> None:
    judge.broker.book[1] = shows(ENTRY)
    assert judge.after(86400, ENTRY, start=IN_SESSION - timedelta(days=2)) is None
    judge.broker.book[1] = shows(ENTRY, BrokerStatus.CANCELLED)
    assert judge(ENTRY) == Ending(S.CANCELLED, "Cancelled")


def test_what_an_order_says_that_the_list_lacks_is_told_where_its_executions_say_less(judge: Judge) -> None:
    judge.broker.book[1] = shows(ENTRY)
    judge(ENTRY)
    assert judge.told == {}
    judge.broker.book[1] = filled = shows(ENTRY, BrokerStatus.FILLED, filled_quantity=9.0)
    judge(ENTRY)
    assert judge.told == {ENTRY.coid: filled}
    judge(ENTRY, filled)
    assert judge.told == {}


@pytest.mark.parametrize(("seconds", "ended"), [(119, False), (120, True)])
def test_order_that_nobody_knows_is_unproven_after_twice_the_delay(
    judge: Judge, seconds: float, *, ended: bool
) -> None:
    found = judge.after(seconds, ENTRY)
    assert found == (Ending(S.UNKNOWN, "vanished without a terminal status") if ended else None)


def test_id_that_is_another_orders_now_is_no_sight_of_ours(judge: Judge) -> None:
    other = shows(ENTRY, BrokerStatus.CANCELLED, order_ref="another")
    assert judge.after(119, ENTRY, other) is None
    judge.broker.book[1] = other
    assert judge.after(119, ENTRY) is None


def test_day_order_that_nobody_knows_half_an_hour_after_its_session_has_expired(judge: Judge) -> None:
    assert judge(ENTRY, now=OVER - timedelta(seconds=1)) is None
    assert judge(ENTRY, now=OVER) == Ending(S.EXPIRED, "its session is over, and it is in no list")
    for at in (OVER, OVER + timedelta(hours=1)):
        assert judge(ENTRY, now=at, snapshot=reading(at, failed=["executions"])) is None


def test_stop_that_nobody_knows_after_its_session_is_unproven(judge: Judge) -> None:
    found = judge.after(120, stop(), start=OVER)
    assert found is not None
    assert found.state is S.UNKNOWN


def test_order_that_was_found_by_likeness_and_is_gone_is_unproven_at_once(judge: Judge) -> None:
    found = judge(replace(ENTRY, provisional=True))
    assert found is not None
    assert found.state is S.UNKNOWN


def test_nothing_is_missing_where_the_list_can_not_tell(judge: Judge) -> None:
    later = IN_SESSION + timedelta(hours=1)
    blind = [
        reading(later, failed=["orders"]),
        reading(later, unreadable_orders=[unreadable(ENTRY.intent.conid)]),
        reading(later, unreadable_orders=[unreadable(None)]),
    ]
    assert judge(ENTRY, shows(ENTRY, BrokerStatus.WARN_STATE)) is None
    for snapshot in blind:
        assert judge(ENTRY, now=later, snapshot=snapshot) is None
        # Nor does it speak against what was so before.
        assert judge.evidence.of(f"since:{WARNED}:{ENTRY.coid}")[0].at == IN_SESSION


def test_order_whose_status_can_not_be_read_has_not_ended(judge: Judge) -> None:
    judge.broker.failing.add("status")
    assert judge.after(86400, ENTRY) is None


@pytest.mark.parametrize(
    ("status", "seen_epoch", "alive"),
    [
        (BrokerStatus.SUBMITTED, EPOCH - 1, {"E"}),
        (BrokerStatus.SUBMITTED, EPOCH, set()),
        (BrokerStatus.INACTIVE, EPOCH - 1, set()),
        (BrokerStatus.CANCELLED, EPOCH - 1, set()),
    ],
)
def test_order_that_only_its_status_shows_alive_is_seen_in_this_session(
    judge: Judge, status: BrokerStatus, seen_epoch: int, alive: set[str]
) -> None:
    judge.broker.book[1] = shows(entry("E", 1), status)
    judge(entry("E", 1, seen_epoch=seen_epoch))
    assert judge.alive == alive


def test_status_of_another_order_under_the_id_shows_nothing_alive(judge: Judge) -> None:
    earlier = entry("E", 1, seen_epoch=EPOCH - 1)
    judge.broker.book[1] = replace(shows(earlier), side=Side.SELL)
    judge(earlier)
    assert judge.alive == set()


def test_order_of_which_executions_alone_tell_may_be_missing_for_a_while_but_needs_one(judge: Judge) -> None:
    found = [judge.after(seconds, entry(order_id=None, filled=1)) for seconds in (119, 120, 86400)]
    assert [ending and ending.state for ending in found] == [None, S.UNKNOWN, S.EXPIRED]
    assert judge(entry(order_id=None)) == Ending(IntentState.UNKNOWN, "no id, and its executions were taken back")


def test_order_under_an_id_that_was_given_again_does_not_end_the_one_that_was_just_sent(judge: Judge) -> None:
    sent = replace(stop("S"), sent_at=IN_SESSION - timedelta(seconds=5))
    shares, price = sent.intent.quantity, sent.intent.stop_price
    earlier = shows(sent, BrokerStatus.CANCELLED, total_quantity=float(shares * 2), stop_price=(price or 0.0) / 2.0)
    earlier = replace(earlier, order_ref=None)
    assert judge(sent, earlier) is None
    assert judge(sent, shows(sent, BrokerStatus.CANCELLED)) is not None
    # By now the list would show ours: it was split, and then it ended.
    assert judge(sent, earlier, now=IN_SESSION + timedelta(seconds=60)) is not None


def test_row_of_an_order_of_ours_that_had_ended_does_not_end_the_like_one_that_got_its_id(judge: Judge) -> None:
    former = stop(state=S.CANCELLED, coid="TS-0001-000001-bbbbbb", ended_at=IN_SESSION - timedelta(seconds=2))
    sent = stop(sent_at=IN_SESSION)
    row = shows(sent, BrokerStatus.CANCELLED, order_ref=None)

    assert judge(sent, row) == Ending(S.CANCELLED, "Cancelled")
    assert judge(sent, row, before=(former,)) is None
    assert judge(sent, row, before=(former,), now=IN_SESSION + timedelta(seconds=119)) is None
    # By then ours would show: the id is its own, and the broker ended it.
    assert judge(sent, row, before=(former,), now=IN_SESSION + timedelta(seconds=120)) is not None
    assert judge(sent, replace(row, order_ref=sent.coid), before=(former,)) == Ending(S.CANCELLED, "Cancelled")


@pytest.mark.parametrize(("ended_s", "ended"), [(59, False), (60, True), (61, True), (3600, True)])
def test_order_that_got_an_id_again_and_was_shown_alive_ends_by_its_row_at_once(
    judge: Judge, ended_s: float, *, ended: bool
) -> None:
    former = stop(state=S.CANCELLED, coid="TS-0001-000001-bbbbbb", ended_at=IN_SESSION - timedelta(seconds=ended_s))
    sent = stop(sent_at=IN_SESSION)
    alive, over = (shows(sent, status, order_ref=None) for status in (BrokerStatus.SUBMITTED, BrokerStatus.CANCELLED))
    judge.broker.book[over.order_id] = over
    # Of an order that has ended lately a list may be older than its end.
    assert judge(sent, alive, before=(former,)) is None
    asked_for = (asked(sent, Step.REPLACE, IN_SESSION),)
    assert judge(sent, over, now=after(5), before=(former,), commands=asked_for) is None
    assert (judge(sent, over, now=after(10), before=(former,)) is not None) is ended
    # A list that is older than the order, while its id shows it alive.
    judge.broker.book[over.order_id] = alive
    assert judge(sent, over, now=after(15), before=(former,)) is None
