"""StockScreener: from a panel of bars to buy signals and, for every other symbol, the reasons why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import overload

from trading.market.panel import Panel
from trading.model.contract import PriceIncrement
from trading.model.decision import ExitReason, Reason, Signal, SymbolVerdict
from trading.strategies.base import US_LADDER, Ladder, Strategy
from trading.strategies.signals import SignalPanel

Increments = Mapping[str, tuple[PriceIncrement, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Screen:
    """One session, screened. `buys` are all its signals, of held symbols too, highest score first, then A-Z."""

    signals: SignalPanel
    row: int
    buys: tuple[Signal, ...]
    _by_symbol: Mapping[str, Signal] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Index the signals."""
        object.__setattr__(self, "_by_symbol", {signal.symbol: signal for signal in self.buys})

    def candidates(self, without: Set[str]) -> tuple[Signal, ...]:
        """Return the signals of all symbols but `without` (those held), in the order in which they are considered."""
        return tuple(signal for signal in self.buys if signal.symbol not in without)

    def reason_counts(self) -> dict[str, int]:
        """Return how many symbols each rule kept from a signal."""
        return self.signals.reason_counts(self.row)

    def verdict(
        self, symbol: str, *, held: bool = False, exit_reason: ExitReason | None = None, skipped: bool = False
    ) -> SymbolVerdict:
        """Return what was found for one symbol, with every reason.

        A held one is judged for its exit alone; a `skipped` one, whose data can't be trusted, for nothing.

        Raises: DataError, the panel does not hold the symbol.
        """
        column = self.signals.panel.column(symbol)
        signal = None if held or skipped else self._by_symbol.get(symbol)
        reasons: tuple[Reason, ...] = ()
        failed = None if held or skipped else self.signals.failed_checks(self.row, column)
        if skipped and not held:
            reasons = (Reason("skipped", None, None),)
        elif not held and signal is None:
            reasons = self.signals.reasons(self.row, column)
        return SymbolVerdict(
            symbol=symbol,
            signal=signal,
            reasons=reasons,
            values=self.signals.values(self.row, column),
            held=held,
            exit_reason=exit_reason,
            failed=failed,
        )

    def verdicts(self, exits: Mapping[str, ExitReason | None], skipped: Set[str] = frozenset()) -> Verdicts:
        """Return what was found for each symbol; `exits` has the held ones, with the reason where one is sold."""
        return Verdicts(self, exits, skipped)


class Verdicts(Sequence[SymbolVerdict]):
    """The verdicts of one screen, A-Z, each built when it is read."""

    __slots__ = ("_exits", "_screen", "_skipped")

    def __init__(self, screen: Screen, exits: Mapping[str, ExitReason | None], skipped: Set[str]) -> None:
        """Keep what is needed to build them."""
        self._screen = screen
        self._exits = exits
        self._skipped = skipped

    def __len__(self) -> int:
        """Return the number of symbols."""
        return len(self._screen.signals.panel.symbols)

    def __iter__(self) -> Iterator[SymbolVerdict]:
        """Build one after the other."""
        return (self._build(symbol) for symbol in self._screen.signals.panel.symbols)

    @overload
    def __getitem__(self, index: int) -> SymbolVerdict: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[SymbolVerdict, ...]: ...

    def __getitem__(self, index: int | slice) -> SymbolVerdict | tuple[SymbolVerdict, ...]:
        """Build one, or those of a slice."""
        symbols = self._screen.signals.panel.symbols[index]
        return self._build(symbols) if isinstance(symbols, str) else tuple(self._build(symbol) for symbol in symbols)

    def __eq__(self, other: object) -> bool:
        """Return whether `other` is a sequence of the same verdicts."""
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # as of every sequence that compares by its content and is no tuple

    def __repr__(self) -> str:
        """Return how many there are."""
        return f"Verdicts({len(self)} symbols)"

    def _build(self, symbol: str) -> SymbolVerdict:
        return self._screen.verdict(
            symbol,
            held=symbol in self._exits,
            exit_reason=self._exits.get(symbol),
            skipped=symbol in self._skipped,
        )


class StockScreener:
    """Screens panels with one strategy; the newest panel stays measured, so a backtest measures once."""

    def __init__(self, strategy: Strategy) -> None:
        """Screen by `strategy`."""
        self.strategy = strategy
        self._newest: SignalPanel | None = None

    def signals(self, panel: Panel) -> SignalPanel:
        """Return the strategy's answer for the whole panel."""
        newest = self._newest
        if newest is None or newest.panel is not panel:
            newest = self.strategy.generate_signals(panel)
            self._newest = newest
        return newest

    def screen(self, panel: Panel, row: int, increments: Increments | None = None) -> Screen:
        """Return the screen of one session; `increments` are the contracts' own, where the broker told them."""
        signals = self.signals(panel)
        ladders = {symbol: Ladder.of(steps) for symbol, steps in (increments or {}).items()}
        symbols = signals.panel.symbols
        buys = [
            self.signal(signals, row, column, ladders.get(symbols[column], US_LADDER))
            for column in signals.signal_columns(row)
        ]
        buys.sort(key=lambda signal: (-signal.score, signal.symbol))
        return Screen(signals, row, tuple(buys))

    def signal(self, signals: SignalPanel, row: int, column: int, ladder: Ladder = US_LADDER) -> Signal:
        """Return the signal that a symbol gives in a session, or would give if the rules held."""
        prices = self.strategy.order_prices(signals, row, column, ladder)
        return Signal(
            symbol=signals.panel.symbols[column],
            score=float(signals.columns["score"][row, column]),
            close=float(signals.panel.close[row, column]),
            atr=float(signals.columns["atr"][row, column]),
            mean_volume=float(signals.columns["mean_volume"][row, column]),
            limit_price=prices.limit,
            stop_price=prices.stop,
            target_price=prices.target,
        )
