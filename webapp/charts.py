"""What the charts draw, as plain lists that `charts.js` understands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from trading.market.panel import SymbolBars, build_panel
from trading.model.decision import Denied
from trading.model.order import Side
from trading.store.readers.account import EquityPoint
from trading.store.readers.charts import BarLine
from trading.store.readers.orders import FillLine
from trading.store.readers.positions import PositionLine
from trading.strategies.base import Strategy
from webapp.sentences import sentence

Floats = NDArray[np.float64]

BAR_FIELDS = ("open", "high", "low", "close", "volume")
LINES = ("channel_high", "channel_low", "channel_middle", "buy_zone")


class Point(TypedDict):
    """One value of a line."""

    time: str
    value: float


class Candle(TypedDict):
    """One bar."""

    time: str
    open: float
    high: float
    low: float
    close: float


class Mark(TypedDict):
    """One fill, or one refused day with why."""

    time: str
    kind: str
    text: str


class Level(TypedDict):
    """One horizontal line with its name and price."""

    kind: str
    price: float
    title: str


class EquityChart(TypedDict):
    """Equity, and the drawdown beneath it in percent, never above zero."""

    equity: list[Point]
    drawdown: list[Point]


class SymbolChart(TypedDict):
    """Everything on the chart of one symbol."""

    symbol: str
    candles: list[Candle]
    volume: list[Point]
    lines: dict[str, list[Point]]
    levels: list[Level]
    marks: list[Mark]


def equity_chart(points: Sequence[EquityPoint]) -> EquityChart:
    """Return both curves on one time axis."""
    return {
        "equity": [{"time": p.session.isoformat(), "value": round(p.equity, 2)} for p in points],
        "drawdown": [{"time": p.session.isoformat(), "value": round(-100 * p.drawdown, 4) + 0.0} for p in points],
    }


def symbol_chart(
    symbol: str, bars: Sequence[BarLine], strategy: Strategy, position: PositionLine | None, marks: Sequence[Mark]
) -> SymbolChart:
    """Return candles with the channel and ATR band, the levels of the open position, and the marks."""
    days = [bar.session.isoformat() for bar in bars]
    shown = frozenset(days)
    return {
        "symbol": symbol,
        "candles": [
            {"time": day, "open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close}
            for day, bar in zip(days, bars, strict=True)
        ],
        "volume": [{"time": day, "value": bar.volume} for day, bar in zip(days, bars, strict=True)],
        "lines": {name: _line(days, values) for name, values in _lines(symbol, bars, strategy).items()},
        "levels": [] if position is None else _levels(position),
        "marks": sorted((mark for mark in marks if mark["time"] in shown), key=lambda mark: mark["time"]),
    }


def fill_mark(fill: FillLine) -> Mark:
    """Return the arrow of one execution."""
    verb, kind = ("Bought", "buy") if fill.side == Side.BUY else ("Sold", "sell")
    text = f"{verb} {fill.quantity} at {fill.price:.2f} ({fill.role})"
    return {"time": fill.session.isoformat(), "kind": kind, "text": text}


def refusal_mark(session: date, denied: Denied) -> Mark:
    """Return the dot of a day on which a limit refused a buy signal."""
    return {"time": session.isoformat(), "kind": "refused", "text": f"Refused: {sentence(denied)}"}


def equity_polyline(points: Sequence[EquityPoint], width: int, height: int) -> str:
    """Return the equity curve as the points of an SVG polyline, for readers without scripts."""
    values = [point.equity for point in points]
    if len(values) < 2:  # noqa: PLR2004 - a line needs two points
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = width / (len(values) - 1)
    return " ".join(f"{i * step:.1f},{height - (v - low) / span * height:.1f}" for i, v in enumerate(values))


def _lines(symbol: str, bars: Sequence[BarLine], strategy: Strategy) -> dict[str, Floats]:
    """Return the lines that the strategy itself decides by, as far as it has values of these names."""
    prices = (np.array([getattr(bar, name) for bar in bars], dtype=float) for name in BAR_FIELDS)
    days = np.array([bar.session for bar in bars], dtype="datetime64[D]")
    columns = strategy.generate_signals(build_panel({symbol: SymbolBars(days, *prices)})).columns
    lines = {name: columns[name][:, 0] for name in LINES if name in columns}
    if "atr" in columns:
        close, atr = columns["close"][:, 0], columns["atr"][:, 0]
        lines |= {"band_high": close + atr, "band_low": close - atr}
    return lines


def _line(days: Sequence[str], values: Floats) -> list[Point]:
    return [{"time": d, "value": round(float(v), 4)} for d, v in zip(days, values, strict=True) if np.isfinite(v)]


def _levels(position: PositionLine) -> list[Level]:
    return [
        {"kind": "target", "price": position.target_price, "title": "target"},
        {"kind": "entry", "price": position.entry_price, "title": f"entry, {position.quantity}"},
        {"kind": "stop", "price": position.stop_price, "title": "stop"},
    ]
