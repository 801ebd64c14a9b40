from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import msgspec
import pytest

from tests.fakes.bars import bars_of, days, without
from tests.fakes.stages import settings_of, system_of
from trading.market.panel import build_panel
from trading.model.decision import Approved, Denied, Holding, RiskState, Signal, StopOut
from trading.risk_manager import (
    DRAWDOWN_LATCH,
    PricedAccount,
    PricedHolding,
    RiskManager,
    entry_limits,
    too_much_lost,
    unlatched,
)
from trading.strategies.discovery import make_strategy
from trading.strategies.signals import SignalPanel

DAY = date(2020, 3, 2)
FLAT = bars_of([(50.0, 51.0, 49.0, 50.0, 1e6)] * 40)
SIGNALS: SignalPanel = system_of().screener.signals(build_panel({"A": FLAT, "B": without(FLAT, range(20, 30))}))
ROW = 39
RICH = PricedAccount(100_000.0, 100_000.0, ())


def manager(*overrides: str) -> RiskManager:
    settings = settings_of(*overrides)
    return RiskManager(settings.risk, settings.sizing, make_strategy(settings))


def signal(
    symbol: str, *, limit: float = 50.0, stop: float = 45.0, target: float = 52.0, volume: float = 1e6
) -> Signal:
    return Signal(symbol, 1.0, 50.5, 2.0, volume, limit, stop, target)


def walk(
    made: RiskManager, *signals: Signal, portfolio: PricedAccount = RICH, risk: RiskState | None = None
) -> tuple[tuple[Approved, ...], tuple[Denied, ...]]:
    standing = made.assess(DAY, portfolio.equity, risk or RiskState())
    return made.walk(signals, portfolio, standing, SIGNALS, ROW)


def held(symbol: str, quantity: int = 100, price: float = 50.0, stop: float = 45.0) -> PricedHolding:
    return PricedHolding(Holding(symbol, quantity, DAY, 50.0, stop, 60.0), price)


def codes(denials: tuple[Denied, ...]) -> list[tuple[str, str]]:
    return [(denial.symbol, denial.code) for denial in denials]


def test_first_equity_is_the_peak() -> None:
    standing = manager().assess(DAY, 1000.0, RiskState())
    assert standing.risk == RiskState(peak=1000.0, prior_equity=1000.0)
    assert (standing.drawdown, standing.daily_loss, standing.halted) == (0.0, 0.0, False)


@pytest.mark.parametrize(("equity", "latched"), [(801.0, False), (799.99, True), (750.0, True)])
def test_drawdown_at_the_limit_latches(equity: float, latched: bool) -> None:  # noqa: FBT001 - a case
    standing = manager().assess(DAY, equity, RiskState(peak=1000.0))
    assert standing.halted is latched
    assert standing.risk.latches == ({DRAWDOWN_LATCH: DAY} if latched else {})


def test_exact_limit_latches() -> None:
    standing = manager("MAX_DRAWDOWN=0.25").assess(DAY, 750.0, RiskState(peak=1000.0))
    assert standing.halted


def test_latch_stays_when_the_equity_recovers_and_keeps_its_day() -> None:
    before = RiskState(peak=1000.0, latches={DRAWDOWN_LATCH: date(2020, 1, 2)})
    standing = manager().assess(DAY, 990.0, before)
    assert standing.halted
    assert standing.risk.latches == {DRAWDOWN_LATCH: date(2020, 1, 2)}
    deeper = manager().assess(DAY, 500.0, before)
    assert deeper.risk.latches == {DRAWDOWN_LATCH: date(2020, 1, 2)}


def test_latched_system_refuses_every_candidate_with_drawdown_halt() -> None:
    risk = RiskState(peak=200_000.0)
    accepted, denials = walk(manager(), signal("A"), signal("B", stop=-1.0), risk=risk)
    assert accepted == ()
    assert denials == (Denied("A", "drawdown_halt", 0.5, 0.2), Denied("B", "drawdown_halt", 0.5, 0.2))


def test_other_latch_refuses_by_its_own_name() -> None:
    accepted, denials = walk(manager(), signal("A"), risk=RiskState(latches={"rejects": DAY}))
    assert accepted == ()
    assert denials == (Denied("A", "rejects", None, None),)


