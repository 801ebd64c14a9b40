"""Pre-trade checks, each a pure function: None lets an order pass, Denied says what was asked and what is allowed.

They look at the state of the world; what depends on the decision's own data alone was checked when deciding. A missing
or senseless input denies. In a run without faults none of them binds. What was sent lately the journal counts, so a
restart forgets none. The R-numbers are those of docs/glossary.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trading import rules
from trading.config import SessionSettings, Settings
from trading.execution.planning import balances
from trading.execution.planning.plan import MINUTE_S
from trading.execution.planning.prices import increment_at, marketable
from trading.execution.planning.state import AccountGuard, TradingState
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.execution.windows import SendWindow, entries_rest
from trading.model.account import AccountKind, Quote
from trading.model.balances import Doubt, Flow
from trading.model.command import Step
from trading.model.contract import Contract, PriceIncrement
from trading.model.decision import Denied
from trading.model.exchange_time import exchange_date
from trading.model.mode import Mode
from trading.model.order import OrderIntent, OrderType, Role
from trading.model.record import OwnPosition
from trading.model.request import RequestKind
from trading.risk_manager import Fall, entry_limits

MAX_UNKNOWN = 3
MAX_SKEW_S = 10.0
MIN_FREE_BYTES = 200 * 1024 * 1024
MAX_ENTRIES_A_MINUTE = 20
MAX_ENTRIES_A_DAY = 200
MAX_MESSAGES_A_MINUTE = 60
SELL_COLLAR = 0.02
MAX_PRIOR_CLOSE_DEVIATION = 0.005
_TOLERANCE = 1e-9
_MINUTE = timedelta(seconds=MINUTE_S)


@dataclass(frozen=True, slots=True)
class Sent:
    """Messages that left lately, restarts included: in the last minute, and entries of today.

    `messages` are all submissions, changes and cancels; `reducing` the submissions and changes of sales and stops.
    """

    entries: int = 0
    entries_today: int = 0
    messages: int = 0
    reducing: int = 0


def account(symbol: str, guard: AccountGuard) -> Denied | None:
    """R21: the configured account is selected, is of the expected kind, and a live one was released for trading."""
    if guard.selected != guard.account_id:
        return Denied(symbol, "account", None, None, "another account is selected at the broker")
    paper = guard.account_id.startswith("D")
    if paper == (guard.kind is AccountKind.LIVE):
        return Denied(symbol, "account", None, None, f"the account is not the {guard.kind} one it is taken for")
    if guard.observes:
        return Denied(symbol, "account", None, None, "observed only: LIVE_TRADING is not set to this account's id")
    return None


def readable(symbol: str, snapshot: BrokerSnapshot) -> Denied | None:
    """R23: all lists could be read; what could not be may hold an order or shares that nobody has seen."""
    if snapshot.whole:
        return None
    return Denied(symbol, "state", None, None, f"the broker's lists can't be read: {snapshot.failures[0]}")


def state(symbol: str, at: TradingState, unknown: int) -> Denied | None:
    """R23: ACTIVE, few unproven orders, clocks agree, space on the disk, no own share without a stop."""
    if at.mode is not Mode.ACTIVE or not at.reconciled:
        return Denied(symbol, "state", None, None, f"the mode is {at.mode if at.reconciled else Mode.RECONCILING}")
    if unknown > MAX_UNKNOWN:
        return Denied(symbol, "state", unknown, MAX_UNKNOWN, "orders whose outcome is not proven")
    clocks = _clocks(symbol, at)
    if clocks is not None:
        return clocks
    if at.free_bytes is None or at.free_bytes < MIN_FREE_BYTES:
        return Denied(symbol, "state", at.free_bytes, MIN_FREE_BYTES, "bytes free on the disk")
    if at.uncovered_shares > 0:
        return Denied(symbol, "state", at.uncovered_shares, 0, "own shares without a stop")
    return None


def _clocks(symbol: str, at: TradingState) -> Denied | None:
    """R23: this clock and the gateway's agree.

    Where the gateway's answers state no time, none is known (None) and nothing speaks against an order: no recorded
    answer of IBKR's program proves that they always do, and without would be no trading at all.
    """
    if at.skew_s is None or abs(at.skew_s) <= MAX_SKEW_S:
        return None
    return Denied(symbol, "state", at.skew_s, MAX_SKEW_S, "seconds between this clock and the gateway's")


def equity(symbol: str, doubted: Doubt | None) -> Denied | None:
    """R24: what the account is worth, and its cash, can be relied on."""
    return None if doubted is None else Denied(symbol, "equity", doubted.value, doubted.limit, doubted.text)


def flow(symbol: str, flows: Iterable[Flow]) -> Denied | None:
    """R25: a person has said what came or went, where it is more than 1 % of equity."""
    for each in flows:
        if balances.waits_for_a_person(each):
            text = f"{each.text}: `reconcile --flow {each.number}`, or `--no-flow {each.number}`"
            return Denied(symbol, "flow", abs(each.amount), balances.allowed(each), text)
    return None


def too_old(symbol: str, decided: date, at: TradingState) -> Denied | None:
    """R22: an entry leaves before the window's end, and the session that was decided on is still the newest."""
    if decided != at.times.newest.day:
        return Denied(symbol, "too_old", None, None, f"{decided} is not the newest session any more")
    over = at.now > at.times.window.ends
    return Denied(symbol, "too_old", None, None, "its window is over") if over else None


