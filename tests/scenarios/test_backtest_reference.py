"""The step engine against the plain reference: the same trades, equity, decisions and refusals, to the cent."""

from __future__ import annotations

import csv
from dataclasses import astuple
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reference.backtest_reference import REFUSALS, backtest
from tests.reference.comparison import CONFIG, Case, first_difference, panel_of
from tests.reference.made_up_market import made_up_market
from tests.reference.strategy_reference import DEFAULTS, Bars, read_bars
from trading.cli.main import main
from trading.market.bar_files import load_bars

BUNDLED = Path(__file__).resolve().parents[2] / "data" / "us_daily.csv.gz"
# Five years of the whole index, where the machine has it; the bundled file is a part of it.
WHOLE_INDEX = Path(__file__).resolve().parents[3] / "shared" / "data" / "us_daily_2013_2018.csv.gz"

# A year and a half of some sixty symbols is made in a moment; short windows let it trade all the time.
SHORT_WINDOWS = {
    "channel_period": 30,
    "breakout_window": 25,
    "slope_period": 5,
    "momentum_period": 20,
    "volume_period": 10,
    "pullback_lookback": 8,
    "atr_period": 7,
    "max_holding_bars": 8,
    "min_dollar_volume": 100_000,
    "MIN_PRICE": 0.0,
    "pullback_min": 0.3,
}


@cache
def bundled() -> dict[str, Bars]:
    return read_bars(BUNDLED)


def test_default_parameters_give_the_reference_s_trades_to_the_cent() -> None:
    path = WHOLE_INDEX if WHOLE_INDEX.is_file() else BUNDLED

    difference = first_difference(Case(read_bars(path), 100_000.0, {}), load_bars(path))

    assert difference is None, difference


@pytest.mark.parametrize("seed", range(8))
def test_made_up_market_with_every_defect_gives_the_reference_s_trades(seed: int) -> None:
    case = Case(made_up_market(seed, 40, 260), 50_000.0, SHORT_WINDOWS)

    difference = first_difference(case)

    assert difference is None, difference


@pytest.mark.parametrize("seed", range(8))
def test_prices_that_meet_their_levels_exactly_give_the_reference_s_trades(seed: int) -> None:
    # No ATR away from the close, one bar of true range: limits and stops fall on the grid of the prices themselves.
    meeting = {"entry_atr": 0.0, "stop_atr": 1.0, "atr_period": 1, "buy_zone": 0.5, "PROFIT_THRESHOLD": 0.0}
    levels = {"pullback_min": 0.0, "pullback_max": 2.0, "min_atr_pct": 0.0, "max_atr_pct": 100.0}
    market = made_up_market(seed, 30, 200, grid=(0.25, 0.5, 1.0, 2.0)[seed % 4])

    for also in ({}, {"stop_atr": 0.0}, {"MAX_POSITION_SIZE": 1.0, "ALLOCATION_PER_TRADE": 0, "risk_per_trade": 1.0}):
        difference = first_difference(Case(market, 50_000.0, SHORT_WINDOWS | meeting | levels | also))

        assert difference is None, difference


def test_made_up_markets_bring_about_every_exit_and_every_refusal() -> None:
    cases = [
        SHORT_WINDOWS,
        SHORT_WINDOWS | {"MAX_DRAWDOWN": 0.01},
        SHORT_WINDOWS | {"ALLOCATION_PER_TRADE": 0, "risk_per_trade": 1.0, "MAX_POSITION_SIZE": 0.6},
        SHORT_WINDOWS | {"max_exposure": 0.05, "max_participation": 0.0001},
        SHORT_WINDOWS | {"stop_atr": 80.0},
    ]
    exits: set[str] = set()
    refusals: set[str] = set()
    for seed in range(2):
        market = made_up_market(seed, 40, 260)
        for parameters in cases:
            result = backtest(market, 50_000.0, parameters)
            exits |= {trade.exit_reason for trade in result.trades}
            refusals |= {code for code, count in result.refusals.items() if count}

    assert exits == {"stop", "target", "trend_broken", "time_stop", "delisted"}
    assert refusals == set(REFUSALS)