@pytest.mark.parametrize("equity", [math.nan, math.inf])
def test_unknown_equity_refuses_and_is_not_remembered(equity: float) -> None:
    before = RiskState(peak=1000.0, prior_equity=990.0)
    accepted, denials = walk(manager(), signal("A"), portfolio=PricedAccount(1e5, equity, ()), risk=before)
    assert (accepted, codes(denials)) == ((), [("A", "equity_unknown")])
    assert manager().assess(DAY, equity, before).risk == before


def test_equity_of_nothing_buys_nothing() -> None:
    accepted, denials = walk(manager(), signal("A"), portfolio=PricedAccount(0.0, 0.0, ()))
    assert (accepted, codes(denials)) == ((), [("A", "equity_unknown")])


def test_refusal_does_not_end_the_walk() -> None:
    accepted, denials = walk(manager(), signal("A"), signal("B", stop=50.0), signal("C", volume=10.0), signal("D"))
    assert [entry.symbol for entry in accepted] == ["A", "D"]
    assert denials == (Denied("B", "bad_prices", 50.0, 50.0), Denied("C", "size_zero", 0.1, 1.0, "liquidity"))


def test_accepted_entry_carries_prices_size_and_its_cap() -> None:
    (entry,), _ = walk(manager(), signal("A"))
    assert entry == Approved("A", 20, 50.0, 45.0, 52.0, 1.0, "allocation")


def test_positions_and_accepted_entries_fill_the_slots() -> None:
    portfolio = PricedAccount(1e5, 1e5, (held("X"),))
    accepted, denials = walk(manager("MAX_POSITIONS=2"), signal("A"), signal("B"), portfolio=portfolio)
    assert [entry.symbol for entry in accepted] == ["A"]
    assert denials == (Denied("B", "max_positions", 3.0, 2.0),)


def test_cash_is_spent_by_accepted_entries_with_their_commission() -> None:
    # Two orders of 20 x 50 and a dollar each.
    enough, short = PricedAccount(2002.0, 1e5, ()), PricedAccount(2001.99, 1e5, ())
    assert len(walk(manager(), signal("A"), signal("B"), portfolio=enough)[0]) == 2
    accepted, denials = walk(manager(), signal("A"), signal("B"), portfolio=short)
    assert len(accepted) == 1
    assert denials == (Denied("B", "buying_power", 1001.0, 1000.99),)


def test_exposure_counts_positions_at_their_close() -> None:
    at_limit = PricedAccount(1e5, 1e5, (held("X", 1980, 50.0, 49.0),))
    assert len(walk(manager(), signal("A"), portfolio=at_limit)[0]) == 1
    above = PricedAccount(1e5, 1e5, (held("X", 1980, 50.01, 49.0),))
    _, denials = walk(manager(), signal("A"), portfolio=above)
    assert codes(denials) == [("A", "exposure")]


def test_open_risk_counts_the_way_from_the_close_to_the_stop() -> None:
    # 2300 x 5 = 11,500; an entry of 20 x 5 more is 11,600 of 12,000 allowed; then 11,950 and 12,050.
    made = manager("max_exposure=4")
    assert len(walk(made, signal("A"), portfolio=PricedAccount(1e5, 1e5, (held("X", 2300),)))[0]) == 1
    _, denials = walk(made, signal("A"), portfolio=PricedAccount(1e5, 1e5, (held("X", 2390),)))
    assert denials == (Denied("A", "open_risk", 12_050.0, 12_000.0),)
    below_stop = PricedAccount(1e5, 1e5, (held("X", 2390), held("Y", 2000, 40.0, 50.0)))
    assert codes(walk(made, signal("A"), portfolio=below_stop)[1]) == [("A", "open_risk")]


def test_daily_loss_refuses_the_entries_of_one_decision() -> None:
    _, denials = walk(manager(), signal("A"), risk=RiskState(peak=106_000.0, prior_equity=106_000.0))
    assert codes(denials) == [("A", "daily_loss")]
    standing = manager().assess(DAY, 100_000.0, RiskState(peak=106_000.0, prior_equity=106_000.0))
    assert standing.risk.latches == {}
    assert standing.risk.prior_equity == 100_000.0
    accepted, _ = walk(manager(), signal("A"), risk=standing.risk)
    assert len(accepted) == 1