def closed(symbol: str) -> Denied:
    """Return the refusal of an order that may not leave at this time of the day."""
    return Denied(symbol, "market_closed", None, None, "outside the time for such orders")


def market_closed(order: OrderIntent, now: datetime, window: SendWindow) -> Denied | None:
    """R15: an entry leaves inside its window only."""
    inside = window.before_open(now)
    return None if inside else closed(order.symbol)


def reset(symbol: str, now: datetime, settings: SessionSettings) -> Denied | None:
    """R15: no entry leaves while the broker resets its systems, nor in the ten minutes before."""
    resting = entries_rest(now, settings)
    return Denied(symbol, "reset", None, None, "the broker's reset is on, or about to begin") if resting else None


def price_collar(
    order: OrderIntent, reference: float | None, deviation: float, contract: Contract | None = None
) -> Denied | None:
    """R01: a buy at most `deviation` above the reference, a sale with a limit at most so far under it.

    That of a sale is rounded down to the increments of `contract`, as its limit was.
    """
    if order.role is Role.EXIT and order.order_type is OrderType.MARKET:
        return None
    if reference is None or not (math.isfinite(reference) and reference > 0.0) or order.limit_price is None:
        return Denied(order.symbol, "price_collar", order.limit_price, reference, "there is no reference price")
    if order.role is Role.ENTRY:
        allowed = reference * (1.0 + deviation)
        inside = 0.0 < order.limit_price <= allowed + _TOLERANCE
    else:
        allowed = marketable(reference, deviation, contract)
        inside = order.limit_price >= allowed - _TOLERANCE
    return None if inside else Denied(order.symbol, "price_collar", order.limit_price, allowed)


def fat_finger(group: Sequence[OrderIntent], increments: tuple[PriceIncrement, ...]) -> Denied | None:
    """R04: every price of every order of a group lies on the contract's increments."""
    priced = [(order, price) for order in group for price in (order.limit_price, order.stop_price) if price is not None]
    for order, price in priced:
        step = increment_at(price, increments)
        if step is None or not math.isfinite(price) or price <= 0.0:
            return Denied(order.symbol, "fat_finger", price, step, "no price that this contract can have")
        if abs(price / step - round(price / step)) > 1e-4:  # noqa: PLR2004 - doubles of prices that are on the grid
            return Denied(order.symbol, "fat_finger", price, step, "off the contract's price increments")
    return None


def duplicate(order: OrderIntent, known: Mapping[str, str]) -> Denied | None:
    """R05: no other order for the same contract, side and decision; `known` holds those, by coid, with their state."""
    others = {coid: state for coid, state in known.items() if coid != order.coid}
    if not others:
        return None
    coid, other_state = next(iter(others.items()))
    return Denied(order.symbol, "duplicate", None, None, f"{coid} is {other_state}")


