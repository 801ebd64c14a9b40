from __future__ import annotations

from datetime import timedelta

from tests.fakes.decisions import decision
from tests.fakes.trading_desk import OPEN, Office
from trading.cycle.publish import Publisher
from trading.cycle.summary import CycleSummary
from trading.model.metric import Counter, Gauge
from trading.model.mode import Mode
from trading.model.status import StatusKey


def turn(office: Office, publisher: Publisher, summary: CycleSummary, real_s: float) -> None:
    publisher.turn(summary, OPEN, market_open=False, real_s=real_s)


def test_decision_is_counted_in_summary_and_metrics() -> None:
    office = Office()
    summary = CycleSummary()
    Publisher(office.desk()).decision(decision(), summary)
    # One buy and one sell signal, two refusals.
    assert (summary.session, summary.signals, summary.refusals) == ("2014-03-03", 2, 2)
    assert office.metrics.counts[Counter.DENIALS, "max_positions"] == 1
    assert office.metrics.gauges[Gauge.EQUITY_DOLLARS] == 10_012.34


def test_turn_is_one_line_of_the_log() -> None:
    office = Office()
    publisher = Publisher(office.desk())
    turn(office, publisher, CycleSummary(), 1.0)
    turn(office, publisher, CycleSummary(fills=2), 2.0)
    assert [(event, fields["fills"]) for _, event, fields in office.log.lines] == [("cycle", 0), ("cycle", 2)]


def test_pages_learn_time_phase_next_event_and_mode() -> None:
    office = Office()
    turn(office, Publisher(office.desk()), CycleSummary(uncovered=3, unknown=1), 1.0)
    assert office.store.value(StatusKey.MARKET_NOW) == office.clock.now().isoformat()
    assert office.store.value(StatusKey.MARKET_PHASE) == "closed"
    assert office.store.value(StatusKey.NEXT_EVENT) == OPEN.isoformat()
    assert office.store.value(StatusKey.NEXT_EVENT_KIND) == "open"
    assert office.store.value(StatusKey.UNCOVERED_SHARES) == "3"
    assert office.store.value(StatusKey.UNKNOWN_ORDERS) == "1"
    assert office.metrics.mode is Mode.ACTIVE


def test_fast_turns_write_pages_and_metrics_four_times_a_second_at_most_but_alarms_at_once() -> None:
    office = Office()
    publisher = Publisher(office.desk())
    for step in range(10):
        office.clock.time = OPEN + timedelta(minutes=step)
        turn(office, publisher, CycleSummary(uncovered=step), 100.0 + 0.1 * step)
        assert office.store.value(StatusKey.UNCOVERED_SHARES) == str(step)
    assert office.metrics.writes == 4


def test_seconds_without_a_stop_are_counted_from_turn_to_turn() -> None:
    office = Office()
    publisher = Publisher(office.desk())
    for uncovered in (0, 5, 5, 0, 0):
        turn(office, publisher, CycleSummary(uncovered=uncovered), 1.0)
        office.clock.go(5)
    assert office.metrics.counts[Counter.UNCOVERED_SECONDS, None] == 10


def test_turn_that_begins_late_is_measured_and_one_that_was_brought_forward_is_not_late() -> None:
    office = Office()
    publisher = Publisher(office.desk())
    publisher.began(OPEN)
    assert office.metrics.gauges[Gauge.LOOP_LAG_SECONDS] == 0.0
    turn(office, publisher, CycleSummary(), 1.0)
    publisher.began(OPEN - timedelta(minutes=1))
    assert office.metrics.gauges[Gauge.LOOP_LAG_SECONDS] == 0.0
    publisher.began(OPEN + timedelta(seconds=3))
    assert office.metrics.gauges[Gauge.LOOP_LAG_SECONDS] == 3.0
