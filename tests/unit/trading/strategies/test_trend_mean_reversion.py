from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.bars import bars_of, days, random_panel
from tests.fakes.stages import SHORT, settings_of
from trading import rules
from trading.config import RuleSettings
from trading.market.bar_files import load_bars
from trading.market.panel import Panel, build_panel
from trading.strategies.base import US_LADDER
from trading.strategies.discovery import make_strategy
from trading.strategies.signals import NO_BAR, WARM_UP, SignalPanel
from trading.strategies.trend_mean_reversion import TrendMeanReversion, TrendMeanReversionParameters

DEFAULT = TrendMeanReversion(TrendMeanReversionParameters(), RuleSettings())
GOOD = {
    "open": 100.0,
    "close": 100.0,
    "previous_low": 99.0,
    "channel_middle": 90.0,
    "middle_before": 89.0,
    "bars_since_breakout": 10.0,
    "pullback": 2.0,
    "dollar_volume": 1e8,
    "relative_volume": 1.0,
    "atr_pct": 2.0,
}
DAY = build_panel({"A": bars_of([(100.0, 100.0, 100.0, 100.0, 1.0)])})


def failed(**values: float) -> list[tuple[str, str]]:
    """Return rule and measure of the checks that a good bar with these values fails."""
    flat = np.zeros((1, 1))
    columns = {name: np.array([[value]]) for name, value in (GOOD | values).items()}
    signals = SignalPanel(DAY, columns, {}, DEFAULT.checks, flat, flat, np.ones((1, 1), dtype=np.int32), 20)
    places = signals.failed_checks(0, 0)
    assert places is not None
    return [(DEFAULT.checks[place].code, DEFAULT.checks[place].measure) for place in places]


def short_strategy() -> TrendMeanReversion:
    made = make_strategy(settings_of())
    assert isinstance(made, TrendMeanReversion)
    return made


def test_good_bar_fails_nothing() -> None:
    assert failed() == []


@pytest.mark.parametrize(
    ("inside", "outside", "code", "measure"),
    [
        ({"bars_since_breakout": 60.0}, {"bars_since_breakout": 61.0}, "trend", "bars_since_breakout"),
        ({"bars_since_breakout": 0.0}, {"bars_since_breakout": np.inf}, "trend", "bars_since_breakout"),
        ({"channel_middle": 99.99}, {"channel_middle": 100.0}, "trend", "close"),
        ({"middle_before": 89.99}, {"middle_before": 90.0}, "trend", "channel_middle"),
        ({"pullback": 1.0}, {"pullback": 0.9999}, "pullback", "pullback"),
        ({"pullback": 4.0}, {"pullback": 4.0001}, "pullback", "pullback"),
        ({"dollar_volume": 5e6}, {"dollar_volume": 4_999_999.0}, "volume", "dollar_volume"),
        ({"relative_volume": 3.0}, {"relative_volume": 3.0001}, "volume", "relative_volume"),
        ({"atr_pct": 0.5}, {"atr_pct": 0.4999}, "volatility", "atr_pct"),
        ({"atr_pct": 6.0}, {"atr_pct": 6.0001}, "volatility", "atr_pct"),
        ({"open": 99.0}, {"open": 98.99}, "gap", "open"),
    ],
)
def test_each_check_at_its_boundary(
    inside: dict[str, float], outside: dict[str, float], code: str, measure: str
) -> None:
    assert failed(**inside) == []
    assert failed(**outside) == [(code, measure)]


def test_price_check_takes_the_operational_limit() -> None:
    cheap = {"close": 5.0, "open": 5.0, "previous_low": 4.0, "channel_middle": 4.0, "middle_before": 3.0}
    assert failed(**cheap) == []
    assert failed(**{**cheap, "close": 4.99}) == [("price", "close")]


def test_bars_to_know_and_to_fetch() -> None:
    assert DEFAULT.warm_up_bars == 313
    assert DEFAULT.fetch_bars == 756
    long = TrendMeanReversion(TrendMeanReversionParameters(momentum_period=500), RuleSettings())
    assert long.warm_up_bars == 501