def test_daily_loss_is_remembered_until_the_next_decision() -> None:
    lost = manager().assess(DAY, 94_000.0, RiskState(peak=100_000.0, prior_equity=100_000.0)).risk
    assert lost.daily_loss == pytest.approx(0.06)
    assert manager().assess(DAY, 94_000.0, lost).risk.daily_loss == 0.0
    assert manager().assess(DAY, 94_000.0, RiskState(peak=1.0, prior_equity=0.0)).risk.daily_loss is None


@pytest.mark.parametrize(
    ("risk", "equity", "refused"),
    [
        (RiskState(peak=100.0, prior_equity=100.0), 95.01, False),
        (RiskState(peak=100.0, prior_equity=100.0), 94.99, True),
        (RiskState(peak=100.0, prior_equity=100.0), -1.0, True),
        (RiskState(peak=100.0, prior_equity=100.0), math.nan, True),
        (RiskState(peak=100.0, prior_equity=0.0), 100.0, True),
        (RiskState(peak=100.0, prior_equity=100.0, daily_loss=0.05), 100.0, False),
        (RiskState(peak=100.0, prior_equity=100.0, daily_loss=0.0501), 200.0, True),
        (RiskState(peak=100.0, prior_equity=100.0, daily_loss=None), 100.0, True),
        (RiskState(), 100.0, False),
    ],
)
def test_day_that_lost_too_much_keeps_entries_off(risk: RiskState, equity: float, refused: bool) -> None:  # noqa: FBT001
    settings = settings_of()
    said = too_much_lost(risk, equity, entry_limits(settings.risk, settings.sizing))
    assert (said is not None) is refused
    assert said is None or (said.startswith("daily_loss: ") and "nan" not in said)


def test_daily_loss_is_no_limit_of_the_strategy() -> None:
    settings = settings_of("risk.profile=strategy")
    limits = entry_limits(settings.risk, settings.sizing)
    assert too_much_lost(RiskState(peak=100.0, prior_equity=100.0), 1.0, limits) is None


@pytest.mark.parametrize("prior", [math.nan, 0.0, -1.0])
def test_prior_equity_that_makes_no_sense_refuses(prior: float) -> None:
    _, denials = walk(manager(), signal("A"), risk=RiskState(peak=100_000.0, prior_equity=prior))
    assert denials == (Denied("A", "daily_loss", None, 0.05),)


def outs(*places: int, symbol: str = "X") -> tuple[StopOut, ...]:
    calendar = days(ROW + 1)
    return tuple(StopOut(symbol, calendar[place]) for place in places)


@pytest.mark.parametrize(
    ("places", "count"),
    [
        ((), 0),
        ((ROW,), 1),
        ((ROW, ROW, ROW), 3),
        ((ROW - 9, ROW - 5, ROW), 3),  # ten sessions, the present one included
        ((ROW - 10, ROW - 5, ROW), 2),
        ((ROW - 4, ROW - 5, ROW - 6), 3),  # the pause that began four sessions ago still runs
        ((ROW - 5, ROW - 6, ROW - 7), 0),  # over, though all three are in the window
        ((ROW - 5, ROW - 6, ROW), 3),  # and a further one begins another
    ],
)
def test_three_stop_outs_in_ten_sessions_pause_entries_for_five(places: tuple[int, ...], count: int) -> None:
    made = manager()
    assert made.pausing_stop_outs(outs(*places), SIGNALS, ROW) == count
    _, denials = walk(made, signal("A"), risk=RiskState(stop_outs=outs(*places)))
    assert codes(denials) == ([("A", "repeat")] if count >= 3 else [])


def test_symbol_cools_down_in_its_own_bars() -> None:
    made = manager("cooldown_bars=5")
    for symbol, place, refused in (
        ("A", 35, True),
        ("A", 34, False),
        ("B", 35, True),
        ("B", 19, False),
        ("B", 34, False),
    ):
        _, denials = walk(made, signal(symbol), risk=RiskState(stop_outs=outs(place, symbol=symbol)))
        assert codes(denials) == ([(symbol, "repeat")] if refused else []), (symbol, place)
    gap = SIGNALS.bar_count[:, 1]
    assert gap[30] - gap[19] == 1


def test_entries_stay_off_through_a_day_that_was_set() -> None:
    through = days(ROW + 1)[ROW]
    assert codes(walk(manager(), signal("A"), risk=RiskState(entries_off_through=through))[1]) == [("A", "repeat")]
    earlier = days(ROW)[ROW - 1]
    assert walk(manager(), signal("A"), risk=RiskState(entries_off_through=earlier))[1] == ()


