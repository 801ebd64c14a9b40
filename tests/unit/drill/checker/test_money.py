"""I27: what was paid in and out latches no drawdown by itself."""

from __future__ import annotations

import pytest

from drill.checker import money
from tests.unit.drill.checker.made_up import SYMBOL, MadeUp

DAY_S = 86_400.0


def judged(*happened: float | tuple[str, float], fault: str = "", limit: bool = True) -> list[str]:
    """Return what is told of a latch after closes with so much equity and what was paid between them."""
    run = MadeUp()
    if limit:
        run.event(0.0, "limits", max_drawdown=0.2)
    if fault:
        run.line(0.0, "fault", id=fault)
    for number, each in enumerate(happened):
        if isinstance(each, tuple):
            run.line(number * DAY_S, "deed", do="cash", amount=each[1])
        else:
            run.line(number * DAY_S, "close", equity=each)
    run.mode(len(happened) * DAY_S, "reducing", money.LATCH)
    return [violation.invariant for violation in money.i27_flows_latch_nothing(run.case(end=99 * DAY_S))]


def test_latch_of_a_withdrawal_is_told() -> None:
    assert judged(10_000.0, ("paid", -3_000.0), 7_000.0) == ["I27"]
    assert judged(10_000.0, ("paid", 5_000.0), 15_000.0) == ["I27"]


@pytest.mark.parametrize(("left", "told"), [(999.0, []), (1_001.0, ["I27"])])
def test_what_a_payment_left_next_to_nothing_of_can_lose_all_of_that(left: float, told: list[str]) -> None:
    assert judged(10_000.0, ("paid", left - 10_000.0), left) == told


@pytest.mark.parametrize(("equity", "told"), [(8_400.0, []), (8_600.0, ["I27"])])
def test_latch_of_a_loss_is_none_of_a_flow(equity: float, told: list[str]) -> None:
    assert judged(10_000.0, equity) == told


def test_deposit_that_covers_a_loss_leaves_it_one() -> None:
    assert judged(10_000.0, ("paid", 3_000.0), 10_000.0) == []


def test_where_values_lie_or_no_limit_is_known_nothing_is_told() -> None:
    assert judged(10_000.0, 7_000.0, ("paid", 0.0), fault="C09") == []
    assert judged(10_000.0, 9_900.0, fault="C09") == []
    assert judged(10_000.0, 9_900.0, limit=False) == []


def test_daily_loss_is_no_latch_and_ends_none() -> None:
    run = MadeUp()
    run.event(0.0, "limits", max_drawdown=0.2)
    run.mode(1.0, "daily_loss", "1")
    assert list(money.i27_flows_latch_nothing(run.case())) == []
    run.mode(2.0, "reducing", money.LATCH)
    run.mode(3.0, "daily_loss", "0")
    run.mode(4.0, "reducing", f"{money.LATCH},rejects")
    (told,) = money.i27_flows_latch_nothing(run.case())
    assert (told.invariant, told.at) == ("I27", run.case().journal.modes[1].at)


def test_other_latches_are_not_judged() -> None:
    run = MadeUp()
    run.event(0.0, "limits", max_drawdown=0.2)
    run.mode(1.0, "reducing", "rejects")
    run.mode(2.0, "halt", "1")
    assert list(money.i27_flows_latch_nothing(run.case())) == []


@pytest.mark.parametrize(("split", "told"), [(True, []), (False, ["I27"])])
def test_fill_from_before_a_split_that_is_taken_back_costs_its_shares_of_then(*, split: bool, told: list[str]) -> None:
    run = MadeUp()
    run.event(0.0, "limits", max_drawdown=0.2)
    run.fill(0.0, 1, "BUY", 8, "0000a.b.c.01")
    run.line(1.0, "close", equity=10_000.0)
    if split:
        run.line(2.0, "deed", do="split", symbol=SYMBOL, ratio=0.1)
    run.fill(3.0, 1, "BUY", 0, "0000a.b.c.02")
    run.mode(4.0, "reducing", money.LATCH)
    assert [violation.invariant for violation in money.i27_flows_latch_nothing(run.case())] == told
