from __future__ import annotations

from datetime import timedelta

from tests.fakes.decisions import decision
from tests.fakes.trading_context import OPEN, ContextParts
from trading.cycle.publish import Publisher
from trading.cycle.summary import CycleSummary
from trading.model.metric import Counter, Gauge
from trading.model.mode import Mode
from trading.model.status import StatusKey


def turn(
    parts: ContextParts, publisher: Publisher, summary: CycleSummary, real_s: float, *, market_open: bool = False
) -> None:
    publisher.turn(summary, OPEN, market_open=market_open, real_s=real_s)


def test_decision_is_counted_in_summary_and_metrics(parts: ContextParts) -> None:
    summary = CycleSummary()
    Publisher(parts.context()).decision(decision(), summary)
    # One buy and one sell signal, two refusals.
    assert (summary.session, summary.signals, summary.refusals) == ("2014-03-03", 2, 2)
    assert parts.metrics.counts[Counter.DENIALS, "max_positions"] == 1
    assert parts.metrics.gauges[Gauge.EQUITY_DOLLARS] == 10_012.34


def test_turn_is_one_line_of_the_log(parts: ContextParts) -> None:
    publisher = Publisher(parts.context())
    turn(parts, publisher, CycleSummary(), 1.0)
    turn(parts, publisher, CycleSummary(fills=2), 2.0)
    assert [(event, fields["fills"]) for _, event, fields in parts.log.lines] == [("cycle", 0), ("cycle", 2)]


def test_turn_in_which_nothing_happened_is_logged_once_a_minute_while_things_stand_as_they_stood(
    parts: ContextParts,
) -> None:
    publisher = Publisher(parts.context())
    for second in range(150):
        turn(parts, publisher, CycleSummary(uncovered=3 if second > 100 else 0), float(second))
    assert [event for _, event, _ in parts.log.lines] == ["cycle"] * 3


def test_pages_learn_time_phase_next_event_and_mode(parts: ContextParts) -> None:
    turn(parts, Publisher(parts.context()), CycleSummary(uncovered=3, unknown=1), 1.0)
    assert parts.store.value(StatusKey.MARKET_NOW) == parts.clock.now().isoformat()
    assert parts.store.value(StatusKey.MARKET_PHASE) == "closed"
    assert parts.store.value(StatusKey.NEXT_EVENT) == OPEN.isoformat()
    assert parts.store.value(StatusKey.NEXT_EVENT_KIND) == "open"
    assert parts.store.value(StatusKey.UNCOVERED_SHARES) == "3"
    assert parts.store.value(StatusKey.UNKNOWN_ORDERS) == "1"
    assert parts.metrics.mode is Mode.RECONCILING


def test_fast_turns_write_pages_and_metrics_four_times_a_second_at_most_but_alarms_at_once(parts: ContextParts) -> None:
    publisher = Publisher(parts.context())
    for step in range(10):
        parts.clock.time = OPEN + timedelta(minutes=step)
        turn(parts, publisher, CycleSummary(uncovered=step), 100.0 + 0.1 * step)
        assert parts.store.value(StatusKey.UNCOVERED_SHARES) == str(step)
    assert parts.metrics.writes == 4


def test_seconds_without_a_stop_are_counted_from_turn_to_turn(parts: ContextParts) -> None:
    publisher = Publisher(parts.context())
    for uncovered in (0, 5, 5, 0, 0):
        turn(parts, publisher, CycleSummary(uncovered=uncovered), 1.0, market_open=True)
        parts.clock.go(5)
    assert parts.metrics.counts[Counter.UNCOVERED_SECONDS, None] == 10
    for _ in range(3):
        turn(parts, publisher, CycleSummary(uncovered=5), 1.0, market_open=False)
        parts.clock.go(5)
    assert parts.metrics.counts[Counter.UNCOVERED_SECONDS, None] == 10


def test_turn_that_begins_late_is_measured_and_one_that_was_brought_forward_is_not_late(parts: ContextParts) -> None:
    publisher = Publisher(parts.context())
    publisher.began(OPEN)
    assert parts.metrics.gauges[Gauge.LOOP_LAG_SECONDS] == 0.0
    turn(parts, publisher, CycleSummary(), 1.0)
    publisher.began(OPEN - timedelta(minutes=1))
    assert parts.metrics.gauges[Gauge.LOOP_LAG_SECONDS] == 0.0
    publisher.began(OPEN + timedelta(seconds=3))
    assert parts.metrics.gauges[Gauge.LOOP_LAG_SECONDS] == 3.0
