"""Trading states drawn by chance, those that nobody would think of among them; one seed gives one state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from tests.fakes.stages import settings_of
from tests.fakes.trading_states import (
    ACCOUNT,
    CLOSE,
    CLOSES,
    CONIDS,
    DECIDED,
    EPOCH,
    IN_SESSION,
    OPEN,
    PRE_OPEN,
    SESSION,
    SYMBOLS,
    after,
    approved,
    bid,
    decided,
    entry,
    moment,
    observing,
    own,
    sale,
    shows,
    stop,
    target,
    unreadable,
)
from trading.execution.planning.software_guard import breach_of, whole_of
from trading.execution.planning.state import AccountGuard, TradingState
from trading.execution.reading.evidence import since_of
from trading.execution.reading.snapshot import Reading
from trading.execution.reconciliation.endings import HELD
from trading.model.account import AccountKind, Quote
from trading.model.command import CommandDraft, CommandRecord, CommandState, Step
from trading.model.decision import Decision
from trading.model.mode import Mode
from trading.model.order import BrokerOrder, BrokerStatus, IntentState, OrderType, Role, Side
from trading.model.record import IntentRecord, OwnPosition
from trading.model.request import RequestKind
from trading.ports import Sighting

MOMENTS = (
    after(-1, PRE_OPEN),
    PRE_OPEN,
    after(1800, PRE_OPEN),
    after(-119, OPEN),
    OPEN,
    after(299, OPEN),
    after(300, OPEN),
    IN_SESSION,
    IN_SESSION,
    IN_SESSION,
    after(-600, CLOSE),
    after(-1, CLOSE),
    CLOSE,
    after(600, CLOSE),
    after(3600, CLOSE),
)
SETTINGS = (settings_of(), settings_of(), settings_of("execution.send_from=after_close"))
_SHOWN = (BrokerStatus.SUBMITTED, BrokerStatus.SUBMITTED, BrokerStatus.PRE_SUBMITTED, BrokerStatus.PENDING_CANCEL)
_PRICES = (50.0, 94.0, 95.0, 97.0, 100.0, 105.0, 111.0)


class _Draw:
    """Chance with a measure of how odd the state is, and names and ids that were not used yet in it."""

    def __init__(self, seed: int, odd: float | None) -> None:
        self.chance = Random(seed)  # noqa: S311 - no secret
        self._odd = self.chance.choice([0.02, 0.1, 0.1, 0.4]) if odd is None else odd
        self._next = 0

    def oddly(self, weight: float = 1.0) -> bool:
        """Return whether something is not as it should be."""
        return self.chance.random() < self._odd * weight

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    def name(self, letter: str) -> tuple[str, int]:
        self._next += 1
        return f"{letter}{self._next}", self._next


def random_state(seed: int, odd: float | None = None) -> TradingState:
    """Return the state of a seed; `odd` is the share of what is not as it should be, drawn as well where it is None."""
    draw = _Draw(seed, odd)
    chance = draw.chance
    hunted = draw.often(0.08)
    now = IN_SESSION if hunted else chance.choice(MOMENTS)
    conids = chance.sample(sorted(SYMBOLS), chance.randint(1, 3))
    positions = [_position(conid, draw) for conid in conids if draw.often(0.7)]
    owned = {position.conid: position.quantity for position in positions}
    records = [record for conid in conids for record in _records(conid, owned.get(conid, 0), now, draw)]
    flatten = draw.often(0.15)
    state = moment(
        now,
        *records,
        positions=positions,
        orders=_rows(records, draw),
        commands=_commands(records, now, draw),
        held=_held(positions, draw),
        failed=[n for n in ("orders", "executions", "positions", "account") if draw.oddly(0.2)],
        quotes=[quote for conid in SYMBOLS if (quote := _quote(conid, now, draw)) is not None],
        unreadable_orders=[unreadable(chance.choice([None, *SYMBOLS]))] if draw.oddly(0.3) else [],
        unreadable_positions=[unreadable(chance.choice([None, *SYMBOLS]))] if draw.oddly(0.3) else [],
        settings=chance.choice(SETTINGS),
        mode=Mode.HALTED if flatten else chance.choice([*Mode, *[Mode.ACTIVE] * 4]),
        flatten=flatten,
        reconciled=not draw.oddly(),
        decision=_decision(draw),
        guard=_guard(draw),
        closes={
            symbol: close * (chance.choice([0.9, 1.06]) if draw.oddly() else 1.0) for symbol, close in CLOSES.items()
        },
        blocked={conid: ("manual", "a foreign order") for conid in CONIDS.values() if draw.oddly()},
        sightings=_sightings(conids, records, now, draw),
        uncovered_shares=5 if draw.oddly() else 0,
    )
    return _hunted(state, draw) if hunted else state


def _hunted(state: TradingState, draw: _Draw) -> TradingState:
    """Return the state with every stop and target lost from sight and prices that are through the stops for long."""
    lost = tuple(
        replace(record, state=IntentState.UNKNOWN, order_id=None, filled=0)
        if record.maybe_live and record.intent.parent_coid is None and record.intent.role in {Role.STOP, Role.TARGET}
        else record
        for record in state.journal.records
        if record.intent.role is not Role.EXIT or draw.oddly(3.0)
    )
    bound = {record.order_id for record in lost}
    listed = state.snapshot.orders.value
    if listed is not None:
        kept = replace(listed, orders=tuple(row for row in listed.orders if row.order_id in bound or draw.oddly()))
        state = replace(state, snapshot=replace(state.snapshot, orders=Reading(kept, state.now)))
    seen = {
        name: (Sighting(name, state.now - timedelta(seconds=age)),)
        for conid in SYMBOLS
        for name, age in ((breach_of(conid), draw.chance.choice([30, 60, 90])), (whole_of(conid), 6))
    }
    quotes = {conid: bid(94.0, state.now, conid=conid) for conid in SYMBOLS}
    return replace(state, journal=replace(state.journal, records=lost), sightings=seen, quotes=quotes)


def _records(conid: int, owned: int, now: datetime, draw: _Draw) -> list[IntentRecord]:
    """Return the orders in one contract: an entry, the children or pairs of what is owned, sales of it."""
    made: list[IntentRecord] = []
    quantity = owned if owned and not draw.oddly(3.0) else draw.chance.choice([4, 9])
    if draw.often(0.2):
        coid, number = draw.name("E")
        made.append(entry(coid, number, conid=conid, quantity=quantity))
        for make, letter in ((stop, "S"), (target, "T")):
            _, number = draw.name(letter)
            made.append(make(f"{coid}-{letter}", number, parent=coid, conid=conid, quantity=quantity, reason="entry"))
    for _ in range(1 if owned and draw.often(0.7) else 0 if not draw.oddly() else 2):
        for make, letter in ((stop, "S"), (target, "T")):
            if not draw.oddly():
                made.append(make(*draw.name(letter), conid=conid, quantity=quantity))
    for _ in range(draw.chance.choice([0, 0, 0, 1]) if not draw.oddly() else 2):
        limit = draw.chance.choice([None, 93.0, 98.0])
        reason = draw.chance.choice(["trend_broken", "operator", "stop"])
        sold = sale(*draw.name("X"), conid=conid, quantity=quantity, limit=limit, reason=reason)
        made.append(replace(sold, state=IntentState.PLANNED) if draw.often(0.4) else sold)
    return [_turned(record, now, draw) for record in made]


def _turned(record: IntentRecord, now: datetime, draw: _Draw) -> IntentRecord:
    """Return an order in some state, perhaps partly filled, without an id, of another session, or bound by likeness."""
    state = draw.chance.choice(list(IntentState)) if draw.oddly() or draw.often(0.1) else record.state
    if state is IntentState.PLANNED:
        return replace(record, state=state, order_id=None, sent_at=None, seen_epoch=0)
    bound = state is not IntentState.UNKNOWN and not draw.oddly()
    intent = record.intent
    if draw.oddly():
        intent = replace(intent, session=DECIDED, decided=DECIDED - timedelta(days=3))
    return replace(
        record,
        intent=intent,
        state=state,
        order_id=record.order_id if bound else None,
        provisional=bound and state is IntentState.WORKING and draw.oddly(),
        seen_epoch=EPOCH if bound and not draw.oddly() else 0,
        filled=draw.chance.choice([1, record.intent.quantity - 1]) if draw.oddly() else 0,
        sent_at=now - timedelta(seconds=draw.chance.choice([0, 4, 5, 16, 61, 400, 3600])),
        detail=draw.chance.choice(["", "too_old", "account"]),
    )


def _position(conid: int, draw: _Draw) -> OwnPosition:
    return own(draw.chance.choice([1, 4, 9, 9, 9, 18]), conid, stop_price=97.0 if draw.oddly() else 95.0)


def _held(positions: Sequence[OwnPosition], draw: _Draw) -> dict[int, float]:
    held = {
        position.conid: position.quantity * (draw.chance.choice([0.5, 2.0, 0.0, -1.0]) if draw.oddly() else 1.0)
        for position in positions
    }
    if draw.oddly():
        held[draw.chance.choice(sorted(SYMBOLS))] = draw.chance.choice([-3.0, 3.7, 100.0])
    return held


def _rows(records: Sequence[IntentRecord], draw: _Draw) -> list[BrokerOrder]:
    """Return rows of most bound orders, some of which are changed, contradict each other, or are another's by now."""
    rows: list[BrokerOrder] = []
    for record in records:
        if record.order_id is None or draw.oddly():
            continue
        row = shows(record, draw.chance.choice(list(BrokerStatus) if draw.oddly() else _SHOWN))
        if draw.oddly() or draw.often(0.08):
            row = replace(row, **_changed(row, draw.chance))  # type: ignore[arg-type]
        rows.append(row)
        if draw.oddly():
            rows.append(replace(row, status=draw.chance.choice(list(BrokerStatus))))
    if draw.oddly():
        foreign = shows(sale("by hand", 900, conid=draw.chance.choice(sorted(SYMBOLS))))
        ref = draw.chance.choice([None, "by hand"])
        rows.append(replace(foreign, side=draw.chance.choice(list(Side)), order_ref=ref))
    return rows


