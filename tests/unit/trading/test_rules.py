from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.bars import bars_of, days, without
from trading import rules
from trading.market.panel import build_panel

NAN, INF = math.nan, math.inf
LIMITS = rules.EntryLimits(
    standard=True,
    max_positions=10,
    max_exposure=1.0,
    max_per_sector=0,
    max_position_size=0.1,
    max_order_value=25_000.0,
    max_order_quantity=500,
    max_stop_outs=3,
    cooldown_bars=0,
    max_daily_loss=0.05,
    max_open_risk=0.12,
    min_stop_distance=0.005,
    max_stop_distance=0.25,
    max_day_trades=3,
    day_trade_equity=0.0,
)
PORTFOLIO = rules.Portfolio(
    halted=False,
    drawdown=0.0,
    max_drawdown=0.2,
    equity=100_000.0,
    cash=100_000.0,
    positions=0,
    exposure=0.0,
    open_risk=0.0,
    stop_outs=0,
    daily_loss=0.0,
    day_trades=0,
)
PROPOSAL = rules.Proposal(
    quantity=100, size=100.4, limit=50.0, stop=45.0, target=52.0, sector_positions=0, bars_since_stop_out=INF
)
CAPS = rules.SizeRules(allocation=1000.0, risk_per_trade=0.01, max_position_size=0.1, max_participation=0.01)


def code(
    proposal: rules.Proposal = PROPOSAL, portfolio: rules.Portfolio = PORTFOLIO, limits: rules.EntryLimits = LIMITS
) -> str:
    return rules.CODES[rules.verdict(proposal, portfolio, limits)[0]]


def test_proposal_inside_all_limits_is_accepted() -> None:
    assert code() == "accepted"


# Each control: one unit inside, the limit itself, one unit outside.
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"stop": 0.01, "limit": 50.0}, "no_stop"),
        ({"stop": 0.0}, "bad_prices"),
        ({"stop": -1.0}, "bad_prices"),
        ({"stop": 49.99, "target": 50.01}, "no_stop"),
        ({"stop": 50.0}, "bad_prices"),
        ({"stop": 50.01}, "bad_prices"),
        ({"target": 50.01}, "accepted"),
        ({"target": 50.0}, "bad_prices"),
        ({"stop": NAN}, "bad_prices"),
        ({"target": NAN}, "bad_prices"),
        ({"limit": NAN}, "bad_prices"),
        ({"quantity": 1}, "accepted"),
        ({"quantity": 0}, "size_zero"),
        ({"quantity": -1}, "size_zero"),
        ({"quantity": 199}, "accepted"),
        ({"quantity": 200}, "accepted"),
        ({"quantity": 201}, "max_value"),
        ({"stop": 49.75}, "accepted"),
        ({"stop": 49.76}, "no_stop"),
        ({"stop": 37.5}, "accepted"),
        ({"stop": 37.49}, "no_stop"),
    ],
)
def test_proposal_at_its_boundaries(change: dict[str, float], expected: str) -> None:
    assert code(PROPOSAL._replace(**change)) == expected  # type: ignore[arg-type]  # names and types of Proposal


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"halted": True}, "drawdown_halt"),
        ({"positions": 9}, "accepted"),
        ({"positions": 10}, "max_positions"),
        ({"positions": 0}, "accepted"),
        ({"positions": -1}, "max_positions"),
        ({"cash": 5001.0}, "accepted"),
        ({"cash": 5000.99}, "buying_power"),
        ({"cash": NAN}, "buying_power"),
        ({"cash": -1.0}, "buying_power"),
        ({"cash": INF}, "buying_power"),
        ({"exposure": 95_000.0}, "accepted"),
        ({"exposure": 95_000.01}, "exposure"),
        ({"exposure": NAN}, "exposure"),
        ({"exposure": 0.0}, "accepted"),
        ({"exposure": -0.01}, "exposure"),
        ({"exposure": -1e6}, "exposure"),
        ({"equity": INF}, "exposure"),
        ({"equity": NAN}, "exposure"),
        ({"stop_outs": 2}, "accepted"),
        ({"stop_outs": 3}, "repeat"),
        ({"stop_outs": -1}, "repeat"),
        ({"daily_loss": 0.05}, "accepted"),
        ({"daily_loss": 0.0501}, "daily_loss"),
        ({"daily_loss": NAN}, "daily_loss"),
        ({"open_risk": 11_500.0}, "accepted"),
        ({"open_risk": 11_500.01}, "open_risk"),
        ({"open_risk": NAN}, "open_risk"),
        ({"open_risk": 0.0}, "accepted"),
        ({"open_risk": -0.01}, "open_risk"),
        ({"open_risk": -1e6}, "open_risk"),
    ],
)
def test_account_at_its_boundaries(change: dict[str, float], expected: str) -> None:
    assert code(portfolio=PORTFOLIO._replace(**change)) == expected  # type: ignore[arg-type]  # names and types of Portfolio


