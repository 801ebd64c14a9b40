from __future__ import annotations

from datetime import date

import pytest

from simulator import instants
from simulator.config import SimulatorConfig
from simulator.core import Simulator
from simulator.market.replayed import BadBars, ReplayedMarket
from tests.unit.simulator.support import MONDAY, QUIET, Client, Row, panel_of, series, start
from trading.market.panel import build_panel

SETTINGS = SimulatorConfig(cash=100_000.0, auto_login=True, pacing=False, behaviour=QUIET)
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


def test_cut_is_the_market_of_those_bars_alone() -> None:
    bars = {name: [(price, price + 1, price - 1, price, 1000.0)] * 9 for name, price in (("A", 10.0), ("B", 20.0))}
    whole = ReplayedMarket(panel_of({**bars, "C": [UP] * 30}))
    cut = whole.cut(("B", "A"), date(2014, 3, 5), date(2014, 3, 12))
    alone = ReplayedMarket(panel_of({name: rows[:6] for name, rows in bars.items()}, date(2014, 3, 5)))
    assert (cut.digest, cut.end_us) == (alone.digest, alone.end_us)
    assert cut.days == alone.days
    assert [cut.bar(row, 1) for row in range(6)] == [alone.bar(row, 1) for row in range(6)]
    assert whole.cut(("A",)).days[:9] == whole.days[:9]


@pytest.mark.parametrize(("symbols", "first"), [(("NONE",), None), (("A",), date(2014, 4, 1))])
def test_cut_without_bars_is_refused(symbols: tuple[str, ...], first: date | None) -> None:
    whole = ReplayedMarket(panel_of({"A": [UP], "B": [UP] * 60}))
    with pytest.raises(BadBars):
        whole.cut(symbols, first)


def days_of_trading(on: Client, *, splits: bool) -> bytes:
    """Trade, read and split for two sessions; return every answer that shows bars, and the truth log."""
    seen, conid = b"", on.conid("ABC")
    for to in ("close", "next_close"):
        on.order(on.conid("ABC"), "BUY", "MKT", 10, tif="DAY")
        for path in ("marketdata/snapshot?fields=31,7293,7674", "marketdata/history?period=1m&bar=1d"):
            name, _, query = path.partition("?")
            seen += on.call("GET", f"/v1/api/iserver/{name}", query=f"conid={conid}&conids={conid}&{query}").body
        on.advance(to)
        if splits:
            on.call("POST", "/sim/account", {"do": "split", "symbol": "ABC", "ratio": 7})
    return seen + on.simulator.handle("GET", "/sim/truth").body


def test_simulators_that_share_a_market_do_not_see_each_other() -> None:
    panel = panel_of({"ABC": [UP, (90.0, 95.0, 80.0, 85.0, 900.0), UP], "XYZ": [UP] * 3})
    alone = [days_of_trading(start(panel), splits=splits) for splits in (True, False)]
    market = ReplayedMarket(panel)
    shared = [Client(Simulator(SETTINGS, market)) for _ in range(4)]
    for client in shared:
        client.get("/iserver/accounts")
    turns = [days_of_trading(client, splits=number % 2 == 0) for number, client in enumerate(shared)]
    assert turns == alone * 2
    assert turns[0] != turns[1]