def at_broker(order: OrderIntent, snapshot: BrokerSnapshot) -> Denied | None:
    """R05: no order that the broker lists, live or over, carries this one's name: then it has left already."""
    found = [order_id for order_id, sight in snapshot.sights.items() if sight.order.order_ref == order.coid]
    if not order.coid or not found:
        return None
    return Denied(order.symbol, "duplicate", None, None, f"order {found[0]} at the broker carries its name")


def held(order: OrderIntent, own: int) -> Denied | None:
    """R05: no own shares of the contract are there, which may have come back since the decision."""
    return Denied(order.symbol, "duplicate", own, 0, "own shares are there") if own > 0 else None


def rate(symbol: str, sent: Sent) -> Denied | None:
    """R06: an entry leaves at most so often a minute and a day, and after so many messages of any kind a minute."""
    if sent.entries >= MAX_ENTRIES_A_MINUTE:
        return Denied(symbol, "rate", sent.entries + 1, MAX_ENTRIES_A_MINUTE, "entries a minute")
    if sent.entries_today >= MAX_ENTRIES_A_DAY:
        return Denied(symbol, "rate", sent.entries_today + 1, MAX_ENTRIES_A_DAY, "entries a day")
    if sent.messages >= MAX_MESSAGES_A_MINUTE:
        return Denied(symbol, "rate", sent.messages + 1, MAX_MESSAGES_A_MINUTE, "messages a minute")
    return None


def rate_to_reduce(symbol: str, sent: Sent) -> Denied | None:
    """R06: sales and stops have as many messages a minute to themselves; cancels have no limit."""
    if sent.reducing < MAX_MESSAGES_A_MINUTE:
        return None
    return Denied(symbol, "rate", sent.reducing + 1, MAX_MESSAGES_A_MINUTE, "sales and stops a minute")


def instrument(order: OrderIntent, contract: Contract | None) -> Denied | None:
    """R16: a US stock in dollars whose contract id is the one that was checked for this symbol."""
    if contract is None:
        return Denied(order.symbol, "instrument", None, None, "its contract was not checked")
    if contract.conid != order.conid:
        return Denied(order.symbol, "instrument", order.conid, contract.conid, "another contract than was checked")
    if contract.currency != "USD":
        return Denied(order.symbol, "instrument", None, None, f"it trades in {contract.currency}")
    return None


def known(order: OrderIntent, position: OwnPosition | None) -> Denied | None:
    """R16: a sale is of own shares, under the symbol that they were bought by."""
    if position is None:
        return Denied(order.symbol, "instrument", order.conid, None, "no own shares are in this contract")
    if (position.conid, position.symbol) != (order.conid, order.symbol):
        return Denied(order.symbol, "instrument", order.conid, position.conid, f"own shares are {position.symbol}")
    return None


def restricted(order: OrderIntent, symbols: tuple[str, ...], blocked: Mapping[int, tuple[str, str]]) -> Denied | None:
    """R17 and R26: not on the list of restricted symbols, and nothing open or foreign in this contract."""
    if order.symbol in symbols:
        return Denied(order.symbol, "restricted", None, None, "on the list of restricted symbols")
    if order.conid not in blocked:
        return None
    code, text = blocked[order.conid]
    return Denied(order.symbol, code, None, None, text)


def stale(order: OrderIntent, at: TradingState) -> Denied | None:
    """R14: the symbol has a bar of the session that was decided on."""
    has_bar = order.symbol in at.closes
    return None if has_bar else Denied(order.symbol, "stale", None, None, f"no bar of {order.decided}")


def suspected_split(symbol: str, close: float | None, prior_close: float | None) -> Denied | None:
    """Before an entry the broker's prior close agrees within 0.5 % with the close that was decided on."""
    if close is None or prior_close is None or not (close > 0.0 and prior_close > 0.0):
        return Denied(symbol, "split", prior_close, close, "the prior close is not known")
    apart = abs(prior_close / close - 1.0)
    if apart <= MAX_PRIOR_CLOSE_DEVIATION + _TOLERANCE:
        return None
    return Denied(symbol, "split", prior_close, close, "the prior close differs: a split is suspected")