@pytest.mark.parametrize("standard", [True, False])
@pytest.mark.parametrize(
    ("day_trades", "equity", "counted_below", "expected"),
    [
        (2, 24_999.99, 25_000.0, "accepted"),
        (3, 24_999.99, 25_000.0, "day_trades"),
        (4, 24_999.99, 25_000.0, "day_trades"),
        (-1, 24_999.99, 25_000.0, "day_trades"),
        (3, 25_000.0, 25_000.0, "accepted"),
        (3, 25_000.01, 25_000.0, "accepted"),
        (99, 24_999.99, 0.0, "accepted"),
    ],
)
def test_day_trades_of_a_small_account_at_their_boundaries(
    day_trades: int, equity: float, counted_below: float, expected: str, *, standard: bool
) -> None:
    small = PROPOSAL._replace(quantity=20)
    portfolio = PORTFOLIO._replace(day_trades=day_trades, equity=equity)
    limits = LIMITS._replace(day_trade_equity=counted_below, standard=standard)
    assert code(small, portfolio, limits) == expected


def test_equity_that_is_no_number_is_that_of_a_small_account() -> None:
    limits = LIMITS._replace(day_trade_equity=25_000.0)
    assert rules.day_trades(PORTFOLIO._replace(equity=NAN, day_trades=3), limits) == (True, 4.0, 3.0)


@pytest.mark.parametrize(
    ("limits", "proposal", "expected"),
    [
        ({"max_order_quantity": 100}, {}, "accepted"),
        ({"max_order_quantity": 99}, {}, "max_quantity"),
        ({"max_order_value": 5000.0}, {}, "accepted"),
        ({"max_order_value": 4999.99}, {}, "max_value"),
        ({"max_position_size": 0.05}, {}, "accepted"),
        ({"max_position_size": 0.0499}, {}, "max_value"),
        ({"max_per_sector": 2}, {"sector_positions": 1}, "accepted"),
        ({"max_per_sector": 2}, {"sector_positions": 2}, "max_per_sector"),
        ({"max_per_sector": 0}, {"sector_positions": 99}, "accepted"),
        ({"cooldown_bars": 3}, {"bars_since_stop_out": 2.0}, "repeat"),
        ({"cooldown_bars": 3}, {"bars_since_stop_out": 3.0}, "accepted"),
        ({"cooldown_bars": 0}, {"bars_since_stop_out": 0.0}, "accepted"),
        ({"cooldown_bars": 3}, {"bars_since_stop_out": NAN}, "repeat"),
        ({"cooldown_bars": 0}, {"bars_since_stop_out": NAN}, "repeat"),
        ({"cooldown_bars": 0}, {"bars_since_stop_out": -1.0}, "repeat"),
        ({"cooldown_bars": 3}, {"bars_since_stop_out": INF}, "accepted"),
        ({"max_per_sector": 2}, {"sector_positions": -1}, "max_per_sector"),
        ({"max_positions": 0}, {}, "max_positions"),
    ],
)
def test_limits_at_their_boundaries(limits: dict[str, float], proposal: dict[str, float], expected: str) -> None:
    tightened = LIMITS._replace(**limits)  # type: ignore[arg-type]  # names and types of EntryLimits
    assert code(PROPOSAL._replace(**proposal), limits=tightened) == expected  # type: ignore[arg-type]  # as above


def test_each_control_alone_refuses_a_limit_that_is_no_number() -> None:
    nothing = PROPOSAL._replace(limit=NAN)
    assert rules.buying_power(nothing, PORTFOLIO)[0]
    assert rules.exposure(nothing, PORTFOLIO, LIMITS)[0]
    assert rules.max_value(nothing, PORTFOLIO, LIMITS)[0]
    assert rules.concentration(nothing, PORTFOLIO, LIMITS)[0]
    assert rules.open_risk(nothing, PORTFOLIO, LIMITS)[0]
    assert rules.no_stop(nothing, LIMITS)[0]


def test_concentration_refuses_what_the_order_value_would_pass() -> None:
    refused, asked, allowed = rules.concentration(PROPOSAL, PORTFOLIO, LIMITS._replace(max_position_size=0.0499))
    assert (refused, asked) == (True, 5000.0)
    assert allowed == pytest.approx(4990.0)