def _changed(row: BrokerOrder, chance: Random) -> dict[str, object]:
    price = chance.choice(_PRICES)
    return chance.choice(
        [
            {"conid": 5},
            {"side": Side.BUY if row.side is Side.SELL else Side.SELL},
            {"order_ref": "somebody's"},
            {"order_ref": None},
            {"total_quantity": 18.0, "remaining_quantity": 18.0},
            {"remaining_quantity": 1.0},
            {"stop_price": price} if row.order_type is OrderType.STOP else {"limit_price": price},
            {"limit_price": None, "stop_price": None},
        ]
    )


def _commands(records: Sequence[IntentRecord], now: datetime, draw: _Draw) -> list[CommandRecord]:
    made: list[CommandRecord] = []
    chance = draw.chance
    for record in records:
        if record.order_id is None or chance.random() < 0.7:
            continue
        resize = chance.random() < 0.4 and record.intent.order_type is not OrderType.MARKET
        step = Step.RESIZE if resize else chance.choice([Step.EXIT, Step.HALT, Step.REPLACE, Step.EXCESS])
        kind = RequestKind.MODIFY if resize else RequestKind.CANCEL
        price = chance.choice(_PRICES)
        is_stop = record.intent.order_type is OrderType.STOP
        for _ in range(chance.randint(1, 4)):
            draft = CommandDraft(
                kind,
                (record.coid,),
                step,
                record.order_id,
                chance.choice([4, 9, 18]) if resize else None,
                price if resize and not is_stop else None,
                price if resize and is_stop else None,
            )
            sent_at = now - timedelta(seconds=chance.choice([0, 4, 5, 15, 60, 600]))
            made.append(CommandRecord(len(made) + 1, draft, chance.choice(list(CommandState)), EPOCH, sent_at))
    return made


