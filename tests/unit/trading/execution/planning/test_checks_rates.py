from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.fakes.trading_states import MSFT, PRE_OPEN, SESSION, after, asked, entry, moment, sale, stop
from trading.execution.planning.checks import Sent, sent_lately
from trading.model.command import CommandState, Step
from trading.model.order import IntentState
from trading.model.request import RequestKind

NOW = after(600, PRE_OPEN)
STOP = stop()


def test_entries_are_counted_in_the_last_minute_and_in_the_exchanges_day() -> None:
    times = [after(-age, NOW) for age in (-1, 0, 59, 60, 3600)]
    # 20:30 in New York on Monday is Tuesday in UTC.
    times.append(datetime.combine(SESSION, PRE_OPEN.time(), PRE_OPEN.tzinfo) - timedelta(hours=12))
    made = [entry(f"F{n}", 50 + n, conid=MSFT, state=IntentState.CANCELLED, sent_at=at) for n, at in enumerate(times)]
    sent = sent_lately(moment(NOW, *made), "E")
    assert (sent.entries, sent.entries_today) == (3, 5)
    assert sent_lately(moment(NOW, *made), "F1").entries == 2


@pytest.mark.parametrize("ahead", [timedelta(seconds=5), timedelta(hours=2), timedelta(days=2)])
def test_entries_that_left_before_the_clock_was_set_back_count(ahead: timedelta) -> None:
    made = [entry(f"F{n}", 50 + n, conid=MSFT, state=IntentState.CANCELLED, sent_at=NOW + ahead) for n in range(25)]
    left = [
        asked(each, Step.ENTRY, NOW + ahead, kind=RequestKind.SUBMIT, number=n) for n, each in enumerate(made, start=1)
    ]
    sent = sent_lately(moment(NOW, *made, commands=left), "E")
    assert sent == Sent(entries=25, entries_today=25, messages=25)


@pytest.mark.parametrize(("ahead_s", "counted"), [(59, 1), (60, 0), (7200, 0)])
def test_sales_and_stops_wait_no_longer_than_a_minute_for_a_clock_that_was_set_back(ahead_s: int, counted: int) -> None:
    command = asked(STOP, Step.PROTECTION, after(ahead_s, NOW), kind=RequestKind.SUBMIT)
    assert sent_lately(moment(NOW, STOP, commands=[command]), "other") == Sent(messages=1, reducing=counted)


@pytest.mark.parametrize(
    ("kind", "step", "counted"),
    [
        (RequestKind.SUBMIT, Step.ENTRY, Sent(messages=1)),
        (RequestKind.SUBMIT, Step.EXIT, Sent(messages=1, reducing=1)),
        (RequestKind.SUBMIT, Step.PROTECTION, Sent(messages=1, reducing=1)),
        (RequestKind.MODIFY, Step.RESIZE, Sent(messages=1, reducing=1)),
        (RequestKind.CANCEL, Step.HALT, Sent(messages=1)),
    ],
)
def test_messages_are_counted_by_what_they_do(kind: RequestKind, step: Step, counted: Sent) -> None:
    for age_s, left, expected in ((0, True, counted), (59, True, counted), (60, True, Sent()), (1, False, Sent())):
        state = CommandState.ACKED if left else CommandState.NOT_SENT
        command = asked(STOP, step, after(-age_s, NOW), kind=kind, state=state)
        at = moment(NOW, STOP, commands=[command])
        assert sent_lately(at, "other") == expected


def test_order_that_is_judged_does_not_count_itself() -> None:
    command = asked(sale(), Step.EXIT, NOW, kind=RequestKind.SUBMIT)
    at = moment(NOW, sale(), commands=[command])
    assert sent_lately(at, sale().coid) == Sent()