def test_strategy_profile_knows_only_the_named_limits() -> None:
    lenient = LIMITS._replace(standard=False)
    assert code(PROPOSAL._replace(quantity=900, stop=49.99), limits=lenient) == "accepted"
    assert code(portfolio=PORTFOLIO._replace(stop_outs=9, daily_loss=0.5, open_risk=1e9), limits=lenient) == "accepted"
    assert code(PROPOSAL._replace(sector_positions=2), limits=lenient._replace(max_per_sector=2)) == "max_per_sector"


def test_first_failing_reason_is_given_in_the_documented_order() -> None:
    everything = PROPOSAL._replace(stop=-1.0, quantity=0)
    portfolio = PORTFOLIO._replace(halted=True, positions=10, cash=0.0, exposure=1e9)
    assert code(everything, portfolio) == "drawdown_halt"
    portfolio = portfolio._replace(halted=False)
    assert code(everything, portfolio) == "bad_prices"
    everything = everything._replace(stop=45.0)
    assert code(everything, portfolio) == "max_positions"
    portfolio = portfolio._replace(positions=0)
    assert code(everything, portfolio) == "size_zero"
    everything = everything._replace(quantity=100)
    assert code(everything, portfolio) == "buying_power"
    assert code(everything, portfolio._replace(cash=1e6)) == "exposure"


def test_refusal_carries_what_was_asked_and_what_is_allowed() -> None:
    number, asked, allowed = rules.verdict(PROPOSAL, PORTFOLIO._replace(cash=100.0), LIMITS)
    assert (rules.CODES[number], asked, allowed) == ("buying_power", 5001.0, 100.0)


@pytest.mark.parametrize(
    ("limit", "stop", "equity", "volume", "caps", "expected"),
    [
        (10.0, 9.0, 100_000.0, 1e6, {}, (100, "allocation")),
        (10.0, 9.0, 100_000.0, 1e6, {"allocation": 0.0}, (1000, "risk")),
        (10.0, 9.9, 100_000.0, 1e6, {"allocation": 0.0}, (1000, "concentration")),
        (10.0, 9.0, 100_000.0, 5_000.0, {}, (50, "liquidity")),
        (10.0, 5.0, 4_000.0, 1e6, {}, (8, "risk")),
        (1000.0, 990.0, 100_000.0, 1e6, {}, (1, "allocation")),
        (1000.01, 990.0, 100_000.0, 1e6, {}, (0, "allocation")),
        (10.0, 9.0, 100_000.0, 99.0, {}, (0, "liquidity")),
        (10.0, 9.0, 100_000.0, 100.0, {}, (1, "liquidity")),
        # Equal caps: the first one is named.
        (10.0, 9.0, 10_000.0, 10_000.0, {}, (100, "allocation")),
        # 0.29 x 100 / 1 is a hair below 29 in doubles.
        (
            1.0,
            0.5,
            100.0,
            1e9,
            {"allocation": 0.0, "risk_per_trade": 1.0, "max_position_size": 0.29},
            (29, "concentration"),
        ),
    ],
)
def test_size_is_the_smallest_cap_in_whole_shares(
    limit: float, stop: float, equity: float, volume: float, caps: dict[str, float], expected: tuple[int, str]
) -> None:
    quantity, _, cap = rules.position_size(limit, stop, equity, volume, CAPS._replace(**caps))
    assert (quantity, rules.CAPS[cap]) == expected


@pytest.mark.parametrize(
    ("limit", "stop", "equity", "volume"),
    [
        (NAN, 9.0, 1e5, 1e6),
        (10.0, NAN, 1e5, 1e6),
        (10.0, 9.0, NAN, 1e6),
        (10.0, 9.0, 1e5, NAN),
        (10.0, 9.0, -1e5, 1e6),
        (10.0, 9.0, INF, INF),
        (0.0, -1.0, 1e5, 1e6),
        (10.0, 10.0, 1e5, 1e6),
        (10.0, 11.0, 1e5, 1e6),
        (-10.0, -11.0, 1e5, 1e6),
    ],
)
def test_input_that_makes_no_sense_buys_nothing(limit: float, stop: float, equity: float, volume: float) -> None:
    no_allocation = CAPS._replace(allocation=0.0) if math.isinf(equity) else CAPS
    assert rules.position_size(limit, stop, equity, volume, no_allocation)[0] == 0


SIZED = st.floats(0.5, 1000)