def test_command_writes_the_reference_s_trades_and_equity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    market = made_up_market(3, 40, 260)
    file = tmp_path / "bars.csv"
    file.write_text(csv_text(market), encoding="utf-8")
    expected = backtest(read_bars(file), 50_000.0, SHORT_WINDOWS, "2019-03-01", "2019-12-02")
    monkeypatch.chdir(CONFIG.parent)
    given = [word for name, value in SHORT_WINDOWS.items() for word in ("--set", f"{name}={value}")]
    days = ["--start", "2019-03-01", "--end", "2019-12-02", "--cash", "50000"]
    out = ["--out", str(tmp_path / "out"), "--set", "risk.profile=strategy"]

    assert main(["backtest", "--bars", str(file), *days, *given, *out]) == 0

    with (tmp_path / "out" / "trades.csv").open(encoding="utf-8", newline="") as opened:
        trades = [tuple(as_value(text) for text in row) for row in list(csv.reader(opened))[1:]]
    with (tmp_path / "out" / "equity.csv").open(encoding="utf-8", newline="") as opened:
        equity = [tuple(as_value(text) for text in row) for row in list(csv.reader(opened))[1:]]
    assert trades == [astuple(trade) for trade in expected.trades]
    assert equity == [(*astuple(row)[:4], round(row.drawdown, 6)) for row in expected.equity]
    assert len(trades) > 100


def csv_text(market: dict[str, Bars]) -> str:
    lines = ["symbol,date,open,high,low,close,volume"]
    for symbol, bars in market.items():
        columns = (bars.dates, bars.open, bars.high, bars.low, bars.close, bars.volume)
        lines += [",".join(map(str, (symbol, *row))) for row in zip(*columns, strict=True)]
    return "\n".join(lines) + "\n"