def rising(count: int) -> list[tuple[float, float, float, float, float]]:
    """A year of slow rise with a breakout each bar."""
    return [(50 + i * 0.1, 50.45 + i * 0.1, 49.8 + i * 0.1, 50.4 + i * 0.1, 200_000.0) for i in range(count)]


def test_272_bars_are_enough_and_271_are_not() -> None:
    panel = build_panel({"A": bars_of(rising(272))})
    signals = DEFAULT.generate_signals(panel)
    assert signals.failed[270, 0] == WARM_UP
    (reason,) = signals.reasons(270, 0)
    assert (reason.code, reason.value, reason.limit, reason.measure) == ("warm_up", 271.0, 272.0, "middle_before")
    (early,) = signals.reasons(99, 0)
    assert (early.code, early.value, early.limit, early.measure) == ("warm_up", 100.0, 252.0, "channel_high")
    assert [reason.code for reason in signals.reasons(271, 0)] == ["pullback"]


def test_no_recent_breakout_is_a_failed_trend_and_no_warm_up() -> None:
    falling = rising(300)[::-1]
    signals = DEFAULT.generate_signals(build_panel({"A": bars_of(falling)}))
    trend = signals.reasons(299, 0)[0]
    assert (trend.code, trend.value, trend.limit, trend.measure) == ("trend", None, 60, "bars_since_breakout")
    assert "bars_since_breakout" not in signals.values(299, 0)


def test_value_that_divides_by_zero_is_undefined() -> None:
    flat = [(50.0, 50.0, 50.0, 50.0, 200_000.0)] * 300
    signals = DEFAULT.generate_signals(build_panel({"A": bars_of(flat)}))
    (reason,) = signals.reasons(299, 0)
    assert (reason.code, reason.measure) == ("warm_up", "pullback")
    dry = [(row[0], row[1], row[2], row[3], 0.0) for row in rising(300)]
    (reason,) = DEFAULT.generate_signals(build_panel({"A": bars_of(dry)})).reasons(299, 0)
    assert (reason.code, reason.measure) == ("warm_up", "relative_volume")


def test_windows_count_the_symbols_own_bars() -> None:
    whole = bars_of(rising(300))
    sparse = bars_of(rising(300), days(600)[::2])
    dense_signals = DEFAULT.generate_signals(build_panel({"A": whole}))
    other = bars_of(rising(600))
    signals = DEFAULT.generate_signals(build_panel({"A": sparse, "B": other}))
    for name, values in dense_signals.columns.items():
        assert np.array_equal(signals.columns[name][0::2, 0], values[:, 0], equal_nan=True), name
    assert (signals.failed[1::2, 0] == NO_BAR).all()
    assert [reason.code for reason in signals.reasons(1, 0)] == ["no_bar"]
    assert signals.bar_count[[0, 1, 2], 0].tolist() == [1, 1, 2]


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.data())
def test_row_of_all_data_equals_last_row_of_the_data_cut_there(seed: int, data: st.DataObject) -> None:
    panel = random_panel(seed)
    strategy = short_strategy()
    row = data.draw(st.integers(0, len(panel.sessions) - 1))
    assert_same_row(strategy, panel, row)


def assert_same_row(strategy: TrendMeanReversion, panel: Panel, row: int) -> None:
    whole, cut = strategy.generate_signals(panel), strategy.generate_signals(panel.cut(panel.day(row)))
    assert np.array_equal(whole.failed[row], cut.failed[-1])
    assert np.array_equal(whole.exit_level[row], cut.exit_level[-1], equal_nan=True)
    assert np.array_equal(whole.bar_count[row], cut.bar_count[-1])
    for name in whole.columns:
        assert np.array_equal(whole.columns[name][row], cut.columns[name][-1], equal_nan=True), name


def test_random_walks_with_short_windows_do_give_signals() -> None:
    strategy = short_strategy()
    assert sum(int((strategy.generate_signals(random_panel(seed)).failed == 0).sum()) for seed in range(20)) > 50


def test_real_bars_cut_anywhere_give_the_same_row(bundled_bars: Path) -> None:
    panel = load_bars(bundled_bars)
    for day in (date(2014, 6, 9), date(2015, 8, 24), date(2018, 2, 5)):
        row = panel.row(day)
        assert row is not None
        assert_same_row(DEFAULT, panel, row)