def test_sector_is_full_with_positions_and_accepted_entries() -> None:
    settings = settings_of("max_per_sector=2")
    sectors = {"A": "tech", "B": "tech", "C": "tech", "X": "tech", "D": "oil"}
    made = RiskManager(
        msgspec.structs.replace(settings.risk, sectors=sectors), settings.sizing, make_strategy(settings)
    )
    portfolio = PricedAccount(1e5, 1e5, (held("X"),))
    accepted, denials = walk(made, signal("A"), signal("B"), signal("D"), signal("E"), portfolio=portfolio)
    assert [entry.symbol for entry in accepted] == ["A", "D", "E"]
    assert denials == (Denied("B", "max_per_sector", 3.0, 2.0),)


def test_strategy_profile_leaves_the_further_controls_out() -> None:
    risk = RiskState(peak=106_000.0, prior_equity=106_000.0, stop_outs=outs(ROW, ROW, ROW))
    accepted, denials = walk(manager("risk.profile=strategy"), signal("A", stop=49.99), risk=risk)
    assert (len(accepted), denials) == (1, ())


def test_stop_outs_that_no_limit_looks_at_are_forgotten() -> None:
    risk = RiskState(stop_outs=(*outs(10, 20), *outs(ROW - 15, ROW - 14, symbol="A")))
    assert manager().remembered(risk, SIGNALS, ROW).stop_outs == outs(ROW - 14, symbol="A")
    cooling = manager("cooldown_bars=5").remembered(risk, SIGNALS, ROW).stop_outs
    assert cooling == (*outs(20), *outs(ROW - 14, symbol="A"))
    nothing = RiskState()
    assert manager().remembered(nothing, SIGNALS, ROW) is nothing


def test_forgetting_never_changes_the_pause() -> None:
    made = manager()
    for first in range(ROW - 20, ROW + 1):
        risk = RiskState(stop_outs=outs(first, min(first + 4, ROW), min(first + 9, ROW)))
        kept = made.remembered(risk, SIGNALS, ROW)
        assert made.pausing_stop_outs(kept.stop_outs, SIGNALS, ROW) == made.pausing_stop_outs(
            risk.stop_outs, SIGNALS, ROW
        )
        assert replace(kept, stop_outs=()) == replace(risk, stop_outs=())


@pytest.mark.parametrize(
    ("equity", "peak"),
    [(80.0, 80.0), (120.0, 120.0), (0.01, 0.01), (0.0, 100.0), (-1.0, 100.0), (None, 100.0)]
    + [(absurd, 100.0) for absurd in (math.nan, math.inf, -math.inf)],
)
def test_drawdown_that_a_person_resumed_is_measured_from_the_last_equity_that_is_one(
    equity: float | None, peak: float
) -> None:
    latched = RiskState(peak=100.0, prior_equity=equity, latches={DRAWDOWN_LATCH: DAY, "rejects": DAY})
    assert (unlatched(latched).latches, unlatched(latched).peak) == ({}, peak)


@pytest.mark.parametrize("latches", [{}, {"rejects": DAY}, {"oversold": DAY, "rejects": DAY}])
def test_other_latch_that_a_person_resumed_leaves_the_peak(latches: dict[str, date]) -> None:
    before = RiskState(peak=100.0, prior_equity=85.0, stop_outs=(StopOut("A", DAY),), daily_loss=0.02)
    assert unlatched(replace(before, latches=latches)) == before


def test_drawdown_latches_no_second_time_right_after_a_resume_that_cleared_it() -> None:
    made = manager("MAX_DRAWDOWN=0.25")
    fallen = made.assess(DAY, 70.0, RiskState(peak=100.0, prior_equity=100.0)).risk
    assert made.assess(DAY, 70.0, unlatched(fallen)).risk.latches == {}
    # Resuming another latch forgives nothing.
    others = unlatched(RiskState(peak=100.0, prior_equity=76.0, latches={"rejects": DAY}))
    assert set(made.assess(DAY, 75.0, others).risk.latches) == {DRAWDOWN_LATCH}
    assert set(made.assess(DAY, 75.01, others).risk.latches) == set()
