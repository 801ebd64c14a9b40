"""The account, the fills and the decision of the strategy document once more, as plain as `strategy_reference`.

Sections 5 to 7. It knows the limits that the document names (`risk.profile` = `strategy`) and no others.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.reference.strategy_reference import (
    DEFAULTS,
    Bars,
    Indicators,
    Signal,
    bad_prices,
    buy_signal,
    cents,
    commission,
    down,
    position_size,
    sell_signal,
)

REFUSALS = ("drawdown_halt", "bad_prices", "max_positions", "size_zero", "buying_power", "exposure")
SESSIONS_WITHOUT_A_BAR = 10


@dataclass
class Entry:
    """An accepted entry, an order for the next session."""

    symbol: str
    quantity: int
    limit: float
    stop: float
    target: float


@dataclass
class Position:
    """Shares that are held; `exit_reason` is set while a market order waits for an open."""

    symbol: str
    quantity: int
    entry_bar: int
    entry_price: float
    stop: float
    target: float
    entry_commission: float
    exit_reason: str | None = None


@dataclass
class Trade:
    """One row of trades.csv."""

    symbol: str
    quantity: int
    entry_date: str
    entry_price: float
    exit_date: str
    exit_price: float
    exit_reason: str
    commission: float
    pnl: float


@dataclass
class EquityRow:
    """One row of equity.csv."""

    date: str
    cash: float
    equity: float
    positions: int
    drawdown: float


@dataclass
class DayDecision:
    """What was decided after the close of `date`, for finding the first difference."""

    date: str
    exits: list[tuple[str, str]]
    entries: list[Entry]
    refused: list[tuple[str, str]]


@dataclass
class Result:
    """All that the reports hold."""

    trades: list[Trade]
    equity: list[EquityRow]
    decisions: list[DayDecision]
    refusals: dict[str, int]
    halted_on: str | None
    open_positions: list[Position]


# 6. The fill model.


def intraday_path(bars: Bars, bar: int) -> list[float]:
    """open → low → high → close when close ≥ open, else open → high → low → close."""
    first, last = bars.open[bar], bars.close[bar]
    if last >= first:
        return [first, bars.low[bar], bars.high[bar], last]
    return [first, bars.high[bar], bars.low[bar], last]


def slipped(price: float, parameters: dict[str, float]) -> float:
    """A sell's price after slippage, rounded down to the tick."""
    return down(price * (1 - parameters["slippage_bps"] / 10_000))


def entry_fill(path: list[float], limit: float) -> tuple[float, list[float]] | None:
    """Return the fill price of a DAY limit buy and what is left of the path, the fill first; None: it expires."""
    if path[0] <= limit:
        return path[0], path
    for leg in range(1, len(path)):
        if path[leg] <= limit:
            return limit, [limit, *path[leg:]]
    return None


def children_at_open(
    price: float, stop: float, target: float, parameters: dict[str, float]
) -> tuple[str, float] | None:
    """At a bar's open a stop fills at that open less slippage, a target at that open."""
    if price <= stop:
        return "stop", slipped(price, parameters)
    if price >= target:
        return "target", price
    return None


def children_inside(
    path: list[float], stop: float, target: float, parameters: dict[str, float]
) -> tuple[str, float] | None:
    """Walk the path, which starts between the two prices, to the first that it reaches."""
    for price in path[1:]:
        if price <= stop:
            return "stop", slipped(stop, parameters)
        if price >= target:
            return "target", target
    return None


# 5. The decision, and the days.


