"""What the charts draw, as plain lists that `charts.js` understands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypedDict

import numpy as np
import pandas as pd

from trading.model.decision import Denied
from webapp.queries import BarRow, EquityPoint, FillRow, PositionRow
from webapp.sentences import sentence

CHANNEL_PERIOD = 252
BUY_ZONE = 0.75


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
    high: list[Point]
    low: list[Point]
    middle: list[Point]
    zone: list[Point]
    levels: list[Level]
    marks: list[Mark]


def equity_chart(points: Sequence[EquityPoint]) -> EquityChart:
    """Return both curves on one time axis."""
    return {
        "equity": [{"time": p.session.isoformat(), "value": round(p.equity, 2)} for p in points],
        "drawdown": [{"time": p.session.isoformat(), "value": round(-100 * p.drawdown, 4) + 0.0} for p in points],
    }


def symbol_chart(
    symbol: str,
    bars: Sequence[BarRow],
    fills: Sequence[FillRow],
    position: PositionRow | None,
    refusals: Sequence[Mark],
) -> SymbolChart:
    """Return candles with the channel, the levels of the open position, own fills and the refused days."""
    days = [bar.session.isoformat() for bar in bars]
    highs = pd.Series([bar.high for bar in bars], dtype=float).rolling(CHANNEL_PERIOD).max().to_numpy()
    lows = pd.Series([bar.low for bar in bars], dtype=float).rolling(CHANNEL_PERIOD).min().to_numpy()
    shown = frozenset(days)
    return {
        "symbol": symbol,
        "candles": [
            {"time": d, "open": b.open, "high": b.high, "low": b.low, "close": b.close}
            for d, b in zip(days, bars, strict=True)
        ],
        "volume": [{"time": d, "value": b.volume} for d, b in zip(days, bars, strict=True)],
        "high": _line(days, highs),
        "low": _line(days, lows),
        "middle": _line(days, (highs + lows) / 2),
        "zone": _line(days, lows + BUY_ZONE * (highs - lows)),
        "levels": [] if position is None else _levels(position),
        "marks": sorted(
            [mark for mark in (*refusals, *map(_fill_mark, fills)) if mark["time"] in shown],
            key=lambda mark: mark["time"],
        ),
    }


def refusal_mark(session: date, denied: Denied) -> Mark:
    """Return the dot of a day on which a limit refused a buy signal."""
    return {"time": session.isoformat(), "kind": "refused", "text": sentence(denied)}


def equity_polyline(points: Sequence[EquityPoint], width: int, height: int) -> str:
    """Return the equity curve as the points of an SVG polyline, for readers without scripts."""
    values = [point.equity for point in points]
    if len(values) < 2:  # noqa: PLR2004 - a line needs two points
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = width / (len(values) - 1)
    return " ".join(f"{i * step:.1f},{height - (v - low) / span * height:.1f}" for i, v in enumerate(values))


def _line(days: Sequence[str], values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[Point]:
    return [{"time": d, "value": round(float(v), 4)} for d, v in zip(days, values, strict=True) if np.isfinite(v)]


def _levels(position: PositionRow) -> list[Level]:
    return [
        {"kind": "target", "price": position.target_price, "title": "target"},
        {"kind": "entry", "price": position.entry_price, "title": f"entry, {position.quantity}"},
        {"kind": "stop", "price": position.stop_price, "title": "stop"},
    ]


def _fill_mark(fill: FillRow) -> Mark:
    verb = "Bought" if fill.side == "BUY" else "Sold"
    return {
        "time": _as_day(fill.session),
        "kind": "buy" if fill.side == "BUY" else "sell",
        "text": f"{verb} {fill.quantity} at {fill.price:.2f} ({fill.role})",
    }


def _as_day(session: date) -> str:
    return session.isoformat()
