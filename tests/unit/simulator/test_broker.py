from __future__ import annotations

import pytest

from simulator import instants
from simulator.broker import Broker
from simulator.config import SettingError, SimulatorConfig
from simulator.market.replayed import ReplayedMarket
from simulator.truth import TruthLog
from tests.unit.simulator.support import panel_of

FLAT = [(10.0, 10.0, 10.0, 10.0, 1000.0)] * 3


def broker(start: str | None = None) -> Broker:
    return Broker(SimulatorConfig(start=start), ReplayedMarket(panel_of({"KO": FLAT})), TruthLog())


def test_clock_begins_at_the_open_of_the_wanted_day() -> None:
    assert instants.iso(broker().now_us) == "2014-03-03T14:30:00Z"
    assert instants.iso(broker(start="2014-03-04").now_us) == "2014-03-04T14:30:00Z"


def test_start_past_the_bars_is_refused_by_name() -> None:
    with pytest.raises(SettingError, match=r"--start: the bars end on 2014-03-05"):
        broker(start="2014-03-06")


def test_advance_does_on_the_way_what_is_due_at_its_instant() -> None:
    opened = broker()
    seen: list[int] = []
    begin = opened.now_us
    opened.later(60.0, lambda: seen.append(opened.now_us))
    opened.later(7200.0, lambda: seen.append(opened.now_us))
    opened.advance(begin + 3600 * instants.SECOND, stop_on_event=False)
    assert seen == [begin + 60 * instants.SECOND]
    assert opened.now_us == begin + 3600 * instants.SECOND


def test_order_ids_are_never_given_twice() -> None:
    opened = broker()
    ids = [opened.next_order_id() for _ in range(100)]
    assert len(set(ids)) == len(ids)