class Backtest:
    """The account, day after day."""

    def __init__(self, data: dict[str, Bars], cash: float, parameters: dict[str, float]) -> None:
        """Start with `cash` and nothing else."""
        self.data = {symbol: data[symbol] for symbol in sorted(data)}
        self.parameters = DEFAULTS | parameters
        self.series = {symbol: Indicators(bars, self.parameters) for symbol, bars in self.data.items()}
        self.bar_on = {symbol: {day: bar for bar, day in enumerate(bars.dates)} for symbol, bars in self.data.items()}
        self.cash = cents(cash)
        self.peak: float | None = None
        self.halted_on: str | None = None
        self.positions: dict[str, Position] = {}
        self.entries: list[Entry] = []
        self.result = Result([], [], [], dict.fromkeys(REFUSALS, 0), None, [])

    def run(self, start: str | None = None, end: str | None = None) -> Result:
        """Decide after the close of every session from `start` to `end`, both included."""
        sessions = self.sessions(start, end)
        for number, day in enumerate(sessions):
            if number > 0:
                self.fill_market_sells(day)
                self.fill_symbol_by_symbol(day)
            self.close_delisted(sessions[max(0, number - SESSIONS_WITHOUT_A_BAR + 1) : number + 1])
            self.decide(day)
        self.result.trades.sort(key=lambda trade: (trade.exit_date, trade.symbol))
        self.result.halted_on = self.halted_on
        self.result.open_positions = [self.positions[symbol] for symbol in sorted(self.positions)]
        return self.result

    def sessions(self, start: str | None, end: str | None) -> list[str]:
        """Return the dates in the range on which any symbol has a bar."""
        days = {day for bars in self.data.values() for day in bars.dates}
        return sorted(day for day in days if (start is None or day >= start) and (end is None or day <= end))

    # Fills.

    def fill_market_sells(self, day: str) -> None:
        """All market sells for the open come first; without a bar, or without volume, they wait."""
        for symbol in sorted(self.positions):
            position = self.positions[symbol]
            bar = self.bar_on[symbol].get(day)
            if position.exit_reason is None or bar is None or self.data[symbol].volume[bar] == 0:
                continue
            price = slipped(self.data[symbol].open[bar], self.parameters)
            self.sell(position, day, price, position.exit_reason, commission(position.quantity, price))

    def fill_symbol_by_symbol(self, day: str) -> None:
        """Then symbols A–Z: the entry with what its children see of the bar, or the children of a position."""
        entries = {entry.symbol: entry for entry in self.entries}
        self.entries = []
        for symbol in sorted(self.data):
            bar = self.bar_on[symbol].get(day)
            if bar is None or self.data[symbol].volume[bar] == 0:
                continue
            path = intraday_path(self.data[symbol], bar)
            position = self.positions.get(symbol)
            if position is not None and position.exit_reason is None:
                self.fill_children(position, day, path)
            elif symbol in entries:
                self.fill_entry(entries[symbol], day, bar, path)

    def fill_entry(self, entry: Entry, day: str, bar: int, path: list[float]) -> None:
        """Buy where the path allows it; then the children work on the rest of that path."""
        filled = entry_fill(path, entry.limit)
        if filled is None:
            return
        price, rest = filled
        paid = commission(entry.quantity, price)
        self.cash = cents(self.cash - cents(entry.quantity * price))
        self.cash = cents(self.cash - paid)
        position = Position(entry.symbol, entry.quantity, bar, price, entry.stop, entry.target, entry_commission=paid)
        self.positions[entry.symbol] = position
        self.fill_children(position, day, rest)

    def fill_children(self, position: Position, day: str, path: list[float]) -> None:
        """Sell by the stop or the target, whichever the path reaches first."""
        stop, target = position.stop, position.target
        touched = children_at_open(path[0], stop, target, self.parameters) or children_inside(
            path, stop, target, self.parameters
        )
        if touched is not None:
            reason, price = touched
            self.sell(position, day, price, reason, commission(position.quantity, price))

    def sell(self, position: Position, day: str, price: float, reason: str, paid: float) -> None:
        """Book the whole position's sale as a trade."""
        proceeds = cents(position.quantity * price)
        cost = cents(position.quantity * position.entry_price)
        self.cash = cents(self.cash + proceeds)
        self.cash = cents(self.cash - paid)
        both = cents(position.entry_commission + paid)
        self.result.trades.append(
            Trade(
                position.symbol,
                position.quantity,
                self.data[position.symbol].dates[position.entry_bar],
                position.entry_price,
                day,
                price,
                reason,
                both,
                cents(proceeds - cost - both),
            )
        )
        del self.positions[position.symbol]

    # The decision.

    def last_close(self, symbol: str, day: str) -> float:
        """Return close[t], or the last close before where the symbol has no bar."""
        bars = self.data[symbol]
        bar = self.bar_on[symbol].get(day)
        if bar is None:
            bar = max(number for number, date in enumerate(bars.dates) if date <= day)
        return bars.close[bar]

    def close_delisted(self, last_sessions: list[str]) -> None:
        """Close, at its last close, a held symbol that has had no bar in the last 10 sessions."""
        day = last_sessions[-1]
        if len(last_sessions) < SESSIONS_WITHOUT_A_BAR:
            return
        for symbol in sorted(self.positions):
            if not any(session in self.bar_on[symbol] for session in last_sessions):
                self.sell(self.positions[symbol], day, self.last_close(symbol, day), "delisted", 0.0)

    def decide(self, day: str) -> None:
        """Take the decision after the close of `day`, in the document's order."""
        held = sorted(self.positions)
        exposure = sum(self.positions[symbol].quantity * self.last_close(symbol, day) for symbol in held)
        equity = cents(self.cash + exposure)
        self.peak = equity if self.peak is None else max(self.peak, equity)
        drawdown = 1 - equity / self.peak
        if drawdown >= self.parameters["MAX_DRAWDOWN"] and self.halted_on is None:
            self.halted_on = day
        exits = self.decide_exits(day)
        entries, refused = self.walk(self.candidates(day), equity, exposure)
        self.entries = entries
        for _, reason in refused:
            self.result.refusals[reason] += 1
        self.result.decisions.append(DayDecision(day, exits, entries, refused))
        self.result.equity.append(EquityRow(day, self.cash, equity, len(held), drawdown))

    def decide_exits(self, day: str) -> list[tuple[str, str]]:
        """Mark the positions that have a sell signal; a pending exit is not decided again."""
        exits = []
        for symbol in sorted(self.positions):
            position = self.positions[symbol]
            bar = self.bar_on[symbol].get(day)
            if bar is None or position.exit_reason is not None:
                continue
            position.exit_reason = sell_signal(self.series[symbol], position.entry_bar, bar, self.parameters)
            if position.exit_reason is not None:
                exits.append((symbol, position.exit_reason))
        return exits

    def candidates(self, day: str) -> list[Signal]:
        """Return the buy signals of symbols with no position, best score first, ties A–Z."""
        signals = []
        for symbol in self.data:
            bar = self.bar_on[symbol].get(day)
            if bar is None or symbol in self.positions:
                continue
            signal = buy_signal(symbol, self.series[symbol], bar, self.parameters)
            if signal is not None:
                signals.append(signal)
        return sorted(signals, key=lambda signal: (-signal.score, signal.symbol))

    def walk(
        self, candidates: list[Signal], equity: float, exposure: float
    ) -> tuple[list[Entry], list[tuple[str, str]]]:
        """Accept or refuse each candidate; a refusal does not end the walk."""
        accepted: list[Entry] = []
        refused: list[tuple[str, str]] = []
        reserved = 0.0
        for signal in candidates:
            reason, quantity = self.verdict(signal, accepted, reserved, equity, exposure)
            if reason is not None:
                refused.append((signal.symbol, reason))
                continue
            cost = cents(quantity * signal.limit) + commission(quantity, signal.limit)
            reserved = cents(reserved + cost)
            accepted.append(Entry(signal.symbol, quantity, signal.limit, signal.stop, signal.target))
        return accepted, refused

    def verdict(
        self, signal: Signal, accepted: list[Entry], reserved: float, equity: float, exposure: float
    ) -> tuple[str | None, int]:
        """Return the first failing reason, or None and the quantity."""
        if self.halted_on is not None:
            return "drawdown_halt", 0
        if bad_prices(signal):
            return "bad_prices", 0
        if len(self.positions) + len(accepted) >= self.parameters["MAX_POSITIONS"]:
            return "max_positions", 0
        quantity = position_size(signal, equity, self.parameters)
        if quantity < 1:
            return "size_zero", 0
        cost = cents(cents(quantity * signal.limit) + commission(quantity, signal.limit))
        asked = exposure + sum(entry.quantity * entry.limit for entry in accepted) + quantity * signal.limit
        reason = None
        if cost > cents(self.cash - reserved) + 1e-9:
            reason = "buying_power"
        elif asked > self.parameters["max_exposure"] * equity + 1e-9:
            reason = "exposure"
        return reason, quantity


def backtest(
    data: dict[str, Bars],
    cash: float,
    parameters: dict[str, float] | None = None,
    start: str | None = None,
    end: str | None = None,
) -> Result:
    """Run the rules over `data`; `start` and `end` (ISO dates, None: all) bound the days of decision."""
    return Backtest(data, cash, parameters or {}).run(start, end)
