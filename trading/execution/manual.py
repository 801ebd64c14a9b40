"""Own shares that a person sold by hand: found by comparing positions, believed only when nothing else explains them.

The broker's position is own and foreign shares together. Fewer than our own means that somebody sold some of ours: own
shares become what is left, and stops shrink with them, since a stop for shares that are gone would make us short.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading.execution.book import BrokerBook
from trading.execution.desk import Desk
from trading.model.order import UNPROVEN, IntentState
from trading.ports import OwnPosition

# The broker's list of positions may be some minutes old, or lack a row for a while.
BELIEVED_AFTER_S = 600.0
# New shares for each old one, or the other way round.
_SPLITS = (1.5, 4 / 3, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 15.0, 20.0, 25.0)
_SPLIT_TOLERANCE = 0.01


@dataclass(slots=True)
class _Missing:
    quantity: int
    since: float
    told: bool = False


class ManualSales:
    """One for each process: it remembers since when the broker has shown fewer shares than are ours."""

    def __init__(self, desk: Desk) -> None:
        """Begin with nothing missing."""
        self._desk = desk
        self._missing: dict[int, _Missing] = {}

    def look(self, book: BrokerBook) -> int:
        """Take shares off that were sold by hand; return how many positions changed."""
        ticks = self._desk.clock.monotonic()
        busy = {record.intent.conid for record in self._desk.journal.intents(states=UNPROVEN)}
        busy |= self._late(book)
        found: dict[int, _Missing] = {}
        changed = 0
        for position in self._desk.journal.own_positions():
            held = max(int(book.held(position.conid)), 0)
            if held >= position.quantity or position.conid in busy:
                continue
            before = self._missing.get(position.conid)
            missing = before if before is not None and before.quantity == held else _Missing(held, ticks)
            if ticks - missing.since < BELIEVED_AFTER_S:
                found[position.conid] = missing
            elif self._looks_split(position, held, book):
                found[position.conid] = missing
                self._tell_split(position, held, missing)
            else:
                self._take_off(position, held)
                changed += 1
        self._missing = found
        return changed

    def _late(self, book: BrokerBook) -> set[int]:
        """Return the contracts in which an order of ours has filled more than the executions tell so far."""
        orders = book.by_id()
        return {
            record.intent.conid
            for record in self._desk.journal.intents(states=frozenset({IntentState.WORKING}))
            if record.order_id is not None
            and record.order_id in orders
            and round(orders[record.order_id].filled_quantity) != record.filled
        }

    def _looks_split(self, position: OwnPosition, held: int, book: BrokerBook) -> bool:
        """Return whether quantity and average price changed as in a split of shares into fewer ones."""
        prices = [each.average_price for each in book.positions if each.conid == position.conid and each.average_price]
        if held == 0 or not prices or not prices[0] > 0.0:
            return False
        ratio, price_ratio = position.quantity / held, prices[0] / position.entry_price
        return any(_near(ratio, split) and _near(price_ratio, split) for split in _SPLITS)

    def _tell_split(self, position: OwnPosition, held: int, missing: _Missing) -> None:
        if missing.told:
            return
        missing.told = True
        self._desk.notifier.alert(
            "split",
            f"{position.symbol}: {position.quantity} own shares became {held}, as in a split; check stop and target",
        )

    def _take_off(self, position: OwnPosition, held: int) -> None:
        gone = position.quantity - held
        text = f"{gone} of {position.quantity} own shares were sold by hand"
        self._desk.journal.adjust(position.conid, -gone, text, self._desk.clock.now())
        self._desk.log.warning("own shares sold by hand", symbol=position.symbol, gone=gone, left=held)
        self._desk.notifier.alert("manual", f"{position.symbol}: {text}; stop and target follow")


def _near(value: float, wanted: float) -> bool:
    return abs(value / wanted - 1.0) <= _SPLIT_TOLERANCE