def as_value(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def whole(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low, high)


def number(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False).map(lambda value: round(value, 6))


# Where the rules trade often...
USUAL: dict[str, st.SearchStrategy[float]] = {
    "channel_period": whole(15, 45),
    "buy_zone": number(0.5, 0.9),
    "breakout_window": whole(10, 40),
    "slope_period": whole(2, 8),
    "atr_period": whole(5, 20),
    "pullback_lookback": whole(5, 20),
    "pullback_min": number(0.0, 0.6),
    "pullback_max": number(3.0, 8.0),
    "volume_period": whole(5, 20),
    "min_dollar_volume": st.sampled_from([0, 50_000]),
    "max_relative_volume": number(2.0, 5.0),
    "momentum_period": whole(5, 40),
    "min_atr_pct": number(0.0, 0.5),
    "max_atr_pct": number(6.0, 20.0),
    "entry_atr": number(0.0, 0.4),
    "stop_atr": number(0.5, 4.0),
    "max_holding_bars": whole(3, 15),
    "risk_per_trade": number(0.005, 0.05),
    "max_participation": number(0.002, 0.05),
    "max_exposure": number(0.6, 1.5),
    "slippage_bps": number(0.0, 20.0),
    "MIN_PRICE": st.sampled_from([0.0, 0.8]),
    "PROFIT_THRESHOLD": number(0.5, 8.0),
    "ALLOCATION_PER_TRADE": st.sampled_from([0, 1000, 5000]),
    "MAX_POSITION_SIZE": number(0.05, 0.4),
    "MAX_POSITIONS": whole(3, 20),
    "MAX_DRAWDOWN": st.sampled_from([0.1, 0.2, 0.5]),
}
# ...and far away from there, a few parameters at a time: all of them together would never buy anything.
UNUSUAL: dict[str, st.SearchStrategy[float]] = {
    "channel_period": st.one_of(whole(2, 8), st.just(252)),
    "buy_zone": st.sampled_from([0.0, 1.0]),
    "breakout_window": st.one_of(whole(0, 3), whole(60, 120)),
    "slope_period": st.one_of(st.just(1), whole(20, 60)),
    "atr_period": st.one_of(whole(1, 3), whole(30, 60)),
    "pullback_lookback": st.one_of(whole(1, 3), whole(30, 80)),
    "pullback_min": number(0.6, 2.0),
    "pullback_max": number(0.5, 2.0),
    "volume_period": st.one_of(whole(1, 2), whole(40, 80)),
    "min_dollar_volume": st.sampled_from([500_000, 5_000_000, 2e7]),
    "max_relative_volume": number(0.3, 1.2),
    "momentum_period": st.one_of(whole(1, 3), whole(60, 150)),
    "min_atr_pct": number(0.5, 2.0),
    "max_atr_pct": number(1.0, 3.0),
    "entry_atr": number(0.5, 2.0),
    "stop_atr": st.one_of(number(0.0, 0.2), number(5.0, 60.0)),
    "max_holding_bars": st.one_of(whole(1, 2), whole(30, 200)),
    "risk_per_trade": st.one_of(number(0.0001, 0.001), number(0.2, 1.0)),
    "max_participation": st.one_of(number(0.00001, 0.0005), st.just(1.0)),
    "max_exposure": st.one_of(number(0.0, 0.3), number(2.0, 4.0)),
    "slippage_bps": number(50.0, 1000.0),
    "MIN_PRICE": st.sampled_from([5.0, 40.0, 120.0]),
    "PROFIT_THRESHOLD": st.one_of(number(0.0, 0.2), number(20.0, 100.0)),
    "ALLOCATION_PER_TRADE": st.sampled_from([30, 250, 20_000]),
    "MAX_POSITION_SIZE": st.one_of(number(0.001, 0.01), st.just(1.0)),
    "MAX_POSITIONS": st.one_of(whole(0, 1), whole(50, 200)),
    "MAX_DRAWDOWN": st.sampled_from([0.0005, 0.005, 0.02, 1.0]),
}


@st.composite
def some_parameters(draw: st.DrawFn) -> dict[str, float]:
    unusual = draw(st.sets(st.sampled_from(sorted(UNUSUAL)), max_size=3))
    return {name: draw(UNUSUAL[name] if name in unusual else near) for name, near in USUAL.items()}


CASH = st.one_of(
    st.sampled_from([2_000.0, 20_000.0, 100_000.0]), st.integers(200_000, 50_000_000).map(lambda c: c / 100)
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(parameters=some_parameters(), cash=CASH, seed=st.integers(0, 10_000), data=st.data())
def test_any_parameters_give_the_reference_s_trades_on_made_up_markets(
    parameters: dict[str, float], cash: float, seed: int, data: st.DataObject
) -> None:
    market = made_up_market(seed, 24, 320)
    days = sorted({day for bars in market.values() for day in bars.dates})
    first, last = data.draw(st.tuples(st.integers(0, 160), st.integers(160, len(days) - 1)))

    difference = first_difference(Case(market, cash, parameters, days[first], days[last]))

    assert difference is None, difference


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(parameters=some_parameters(), cash=CASH, data=st.data())
def test_any_parameters_give_the_reference_s_trades_on_real_bars(
    parameters: dict[str, float], cash: float, data: st.DataObject
) -> None:
    symbols = data.draw(st.lists(st.sampled_from(sorted(bundled())), min_size=3, max_size=12, unique=True))
    market = {symbol: bundled()[symbol] for symbol in symbols}
    start = data.draw(st.sampled_from([None, "2013-06-01", "2014-03-17", "2015-08-24"]))
    end = data.draw(st.sampled_from([None, "2015-12-31", "2016-07-04"]))

    difference = first_difference(Case(market, cash, parameters, start, end))

    assert difference is None, difference


def test_properties_draw_every_parameter_that_the_rules_name() -> None:
    assert set(USUAL) == set(UNUSUAL) == set(DEFAULTS)


def test_first_difference_is_named_with_its_day_and_both_sides() -> None:
    market = made_up_market(0, 10, 200)
    disturbed = made_up_market(0, 10, 200)
    day = disturbed["S000"].dates[150]
    disturbed["S000"].close[150] *= 0.9

    difference = first_difference(Case(market, 50_000.0, SHORT_WINDOWS), panel_of(disturbed))

    assert difference is not None
    assert f"of {day} differs" in difference
    assert "reference: (" in difference
    assert "engine:    (" in difference
