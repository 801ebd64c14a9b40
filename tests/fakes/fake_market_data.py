"""Contracts, bars and quotes of three symbols, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

import numpy as np

from trading.errors import GatewayError
from trading.market.calendar import TradingCalendar
from trading.market.panel import Panel, SymbolBars, build_panel
from trading.model.account import Quote
from trading.model.contract import Contract, PriceIncrement
from trading.ports import Clock

CONIDS = {"AAPL": 265598, "MSFT": 272093, "XOM": 13977}
CLOSES = {"AAPL": 100.5, "MSFT": 38.0, "XOM": 95.0}
INCREMENTS = (PriceIncrement(0.0, 0.0001), PriceIncrement(1.0, 0.01))
FIRST_BAR = date(2014, 1, 2)


class FakeMarketData:
    """Implements `MarketData`. `unreadable` are symbols whose contract can't be read, with the reason.

    What is in `failures` is raised by readings of bars, one a call; `readings` counts those. `limits` are the seconds
    that readings were to begin within.
    """

    def __init__(self, panel: Panel, clock: Clock) -> None:
        self.panel = panel
        self.clock = clock
        self.prior_closes: dict[int, float | None] = {CONIDS[symbol]: close for symbol, close in CLOSES.items()}
        self.unreadable: dict[str, str] = {}
        self.failures: list[GatewayError] = []
        self.readings = 0
        self.limits: list[float] = []

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        self.limits.append(seconds)
        yield

    def contracts(self, symbols: Sequence[str]) -> tuple[Mapping[str, Contract], Mapping[str, str]]:
        why = {symbol: "no such stock" for symbol in symbols if symbol not in CONIDS}
        why |= {symbol: reason for symbol, reason in self.unreadable.items() if symbol in symbols}
        known = {s: Contract(CONIDS[s], s, "NASDAQ", "USD", INCREMENTS) for s in symbols if s not in why}
        return known, why

    def daily_bars(self, contracts: Iterable[Contract], through: date, count: int) -> tuple[Panel, Mapping[str, str]]:
        self.readings += 1
        if self.failures:
            raise self.failures.pop(0)
        wanted = {contract.symbol for contract in contracts}
        panel = self.panel.select([symbol for symbol in self.panel.symbols if symbol in wanted])
        return panel.cut(through), {}

    def quotes(self, conids: Sequence[int]) -> Mapping[int, Quote]:
        now_ms = int(self.clock.now().timestamp() * 1000)
        return {
            conid: Quote(conid, prior, prior, prior, prior, False, False, "R", now_ms)
            for conid in conids
            if (prior := self.prior_closes.get(conid)) is not None
        }


def rising(calendar: TradingCalendar, decided: date, through: date) -> Panel:
    """Return bars that rise day by day and rest from two days before `decided` on, which gives buy signals on it."""
    days = [session.day for session in calendar.sessions(FIRST_BAR, through)]
    rest = np.array([min(index - days.index(decided) + 2, 0) for index in range(len(days))])
    return _panel(days, {symbol: np.round(last * 1.015**rest, 2) for symbol, last in CLOSES.items()})


def quiet(calendar: TradingCalendar, through: date, *, closed: date | None = None) -> Panel:
    """Return bars that stay where they are through one day, which gives no signal; none of the day `closed`."""
    days = [session.day for session in calendar.sessions(FIRST_BAR, through) if session.day != closed]
    return _panel(days, {symbol: np.full(len(days), last) for symbol, last in CLOSES.items()})


def _panel(days: list[date], closes: Mapping[str, np.ndarray]) -> Panel:
    dates = np.array(days, dtype="datetime64[D]")
    volume = np.full(len(days), 1e6)
    return build_panel(
        {
            symbol: SymbolBars(dates, close, close * 1.01, close * 0.99, close, volume)
            for symbol, close in closes.items()
        }
    )
