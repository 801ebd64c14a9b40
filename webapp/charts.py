"""What the charts draw, as plain lists that `charts.js` understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypedDict

from trading.model.account import EquityPoint
from trading.model.decision import Denied
from trading.model.decision_words import sentence
from trading.model.order import Side
from trading.model.strategy_words import StrategyWords
from trading.store.readers.charts import BarLine
from trading.store.readers.orders import FillLine
from trading.store.readers.positions import PositionLine
from webapp.numbers import number


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
    """One fill, one refused day with why, or money that came or went."""

    time: str
    kind: str
    text: str


class Level(TypedDict):
    """One horizontal line with its name and price."""

    kind: str
    price: float
    title: str


class Line(TypedDict):
    """One line of the strategy; lines of one title are one thing, and what is not `scaled` may leave the picture."""

    name: str
    title: str
    look: str
    scaled: bool
    points: list[Point]


class EquityChart(TypedDict):
    """Equity, and the drawdown beneath it in percent, never above zero; marks where money came or went."""

    equity: list[Point]
    drawdown: list[Point]
    marks: list[Mark]


class SymbolChart(TypedDict):
    """Everything on the chart of one symbol."""

    symbol: str
    candles: list[Candle]
    volume: list[Point]
    lines: list[Line]
    levels: list[Level]
    marks: list[Mark]


def equity_chart(points: Sequence[EquityPoint]) -> EquityChart:
    """Return both curves on one time axis."""
    return {
        "equity": [{"time": p.session.isoformat(), "value": round(p.equity, 2)} for p in points],
        "drawdown": [{"time": p.session.isoformat(), "value": round(-100 * p.drawdown, 4) + 0.0} for p in points],
        "marks": [paid_mark(point) for point in points if point.paid],
    }


def paid_mark(point: EquityPoint) -> Mark:
    """Return the dot of a day on which money came or went."""
    text = f"{number(abs(point.paid))} USD {'came in' if point.paid > 0.0 else 'went out'}, by no trade"
    return {"time": point.session.isoformat(), "kind": "paid", "text": text}


def symbol_chart(
    symbol: str, bars: Sequence[BarLine], lines: Sequence[Line], position: PositionLine | None, marks: Sequence[Mark]
) -> SymbolChart:
    """Return candles with the strategy's lines, the levels of the open position, and the marks."""
    days = [bar.session.isoformat() for bar in bars]
    shown = frozenset(days)
    return {
        "symbol": symbol,
        "candles": [
            {"time": day, "open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close}
            for day, bar in zip(days, bars, strict=True)
        ],
        "volume": [{"time": day, "value": bar.volume} for day, bar in zip(days, bars, strict=True)],
        "lines": list(lines),
        "levels": [] if position is None else _levels(position),
        "marks": sorted((mark for mark in marks if mark["time"] in shown), key=lambda mark: mark["time"]),
    }


def strategy_lines(words: StrategyWords, values: Mapping[str, Sequence[tuple[date, float]]]) -> tuple[Line, ...]:
    """Return the lines that the strategy of the newest decision names, with the values that it wrote."""
    return tuple(
        Line(
            name=line.column,
            title=line.title,
            look=line.look,
            scaled=line.in_scale,
            points=[{"time": day.isoformat(), "value": value} for day, value in values.get(line.column, ())],
        )
        for line in words.lines
    )


def line_keys(words: StrategyWords) -> tuple[tuple[str, str], ...]:
    """Return look and title of each thing that lines stand for, for the key beside the chart."""
    return tuple(dict.fromkeys((line.look.value, line.title) for line in words.lines))


def fill_mark(fill: FillLine) -> Mark:
    """Return the arrow of one execution."""
    verb, kind = ("Bought", "buy") if fill.side == Side.BUY else ("Sold", "sell")
    text = f"{verb} {fill.quantity} at {fill.price:.2f} ({fill.role})"
    return {"time": fill.session.isoformat(), "kind": kind, "text": text}


def refusal_mark(session: date, denied: Denied) -> Mark:
    """Return the dot of a day on which a limit refused a buy signal."""
    return {"time": session.isoformat(), "kind": "refused", "text": f"Refused: {sentence(denied, number)}"}


def equity_polyline(points: Sequence[EquityPoint], width: int, height: int) -> str:
    """Return the equity curve as the points of an SVG polyline, for readers without scripts."""
    values = [point.equity for point in points]
    if len(values) < 2:  # noqa: PLR2004 - a line needs two points
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = width / (len(values) - 1)
    return " ".join(f"{i * step:.1f},{height - (v - low) / span * height:.1f}" for i, v in enumerate(values))


def _levels(position: PositionLine) -> list[Level]:
    return [
        {"kind": "target", "price": position.target_price, "title": "target"},
        {"kind": "entry", "price": position.entry_price, "title": f"entry, {position.quantity}"},
        {"kind": "stop", "price": position.stop_price, "title": "stop"},
    ]