def halted(symbol: str, quote: Quote | None) -> Denied | None:
    """R15: nothing is bought while its trading is halted."""
    stopped = quote is not None and quote.halted
    return Denied(symbol, "halted_symbol", None, None, "its trading is halted") if stopped else None


def short(order: OrderIntent, own: int, other_sells: int) -> Denied | None:
    """R18: a sale of at most the own shares less what other sells of ours may still take."""
    allowed = own - other_sells
    return None if 0 < order.quantity <= allowed else Denied(order.symbol, "short", order.quantity, allowed)


@dataclass(frozen=True, slots=True)
class Account:
    """The account at its worst, USD: other entries that may be live count as filled.

    `cash` is what is left to spend; `exposure` the value of all shares that are held, own and foreign, and of those
    entries; `positions` their contracts; `open_risk` the money between prices and stops of own shares and those
    entries. `fall` is how far the equity has fallen; `day_trades` are those that count, had each of those entries
    become one.
    """

    equity: float
    cash: float
    exposure: float
    positions: int
    open_risk: float
    fall: Fall
    day_trades: int = 0


def sizes(order: OrderIntent, stop_price: float, account: Account, settings: Settings) -> Denied | None:
    """R02, R03, R08 to R10, R12, R19 and R20 once more, with the account of now: by the functions of the decision.

    `stop_price` is that of the stop which leaves with the order, NaN where there is none.
    """
    if order.limit_price is None:
        return Denied(order.symbol, "buying_power", None, None, "it has no limit")
    limit = order.limit_price
    limits = entry_limits(settings.risk, settings.sizing, order.decided)
    proposal = rules.Proposal(order.quantity, float(order.quantity), limit, stop_price, math.nan, 0, math.inf)
    portfolio = rules.Portfolio(
        halted=False,
        drawdown=float(account.fall.drawdown),
        max_drawdown=float(settings.risk.max_drawdown),
        equity=float(account.equity),
        cash=float(account.cash),
        positions=account.positions,
        exposure=float(account.exposure),
        open_risk=float(account.open_risk),
        stop_outs=0,
        daily_loss=float(account.fall.daily_loss),
        day_trades=account.day_trades,
    )
    results = [
        ("drawdown_halt", rules.drawdown_halt(portfolio)),
        ("max_positions", rules.max_positions(portfolio, limits)),
        ("size_zero", rules.size_zero(proposal)),
        ("buying_power", rules.buying_power(proposal, portfolio)),
        ("exposure", rules.exposure(proposal, portfolio, limits)),
    ]
    if limits.standard:
        results.append(("max_value", rules.max_value(proposal, portfolio, limits)))
        results.append(("max_quantity", rules.max_quantity(proposal, limits)))
        results.append(("daily_loss", rules.daily_loss(portfolio.daily_loss, limits)))
        results.append(("open_risk", rules.open_risk(proposal, portfolio, limits)))
    results.append(("day_trades", rules.day_trades(portfolio, limits)))
    for code, (refused, asked, allowed) in results:
        if refused:
            return Denied(order.symbol, code, asked, allowed)
    return None


def sent_lately(state: TradingState, besides: str) -> Sent:
    """Return what was sent up to now `besides` the order that is judged, which may have left and be asked about.

    What was sent later than now was sent by a clock that has been set back since. For entries all of it counts; for
    sales and stops, which must not wait for long, as if its age were as far behind.
    """
    entries = [
        record.sent_at
        for record in state.journal.records
        if record.intent.role is Role.ENTRY and record.sent_at is not None and record.coid != besides
    ]
    commands = [
        each
        for each in state.journal.commands
        if each.left and state.now - each.sent_at < _MINUTE and besides not in each.coids
    ]
    today = exchange_date(state.now)
    return Sent(
        entries=sum(state.now - at < _MINUTE for at in entries),
        entries_today=sum(exchange_date(at) >= today for at in entries),
        messages=len(commands),
        reducing=sum(
            each.step is not Step.ENTRY and each.kind is not RequestKind.CANCEL and each.sent_at - state.now < _MINUTE
            for each in commands
        ),
    )
