from __future__ import annotations

from datetime import date

import pytest

from simulator import instants
from simulator.market.replayed import ReplayedMarket
from tests.unit.simulator.support import MONDAY, Row, panel_of, series
from trading.market.panel import build_panel

UP: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


def at(text: str) -> int:
    return instants.parse_iso(text)


def test_sessions_are_the_exchanges_and_go_on_after_the_file() -> None:
    market = ReplayedMarket(panel_of({"ABC": [UP, UP]}))
    assert [str(day.day) for day in market.days[:3]] == ["2014-03-03", "2014-03-04", "2014-03-05"]
    assert instants.iso(market.end_us) == "2014-03-04T21:00:00Z"
    assert (market.days[1].row, market.days[2].row) == (1, None)


def test_half_day_closes_early() -> None:
    market = ReplayedMarket(panel_of({"ABC": [UP]}, date(2014, 11, 28)))
    assert instants.iso(market.end_us) == "2014-11-28T18:00:00Z"


def test_date_that_is_no_session_of_the_exchange_gets_regular_hours() -> None:
    saturday = date(2014, 3, 8)
    market = ReplayedMarket(build_panel({"ABC": series([UP, UP], [MONDAY, saturday])}))
    day = next(day for day in market.days if day.day == saturday)
    assert (instants.iso(day.open_us), instants.iso(day.close_us)) == ("2014-03-08T14:30:00Z", "2014-03-08T21:00:00Z")


def test_session_that_the_file_leaves_out_is_there_without_bars() -> None:
    market = ReplayedMarket(build_panel({"ABC": series([UP, UP], [MONDAY, date(2014, 3, 5)])}))
    assert (market.days[1].day, market.days[1].row) == (date(2014, 3, 4), None)


def test_path_runs_by_thirds_of_the_session() -> None:
    market = ReplayedMarket(panel_of({"ABC": [UP]}))
    day, bar = market.days[0], market.bar(0, 0)
    assert bar is not None
    for text, price in (("14:30:00", 100.0), ("15:35:00", 95.0), ("16:40:00", 90.0), ("18:50:00", 110.0)):
        instant = at(f"2014-03-03T{text}Z")
        assert bar.price_at(day.position(instant)) == pytest.approx(price)
        assert day.instant(day.position(instant)) == instant


def test_mark_is_the_path_inside_and_the_last_close_outside_the_session() -> None:
    market = ReplayedMarket(panel_of({"ABC": [UP, UP], "XYZ": [UP]}))
    assert market.mark(0, at("2014-03-03T14:00:00Z")) is None
    assert market.mark(0, at("2014-03-03T16:40:00Z")) == 90.0
    assert market.mark(0, at("2014-03-03T21:00:00Z")) == 105.0
    assert market.mark(1, at("2014-03-04T16:40:00Z")) == 105.0


def test_close_itself_is_outside_and_the_open_inside() -> None:
    market = ReplayedMarket(panel_of({"ABC": [UP]}))
    assert market.is_open(at("2014-03-03T14:30:00Z"))
    assert not market.is_open(at("2014-03-03T21:00:00Z"))


def test_split_divides_every_price_and_leaves_the_file_as_it_is() -> None:
    market = ReplayedMarket(panel_of({"ABC": [UP, UP], "XYZ": [UP, UP]}))
    split = market.fresh()
    split.split(0, 2.0)
    split.split(0, 5.0)
    bar = split.bar(1, 0)
    assert bar is not None
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (10.0, 11.0, 9.0, 10.5, 10_000.0)
    assert bar.path == (10.0, 9.0, 11.0, 10.5)
    assert (split.close_before(0, 1), split.scale(0)) == (10.5, 10.0)
    assert split.bar(1, 1) == market.bar(1, 1)
    assert market.bar(1, 0) != bar
    assert split.digest == market.digest
    assert split.fresh().bar(1, 0) == market.bar(1, 0)
