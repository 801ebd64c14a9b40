from __future__ import annotations

from datetime import date

import pytest

from trading.backtest.account import BacktestAccount, Bar
from trading.model.decision import Approved, Decision, ExitOrder, ExitReason, RiskState

DAY_1, DAY_2, DAY_3 = date(2020, 1, 2), date(2020, 1, 3), date(2020, 1, 6)
QUIET = Bar(open=100.0, high=101.0, low=99.5, close=100.5, volume=1e6)


def entry(symbol: str = "AAA", *, quantity: int = 10, limit: float = 100.0) -> Approved:
    return Approved(symbol, quantity, limit, limit - 5.0, limit + 4.0, 1.0, "allocation")


def decision(*, entries: tuple[Approved, ...] = (), exits: tuple[ExitOrder, ...] = ()) -> Decision:
    return Decision(DAY_1, 10_000.0, 10_000.0, 0.0, exits, entries, (), (), RiskState())


def holding(symbol: str = "AAA") -> BacktestAccount:
    """Return an account that bought 10 shares at 100 on DAY_1."""
    account = BacktestAccount(10_000.0, slippage_bps=5.0)
    account.take_orders(decision(entries=(entry(symbol),)))
    account.fill(DAY_1, {symbol: QUIET})
    return account


def sell_all(account: BacktestAccount, symbol: str = "AAA") -> None:
    account.take_orders(decision(exits=(ExitOrder(symbol, 10, ExitReason.TREND_BROKEN),)))


def test_entry_takes_cost_and_commission_from_cash() -> None:
    account = holding()

    assert account.cash == 10_000.0 - 1_000.0 - 1.0
    assert account.holdings()[0].entry_price == 100.0
    assert account.entries_filled == 1


def test_entry_that_is_not_reached_expires_at_the_close() -> None:
    account = BacktestAccount(10_000.0, slippage_bps=5.0)
    account.take_orders(decision(entries=(entry(limit=99.0),)))

    account.fill(DAY_1, {"AAA": QUIET})
    account.fill(DAY_2, {"AAA": Bar(98.0, 99.0, 97.0, 98.0, 1e6)})

    assert account.holdings() == ()
    assert account.cash == 10_000.0


def test_entry_expires_when_its_symbol_has_no_bar_in_the_next_session() -> None:
    account = BacktestAccount(10_000.0, slippage_bps=5.0)
    account.take_orders(decision(entries=(entry(),)))

    account.fill(DAY_1, {})
    account.fill(DAY_2, {"AAA": QUIET})

    assert account.holdings() == ()


def test_entry_that_gaps_below_its_stop_is_sold_at_that_price_less_slippage() -> None:
    account = BacktestAccount(10_000.0, slippage_bps=5.0)
    account.take_orders(decision(entries=(entry(),)))

    account.fill(DAY_1, {"AAA": Bar(90.0, 120.0, 89.0, 110.0, 1e6)})

    (trade,) = account.trades
    assert (trade.entry_price, trade.exit_price, trade.exit_reason) == (90.0, 89.95, ExitReason.STOP)
    assert trade.pnl == pytest.approx(-0.5 - 2.0)


def test_target_is_taken_at_its_price_without_slippage() -> None:
    account = holding()

    account.fill(DAY_2, {"AAA": Bar(101.0, 110.0, 100.0, 105.0, 1e6)})

    (trade,) = account.trades
    assert (trade.exit_price, trade.exit_reason, trade.commission, trade.pnl) == (104.0, ExitReason.TARGET, 2.0, 38.0)
    assert account.cash == 10_038.0


def test_sell_signal_cancels_the_children_and_sells_at_the_open() -> None:
    account = holding()
    sell_all(account)

    account.fill(DAY_2, {"AAA": Bar(94.0, 110.0, 90.0, 105.0, 1e6)})

    (trade,) = account.trades
    assert (trade.exit_price, trade.exit_reason) == (93.95, ExitReason.TREND_BROKEN)


def test_market_sell_waits_for_a_bar_with_volume_and_its_stop_stays_cancelled() -> None:
    account = holding()
    sell_all(account)

    account.fill(DAY_2, {})
    account.fill(DAY_2, {"AAA": Bar(94.0, 94.0, 90.0, 91.0, 0.0)})
    assert account.holdings()[0].exit_pending

    account.fill(DAY_3, {"AAA": Bar(90.0, 91.0, 89.0, 90.0, 1e6)})
    assert account.trades[0].exit_session == DAY_3
    assert account.trades[0].exit_price == 89.95


def test_children_wait_while_a_bar_has_no_volume() -> None:
    account = holding()

    account.fill(DAY_2, {"AAA": Bar(94.0, 110.0, 90.0, 105.0, 0.0)})

    assert account.trades == []


def test_delisted_position_goes_at_its_last_close_without_costs_of_selling() -> None:
    account = holding()
    sell_all(account)

    account.close_delisted(DAY_3, "AAA", 100.5)

    (trade,) = account.trades
    assert (trade.exit_price, trade.exit_reason, trade.commission, trade.pnl) == (100.5, ExitReason.DELISTED, 1.0, 4.0)
    assert account.symbols_at_work() == []


def test_sale_of_a_session_is_settled_from_the_next_one_on() -> None:
    account = holding()
    assert account.settled_cash == account.cash == 8_999.0
    sell_all(account)
    account.fill(DAY_2, {"AAA": QUIET})
    assert account.cash == 8_999.0 + 999.5 - 1.0
    assert account.settled_cash == 8_999.0
    account.fill(DAY_3, {})
    assert account.settled_cash == account.cash


def test_purchase_is_no_settled_cash_any_more_though_it_was_sold_within_its_session() -> None:
    account = BacktestAccount(10_000.0, slippage_bps=5.0)
    account.take_orders(decision(entries=(entry(),)))
    account.fill(DAY_1, {"AAA": Bar(100.0, 105.0, 99.5, 104.5, 1e6)})
    (trade,) = account.trades
    assert trade.within_a_day
    assert (account.cash, account.settled_cash) == (10_000.0 + 40.0 - 2.0, 8_999.0)


def test_what_a_delisted_symbol_brings_is_settled_with_the_sales_of_its_session() -> None:
    account = holding()
    account.fill(DAY_2, {})
    account.close_delisted(DAY_2, "AAA", 90.0)
    assert (account.cash, account.settled_cash) == (9_899.0, 8_999.0)