def test_313_bars_give_the_signals_and_order_prices_of_all_data(bundled_bars: Path) -> None:
    panel = load_bars(bundled_bars)
    whole = DEFAULT.generate_signals(panel)
    compared = 0
    for row in range(400, len(panel.sessions), 150):
        last = slice(row - DEFAULT.warm_up_bars + 1, row + 1)
        arrays = (a[last].copy() for a in (panel.open, panel.high, panel.low, panel.close, panel.volume))
        short = DEFAULT.generate_signals(Panel(panel.symbols, panel.sessions[last].copy(), *arrays))
        complete = ~np.isnan(short.panel.close).any(axis=0)
        assert np.array_equal(whole.failed[row][complete], short.failed[-1][complete])
        for column in np.flatnonzero(complete & (whole.failed[row] == 0)).tolist():
            prices = DEFAULT.order_prices(whole, row, column, US_LADDER)
            assert prices == DEFAULT.order_prices(short, DEFAULT.warm_up_bars - 1, column, US_LADDER)
            compared += 1
    assert compared > 10


def test_order_prices_are_those_of_the_rules() -> None:
    strategy = short_strategy()
    panel = random_panel(1)
    signals = strategy.generate_signals(panel)
    row, column = (int(place) for place in np.argwhere(signals.failed == 0)[0])
    values = signals.values(row, column)
    prices = strategy.order_prices(signals, row, column, US_LADDER)
    expected = rules.bracket_prices(
        values["close"], values["atr"], values["buy_zone"], strategy.offsets, US_LADDER.edges, US_LADDER.steps
    )
    assert (prices.limit, prices.stop, prices.target) == expected
    assert prices.stop < prices.limit < prices.target


def test_short_windows_of_the_tests_are_all_parameters() -> None:
    assert set(SHORT) <= set(TrendMeanReversionParameters.__struct_fields__)


WRITE = "{:,.{}f}".format


@pytest.mark.parametrize(
    ("place", "value", "limit", "passed", "said"),
    [
        (0, None, 60.0, False, "It has not broken out above its channel lately."),
        (0, 61.0, 60.0, False, "The last breakout above the channel is 61 bars old; at most 60 are allowed."),
        (1, 49.0, 51.5, False, "The close, 49.00, is not above the channel's middle, 51.50."),
        (2, 51.5, 51.0, True, "The channel's middle, 51.50, rises: it was 51.00."),
        (3, 0.42, 1.0, False, "It is only 0.42 ATR below its recent high; at least 1.00 are asked."),
        (4, 4.5, 4.0, False, "It is 4.50 ATR below its recent high, more than 4.00: a fall, not a pullback."),
        (5, 4.2, 5.0, False, "The close, 4.20 USD, is below the lowest price bought, 5.00 USD."),
        (6, 3.2e6, 5e6, False, "Only 3.2 million USD change hands a day; at least 5.0 million USD are asked."),
        (7, 3.5, 3.0, False, "Volume was 3.50 times the usual, more than 3.00: something happened."),
        (8, 0.3, 0.5, False, "It moves 0.30 % a day, less than 0.50 %: too quiet."),
        (9, 7.0, 6.0, False, "It moves 7.00 % a day, more than 6.00 %: too wild."),
        (10, 9.0, 9.5, False, "It opened at 9.00, below the low of the day before, 9.50."),
    ],
)
def test_its_checks_say_what_was_found(
    place: int, value: float | None, limit: float, said: str, *, passed: bool
) -> None:
    assert DEFAULT.checks[place].sentence(value, limit, WRITE, passed=passed) == said


def test_its_charts_show_what_it_decides_by(bundled_bars: Path) -> None:
    panel = load_bars(bundled_bars).select(("AAPL",))
    signals = DEFAULT.generate_signals(panel)
    drawn = DEFAULT.chart_values(signals)
    words = DEFAULT.words(signals)
    assert set(drawn) == {line.column for line in words.lines}
    assert drawn["buy_zone"] is signals.columns["buy_zone"]
    assert np.array_equal(drawn["band_low"], panel.close - signals.columns["atr"], equal_nan=True)
    assert (words.name, words.checks, words.exit_level) == (
        "trend_mean_reversion", DEFAULT.checks, "the channel's middle",
    )  # fmt: skip