def _quote(conid: int, now: datetime, draw: _Draw) -> Quote | None:
    price = draw.chance.choice([*_PRICES, 0.0, None]) if draw.oddly() or draw.often(0.3) else 100.0
    quote = bid(price, now, conid=conid, halted=draw.oddly())
    if draw.oddly():
        quote = replace(quote, updated_ms=int((now.timestamp() - draw.chance.choice([60, 61, 1300])) * 1000))
    if draw.oddly():
        quote = replace(quote, availability=draw.chance.choice(["D", "Z", None]))
    return None if draw.oddly() else quote


def _decision(draw: _Draw) -> Decision | None:
    if draw.oddly():
        return None
    limits = {"AAPL": 100.01, "MSFT": 38.0, "XOM": 95.0}
    bought = [approved(symbol, 9, limit) for symbol, limit in limits.items() if draw.often(0.4)]
    exits = [symbol for symbol in CONIDS if draw.often(0.3)]
    return decided(*bought, exits=exits, session=SESSION if draw.oddly() else DECIDED)


def _guard(draw: _Draw) -> AccountGuard:
    other = AccountGuard(ACCOUNT, AccountKind.PAPER, "", draw.chance.choice([None, "DU7654321"]))
    usual = AccountGuard(ACCOUNT, AccountKind.PAPER, "", ACCOUNT)
    return draw.chance.choice([observing(), other]) if draw.oddly() else usual


def _sightings(
    conids: Sequence[int], records: Sequence[IntentRecord], now: datetime, draw: _Draw
) -> dict[str, tuple[Sighting, ...]]:
    found: dict[str, tuple[Sighting, ...]] = {}
    for made in (record for record in records if record.intent.role is Role.ENTRY and draw.often(0.1)):
        name = since_of(HELD, made.coid)
        found[name] = (Sighting(name, now - timedelta(seconds=draw.chance.choice([0, 5, 10, 60]))),)
    for conid in conids:
        for name in (breach_of(conid), whole_of(conid)):
            if draw.often(0.6):
                ages = (draw.chance.choice([1, 5, 20, 70, 600]) for _ in range(draw.chance.randint(1, 3)))
                found[name] = tuple(Sighting(name, now - timedelta(seconds=age)) for age in sorted(ages, reverse=True))
    return found