@given(SIZED, st.floats(0.01, 0.5), st.floats(100, 1e6), st.floats(0, 1e7))
def test_size_exceeds_no_cap(limit: float, distance: float, equity: float, volume: float) -> None:
    stop = limit * (1 - distance)
    quantity, _, _ = rules.position_size(limit, stop, equity, volume, CAPS)
    assert quantity * limit <= 1000.0 + 1e-6
    assert quantity * (limit - stop) <= 0.01 * equity + 1e-6
    assert quantity * limit <= 0.1 * equity + 1e-6
    assert quantity <= 0.01 * volume + 1e-6


def test_bracket_prices_start_from_the_rounded_limit() -> None:
    offsets = rules.BracketRules(entry_atr=0.25, stop_atr=2.5, profit_percent=2.0)
    # 100.03 - 0.25 x 1.33 = 99.6975; 99.69 - 3.325 = 96.365; max(98, 99.69) x 1.02 = 101.6838
    assert rules.bracket_prices(100.03, 1.33, 98.0, offsets, rules.US_EDGES, rules.US_STEPS) == (99.69, 96.36, 101.69)
    # The buy-zone line above the limit carries the target: 105 x 1.02 = 107.1 exactly.
    assert rules.bracket_prices(100.03, 1.33, 105.0, offsets, rules.US_EDGES, rules.US_STEPS)[2] == 107.1


def test_each_price_is_rounded_to_its_own_increment() -> None:
    offsets = rules.BracketRules(entry_atr=0.0, stop_atr=1.0, profit_percent=0.0)
    assert rules.bracket_prices(1.0057, 0.05005, 1.5, offsets, rules.US_EDGES, rules.US_STEPS) == (1.0, 0.9499, 1.5)
    nickels = (np.array([0.0, 3.0]), np.array([0.01, 0.05]))
    assert rules.bracket_prices(3.04, 0.055, 3.11, offsets, *nickels) == (3.0, 2.94, 3.15)


@pytest.mark.parametrize(
    ("close", "held", "expected"),
    [
        (10.0, 19, rules.NO_SELL),
        (10.0, 20, rules.SELL_TIME_STOP),
        (9.99, 20, rules.SELL_TREND_BROKEN),
        (9.99, 0, rules.SELL_TREND_BROKEN),
        (10.0, 0, rules.NO_SELL),
    ],
)
def test_broken_trend_comes_before_the_time_stop(close: float, held: int, expected: int) -> None:
    assert rules.sell_signal(close, 10.0, held, 20) == expected


def test_undefined_exit_level_leaves_the_time_stop() -> None:
    assert rules.sell_signal(10.0, NAN, 19, 20) == rules.NO_SELL
    assert rules.sell_signal(10.0, NAN, 20, 20) == rules.SELL_TIME_STOP


def test_increment_is_that_of_the_highest_edge_reached() -> None:
    found = [rules.increment_at(price, rules.US_EDGES, rules.US_STEPS) for price in (-1.0, 0.5, 1.0, 9.0)]
    assert found == [0.0001, 0.0001, 0.01, 0.01]


def test_bar_at_either_end_of_the_ten_sessions_is_no_delisting() -> None:
    whole = bars_of([(1.0, 1.0, 1.0, 1.0, 1.0)] * 30)
    panel = build_panel({"A": without(whole, set(range(30)) - {9, 20}), "B": whole})
    assert [row for row in range(30) if rules.is_delisted(panel, "A", row)] == [19]
    late = build_panel({"A": without(whole, range(10)), "B": whole})
    assert [row for row in range(30) if rules.is_delisted(late, "A", row)] == [9]


def test_symbol_is_delisted_after_ten_sessions_without_a_bar() -> None:
    whole = bars_of([(1.0, 1.0, 1.0, 1.0, 1.0)] * 30)
    panel = build_panel({"GONE": without(whole, range(5, 30)), "HERE": whole})
    assert not rules.is_delisted(panel, "GONE", 13)
    assert rules.is_delisted(panel, "GONE", 14)
    assert not rules.is_delisted(panel, "HERE", 14)
    assert not rules.is_delisted(panel, "GONE", 3)


def test_last_bar_is_found_across_a_gap() -> None:
    whole = bars_of([(1.0, 1.0, 1.0, 1.0, 1.0)] * 5)
    panel = build_panel({"A": without(whole, [0, 2, 3]), "B": whole})
    assert [rules.last_bar_row(panel, 0, row) for row in range(5)] == [None, 1, 1, 1, 4]
    assert rules.last_bar_row(panel, 1, 0) == 0
    assert panel.day(0) == days(1)[0] == date(2020, 1, 1)
