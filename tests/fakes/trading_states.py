"""Moments to plan for, from few words: a Tuesday in March 2014, what the journal knows, what the broker shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from tests.fakes.stages import settings_of
from trading.config import Settings
from trading.execution.planning.order_factory import PROTECTION
from trading.execution.planning.state import AccountGuard, MarketTimes, TradingState
from trading.execution.reading.snapshot import BrokerSnapshot, Reading
from trading.execution.windows import send_window
from trading.market.calendar import TradingCalendar
from trading.model.account import AccountKind, AccountState, BrokerPosition, PositionList, Quote
from trading.model.command import CommandDraft, CommandRecord, CommandState, Step
from trading.model.contract import Contract, PriceIncrement
from trading.model.decision import Approved, Decision, ExitOrder, ExitReason, RiskState
from trading.model.mode import Mode
from trading.model.order import (
    LIFE,
    BrokerOrder,
    BrokerStatus,
    ExecutionList,
    IntentState,
    OrderIntent,
    OrderLife,
    OrderList,
    OrderType,
    Role,
    Side,
    Tif,
    UnreadableRow,
)
from trading.model.record import IntentRecord, JournalView, OwnPosition
from trading.model.request import RequestKind

ACCOUNT = "DU1234567"
# Decided on after the close of Monday, for Tuesday's session; the window is open from 08:30 in New York.
DECIDED = date(2014, 3, 3)
SESSION = date(2014, 3, 4)
PRE_OPEN = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)
OPEN = datetime(2014, 3, 4, 14, 30, tzinfo=UTC)
IN_SESSION = datetime(2014, 3, 4, 16, 0, tzinfo=UTC)
CLOSE = datetime(2014, 3, 4, 21, 0, tzinfo=UTC)
EPOCH = 7
AAPL, MSFT, XOM = 265598, 272093, 13977
CONIDS = {"AAPL": AAPL, "MSFT": MSFT, "XOM": XOM}
SYMBOLS = {conid: symbol for symbol, conid in CONIDS.items()}
CLOSES = {"AAPL": 100.5, "MSFT": 38.0, "XOM": 95.0}
INCREMENTS = (PriceIncrement(0.0, 0.0001), PriceIncrement(1.0, 0.01))
CONTRACTS = {s: Contract(conid, s, "NASDAQ", "USD", INCREMENTS) for s, conid in CONIDS.items()}
STOP, TARGET = 95.0, 105.0
# What a test says about a moment beside what it is about, by the name of the argument.
Facts = dict[str, Any]


@cache
def calendar() -> TradingCalendar:
    return TradingCalendar(date(2013, 1, 2), date(2015, 12, 31))


def usually(facts: Facts, **usual: object) -> Facts:
    """Return what is usual with `facts` over it."""
    return {**usual, **facts}


# ---- what the journal knows


def record(  # noqa: PLR0913 - an order and how it stands
    role: Role,
    coid: str,
    order_id: int | None,
    *,
    state: IntentState = IntentState.WORKING,
    conid: int = AAPL,
    quantity: int = 9,
    limit: float | None = None,
    stop: float | None = None,
    parent: str | None = None,
    decided: date = DECIDED,
    session: date = SESSION,
    reason: str = "",
    sent_at: datetime | None = PRE_OPEN,
    **changes: object,
) -> IntentRecord:
    """Return one order of ours; what is PLANNED has no id and was not sent."""
    kind = OrderType.STOP if stop is not None else OrderType.MARKET if limit is None else OrderType.LIMIT
    intent = OrderIntent(
        coid=coid,
        parent_coid=parent,
        role=role,
        conid=conid,
        symbol=SYMBOLS[conid],
        side=Side.BUY if role is Role.ENTRY else Side.SELL,
        order_type=kind,
        tif=Tif.GTC if role in {Role.STOP, Role.TARGET} else Tif.DAY,
        quantity=quantity,
        limit_price=limit,
        stop_price=stop,
        decided=decided,
        session=session,
        reason=reason or role,
        created=sent_at or PRE_OPEN,
    )
    planned = state is IntentState.PLANNED
    made = IntentRecord(
        intent,
        state,
        order_id=None if planned else order_id,
        seen_epoch=0 if planned or order_id is None else EPOCH,
        epoch=EPOCH,
        sent_at=None if planned else sent_at,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def entry(coid: str = "E", order_id: int | None = 1, **facts: object) -> IntentRecord:
    """Return a buy at 100.01."""
    return record(Role.ENTRY, coid, order_id, **usually(facts, limit=100.01, reason="entry"))


def stop(coid: str = "S", order_id: int | None = 2, **facts: object) -> IntentRecord:
    """Return a stop at 95, of a protective pair unless a parent is named."""
    return record(Role.STOP, coid, order_id, **usually(facts, stop=STOP, reason=PROTECTION))


def target(coid: str = "T", order_id: int | None = 3, **facts: object) -> IntentRecord:
    """Return a target at 105, of a protective pair unless a parent is named."""
    return record(Role.TARGET, coid, order_id, **usually(facts, limit=TARGET, reason=PROTECTION))


def sale(coid: str = "X", order_id: int | None = 4, **facts: object) -> IntentRecord:
    """Return the sale of a position: at the market, or with `limit`."""
    return record(Role.EXIT, coid, order_id, **usually(facts, reason="trend_broken"))


def planned(made: IntentRecord) -> IntentRecord:
    """Return an order as it is before it leaves."""
    return replace(made, state=IntentState.PLANNED, order_id=None, seen_epoch=0, sent_at=None)


def own(quantity: int = 9, conid: int = AAPL, **changes: object) -> OwnPosition:
    """Return own shares bought at 100 on Monday, with a stop at 95 and a target at 105."""
    made = OwnPosition(conid, SYMBOLS[conid], quantity, DECIDED, 100.0, STOP, TARGET, "E")
    return replace(made, **changes)  # type: ignore[arg-type]


def asked(
    about: IntentRecord,
    step: Step,
    sent_at: datetime,
    *,
    kind: RequestKind = RequestKind.CANCEL,
    state: CommandState = CommandState.ACKED,
    number: int = 1,
    quantity: int | None = None,
    price: float | None = None,
) -> CommandRecord:
    """Return what was asked about an order: by default its cancel, which was acknowledged."""
    is_stop = about.intent.order_type is OrderType.STOP
    draft = CommandDraft(
        kind,
        (about.coid,),
        step,
        about.order_id,
        quantity,
        None if is_stop else price,
        price if is_stop else None,
    )
    return CommandRecord(number, draft, state, EPOCH, sent_at)


# ---- what the broker shows


def shows(
    made: IntentRecord, status: BrokerStatus = BrokerStatus.SUBMITTED, *, price: float | None = None, **changes: object
) -> BrokerOrder:
    """Return the row of an order of ours, at another price where one is given."""
    intent = made.intent
    is_stop = intent.order_type is OrderType.STOP
    over = LIFE[status] is OrderLife.OVER
    row = BrokerOrder(
        order_id=made.order_id or 0,
        account_id=ACCOUNT,
        conid=intent.conid,
        symbol=intent.symbol,
        side=intent.side,
        order_type=intent.order_type,
        tif=intent.tif,
        status=status,
        total_quantity=float(intent.quantity),
        filled_quantity=float(made.filled),
        remaining_quantity=0.0 if over else float(made.left),
        limit_price=intent.limit_price if is_stop or price is None else price,
        stop_price=price if is_stop and price is not None else intent.stop_price,
        average_price=None,
        order_ref=intent.coid if intent.parent_coid is None else None,
        parent_id=None,
        oca_group=None,
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def unreadable(conid: int | None) -> UnreadableRow:
    """Return a row of which at most the contract could be read."""
    return UnreadableRow("no size", None, conid, None, None, None)


def bid(price: float | None, now: datetime = IN_SESSION, *, conid: int = AAPL, **changes: object) -> Quote:
    """Return a fresh quote in real time with that bid."""
    quote = Quote(conid, price, price, price, CLOSES[SYMBOLS[conid]], False, False, "R", int(now.timestamp() * 1000))
    return replace(quote, **changes)  # type: ignore[arg-type]


# ---- what was decided


def approved(symbol: str = "AAPL", quantity: int = 9, limit: float = 100.01) -> Approved:
    return Approved(symbol, quantity, limit, round(limit * 0.95, 2), round(limit * 1.05, 2), 1.0, "allocation")


def decided(*entries: Approved, exits: Sequence[str] = (), session: date = DECIDED) -> Decision:
    """Return a decision to buy `entries` and to sell what is held of `exits`."""
    return Decision(
        session=session,
        equity=10_000.0,
        cash=10_000.0,
        drawdown=0.0,
        exits=tuple(ExitOrder(symbol, 9, ExitReason.TREND_BROKEN) for symbol in exits),
        entries=entries,
        denials=(),
        verdicts=(),
        risk=RiskState(peak=10_000.0, prior_equity=10_000.0),
    )


# ---- the moment


def market_times(now: datetime, settings: Settings) -> MarketTimes:
    """Return where `now` lies, as a turn finds it out."""
    days = calendar()
    newest = days.newest_completed(now, settings.execution.bar_settle_s)
    upcoming = days.next_after(days.newest_completed(now, 0.0).day)
    opened = upcoming if upcoming.open <= now < upcoming.close else None
    return MarketTimes(newest, send_window(newest, days.next_after(newest.day), settings.execution), opened, days)


def reading(
    now: datetime,
    *,
    orders: Sequence[BrokerOrder] = (),
    held: Mapping[int, float] | None = None,
    failed: Sequence[str] = (),
    unreadable_orders: Sequence[UnreadableRow] = (),
    unreadable_positions: Sequence[UnreadableRow] = (),
    cash: float = 10_000.0,
) -> BrokerSnapshot:
    """Return what the broker shows; `failed` names the lists that could not be read."""
    rows = tuple(BrokerPosition(c, SYMBOLS.get(c, "?"), q, 100.0, None, "STK") for c, q in (held or {}).items() if q)
    values = {
        "orders": OrderList(tuple(orders), tuple(unreadable_orders)),
        "executions": ExecutionList(()),
        "positions": PositionList(rows, tuple(unreadable_positions)),
        "account": AccountState(ACCOUNT, "USD", 10_000.0, cash, cash, cash),
    }
    made = {
        name: Reading(None, now, f"{name} failed") if name in failed else Reading(value, now)
        for name, value in values.items()
    }
    return BrokerSnapshot(began=now, epoch=EPOCH, **made)  # type: ignore[arg-type]


def moment(  # noqa: PLR0913 - facts of one moment
    now: datetime = IN_SESSION,
    *records: IntentRecord,
    positions: Sequence[OwnPosition] = (),
    orders: Sequence[BrokerOrder] | None = None,
    commands: Sequence[CommandRecord] = (),
    held: Mapping[int, float] | None = None,
    failed: Sequence[str] = (),
    quotes: Sequence[Quote] = (),
    unreadable_orders: Sequence[UnreadableRow] = (),
    unreadable_positions: Sequence[UnreadableRow] = (),
    settings: Settings | None = None,
    **facts: object,
) -> TradingState:
    """Return a moment; unless told otherwise the broker shows every bound order that works, and just our shares."""
    chosen = settings or settings_of()
    shown = orders if orders is not None else [shows(r) for r in records if r.order_id and r.maybe_live]
    shares = held if held is not None else {position.conid: float(position.quantity) for position in positions}
    made = TradingState(
        now=now,
        epoch=EPOCH,
        mode=Mode.ACTIVE,
        flatten=False,
        snapshot=reading(
            now,
            orders=shown,
            held=shares,
            failed=failed,
            unreadable_orders=unreadable_orders,
            unreadable_positions=unreadable_positions,
        ),
        journal=JournalView(tuple(records), tuple(positions), tuple(commands), frozenset(CONIDS.values())),
        decision=None,
        times=market_times(now, chosen),
        guard=AccountGuard(ACCOUNT, AccountKind.PAPER, "", ACCOUNT),
        settings=chosen,
        risk=RiskState(peak=10_000.0, prior_equity=10_000.0),
        closes=CLOSES,
        contracts=CONTRACTS,
        quotes={quote.conid: quote for quote in quotes},
        skew_s=0.0,
        free_bytes=10**12,
    )
    return replace(made, **facts)  # type: ignore[arg-type]


def covered(now: datetime = IN_SESSION, *more: IntentRecord, quantity: int = 9, **facts: object) -> TradingState:
    """Return a moment with own shares whose stop and target work."""
    pair = (stop(quantity=quantity), target(quantity=quantity))
    return moment(now, *pair, *more, **usually(facts, positions=[own(quantity)]))


def observing() -> AccountGuard:
    """Return the guard of a live account that was not released for trading."""
    return AccountGuard("U1234567", AccountKind.LIVE, "", "U1234567")


def after(seconds: float, now: datetime = IN_SESSION) -> datetime:
    return now + timedelta(seconds=seconds)
