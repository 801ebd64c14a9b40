"""The account of a backtest: cash, positions and working orders, moved by the fill model of `trading.market.fills`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from trading.backtest.result import ClosedTrade
from trading.market import fills
from trading.model.decision import Approved, Decision, ExitReason, Holding

_CHILD_REASONS = {fills.STOP_EXIT: ExitReason.STOP, fills.TARGET_EXIT: ExitReason.TARGET}


@dataclass(frozen=True, slots=True)
class Bar:
    """One symbol's bar of the session that is being filled."""

    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class Lot:
    """Shares with the entry that bought them; `exit_reason` is set while the market order of a sell signal works."""

    plan: Approved
    entry_session: date
    entry_price: float
    entry_commission: float
    exit_reason: ExitReason | None = None

    @property
    def quantity(self) -> int:
        """Shares held."""
        return self.plan.quantity

    def holding(self) -> Holding:
        """Return the position as the decision sees it."""
        return Holding(
            symbol=self.plan.symbol,
            quantity=self.plan.quantity,
            entry_session=self.entry_session,
            entry_price=self.entry_price,
            stop_price=self.plan.stop_price,
            target_price=self.plan.target_price,
            exit_pending=self.exit_reason is not None,
        )


class BacktestAccount:
    """Cash, lots and the orders of the last decision. Every amount is rounded to the cent as it moves."""

    def __init__(self, cash: float, slippage_bps: float) -> None:
        """Start with cash alone."""
        self.cash = fills.cents(cash)
        self._unsettled = 0.0
        self.trades: list[ClosedTrade] = []
        self.entries_filled = 0
        self._slippage_bps = slippage_bps
        self._lots: dict[str, Lot] = {}
        self._entries: dict[str, Approved] = {}

    @property
    def settled_cash(self) -> float:
        """Return the cash without what the session's own sales brought: a sale settles as the next session begins.

        Source: Securities Exchange Act, Rule 15c6-1, one business day since 28 May 2024; the same for all years.
        """
        return fills.cents(self.cash - self._unsettled)

    @property
    def lots(self) -> Mapping[str, Lot]:
        """Positions by symbol, in no order that means anything."""
        return self._lots

    def holdings(self) -> tuple[Holding, ...]:
        """Return the positions A–Z."""
        return tuple(self._lots[symbol].holding() for symbol in sorted(self._lots))

    def symbols_at_work(self) -> list[str]:
        """Return the symbols whose next bar can fill something, A–Z."""
        return sorted(self._lots.keys() | self._entries.keys())

    def take_orders(self, decision: Decision) -> None:
        """Put a decision's orders to work for the next session; entries are DAY orders and replace those before."""
        self._entries = {entry.symbol: entry for entry in decision.entries}
        for order in decision.exits:
            lot = self._lots[order.symbol]
            self._lots[order.symbol] = Lot(
                lot.plan, lot.entry_session, lot.entry_price, lot.entry_commission, order.reason
            )

    def fill(self, session: date, bars: Mapping[str, Bar]) -> None:
        """Fill one session: the market sells of all symbols at the open, then entries and brackets, A–Z.

        A symbol without a bar is absent from `bars`: its market sell waits, its entry expires.
        """
        self._unsettled = 0.0
        ordered = sorted(bars)
        for symbol in ordered:
            self._fill_market_sell(session, symbol, bars[symbol])
        for symbol in ordered:
            bar = bars[symbol]
            lot = self._lots.get(symbol)
            if lot is None and symbol in self._entries:
                self._fill_entry(session, self._entries[symbol], bar)
            elif lot is not None and lot.exit_reason is None:
                self._fill_bracket(session, lot, bar, 0.0, math.nan)
        self._entries = {}

    def close_delisted(self, session: date, symbol: str, price: float) -> None:
        """Book a position out at `price` without slippage or commission; a working exit lapses with it."""
        self._sell(session, self._lots[symbol], price, ExitReason.DELISTED, 0.0)

    def _fill_market_sell(self, session: date, symbol: str, bar: Bar) -> None:
        lot = self._lots.get(symbol)
        if lot is None or lot.exit_reason is None:
            return
        price = fills.market_sell_fill(bar.open, bar.volume, self._slippage_bps)
        if price >= 0.0:
            self._sell(session, lot, price, lot.exit_reason, fills.commission(lot.quantity, price))

    def _fill_entry(self, session: date, plan: Approved, bar: Bar) -> None:
        position, price = fills.entry_fill(bar.open, bar.high, bar.low, bar.close, bar.volume, plan.limit_price)
        if position < 0.0:
            return
        commission = fills.commission(plan.quantity, price)
        self.cash = fills.cents(self.cash - fills.cents(plan.quantity * price))
        self.cash = fills.cents(self.cash - commission)
        self.entries_filled += 1
        lot = Lot(plan, session, price, commission)
        self._lots[plan.symbol] = lot
        self._fill_bracket(session, lot, bar, position, price)

    def _fill_bracket(self, session: date, lot: Lot, bar: Bar, start: float, entry_price: float) -> None:
        kind, _, price = fills.bracket_exit(
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume,
            start,
            entry_price,
            lot.plan.stop_price,
            lot.plan.target_price,
            self._slippage_bps,
        )
        if kind != fills.NO_EXIT:
            self._sell(session, lot, price, _CHILD_REASONS[kind], fills.commission(lot.quantity, price))

    def _sell(self, session: date, lot: Lot, price: float, reason: ExitReason, commission: float) -> None:
        proceeds = fills.cents(lot.quantity * price)
        cost = fills.cents(lot.quantity * lot.entry_price)
        self.cash = fills.cents(self.cash + proceeds)
        self.cash = fills.cents(self.cash - commission)
        self._unsettled = fills.cents(self._unsettled + proceeds - commission)
        both = fills.cents(lot.entry_commission + commission)
        self.trades.append(
            ClosedTrade(
                symbol=lot.plan.symbol,
                quantity=lot.quantity,
                entry_session=lot.entry_session,
                entry_price=lot.entry_price,
                exit_session=session,
                exit_price=price,
                exit_reason=reason,
                commission=both,
                pnl=fills.cents(proceeds - cost - both),
            )
        )
        del self._lots[lot.plan.symbol]
