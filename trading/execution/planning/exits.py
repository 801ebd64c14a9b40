"""Sales of whole positions: which are wanted, and the way there: plan it, cancel the cover, see it end, then one order.

Nothing here remembers anything: what is wanted follows from the decision, the goal to be flat, the guard and the
journal, so a restart at any point takes up where it stood. The cover is cancelled only while the sale would pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from trading.execution.look_again import POLL_S
from trading.execution.ownership.working_orders import working
from trading.execution.planning import checks
from trading.execution.planning.cancels import ask_cancel
from trading.execution.planning.checks import sent_lately
from trading.execution.planning.order_factory import Purpose, exit_order
from trading.execution.planning.plan import MINUTE_S, Plan, Prepare, Refuse, Submit
from trading.execution.planning.prices import COLLARS, SalePrice, increments_of, marketable, sale_price
from trading.execution.planning.refused_sales import waits_after_refusals
from trading.execution.planning.state import TradingState
from trading.model.alarm import AlarmCode
from trading.model.command import Step
from trading.model.decision import Denied, ExitReason
from trading.model.mode import Mode
from trading.model.order import MAYBE_LIVE, IntentState, OrderIntent, OrderType, Role
from trading.model.record import IntentRecord, OwnPosition
from trading.model.request import RequestKind

# A limit that the price has left behind is given up after so long.
REPRICE_AFTER = timedelta(seconds=60)
_GOES_ON = MAYBE_LIVE | {IntentState.PLANNED}
# A sale that is refused for these at the door goes out in a later turn, at the price of then.
PASSING = frozenset({"stale", "price_collar", "fat_finger", "rate"})
# An exit that ended so is still wanted for the same session.
_AGAIN = frozenset({IntentState.LOST, IntentState.DENIED, IntentState.CANCELLED})


@dataclass(frozen=True, slots=True)
class WantedExit:
    """A position that is to be sold, and why. `guarded`: the software guard's, past a stop that can't rest."""

    position: OwnPosition
    reason: str
    guarded: bool = False


def last_exits(records: Iterable[IntentRecord], positions: Iterable[OwnPosition]) -> Mapping[int, IntentRecord]:
    """Return the newest exit intent of each open position, by conid."""
    entered = {position.conid: position.entry_session for position in positions}
    return {
        record.intent.conid: record
        for record in records
        if record.intent.role is Role.EXIT
        and record.intent.conid in entered
        and record.intent.decided >= entered[record.intent.conid]
    }


def waits_for_its_bar(record: IntentRecord) -> bool:
    """Return whether an exit ended unfilled because its symbol did not trade: it is sent again for the next session."""
    return record.state is IntentState.EXPIRED and record.left > 0


def pending_exits(records: Sequence[IntentRecord], positions: Sequence[OwnPosition]) -> frozenset[int]:
    """Return the contracts whose exit is under way, so that it is not decided again."""
    return frozenset(
        conid
        for conid, record in last_exits(records, positions).items()
        if record.state in _GOES_ON or waits_for_its_bar(record)
    )


def wanted_exits(state: TradingState) -> tuple[WantedExit, ...]:
    """Return the exits that are wanted now: of all positions to be flat, else those decided on and those sent again."""
    positions = state.journal.positions
    if state.flatten:
        return tuple(WantedExit(position, ExitReason.OPERATOR) for position in positions)
    last = last_exits(state.journal.records, positions)
    decided = {order.symbol: order.reason for order in state.decision.exits} if state.decision is not None else {}
    found = []
    for position in positions:
        newest = last.get(position.conid)
        if newest is not None and newest.state in _GOES_ON and not _taken_back(newest):
            found.append(WantedExit(position, newest.intent.reason))
        elif position.symbol in decided and _still_wanted(newest, state):
            found.append(WantedExit(position, decided[position.symbol]))
        elif newest is not None and _sent_again(newest, state):
            found.append(WantedExit(position, newest.intent.reason))
    return tuple(found)


def plan_exits(state: TradingState, wanted: Sequence[WantedExit], plan: Plan) -> None:
    """Take each wanted exit one step further where that is allowed now."""
    for want in wanted:
        _plan_exit(want, state, plan)
    _drop_stale(state, {want.position.conid for want in wanted}, plan)


def check_exit(order: OrderIntent, state: TradingState, *, guarded: bool = False) -> Denied | None:
    """Return the first check that refuses a sale as things stand now, its own cover left aside.

    The same function is asked before the cover is cancelled and before the sale leaves.
    """
    others = [r for r in state.journal.sells(order.conid) if r.coid != order.coid and r.intent.role is Role.EXIT]
    return (
        checks.account(order.symbol, state.guard)
        or _mode(order, state, guarded=guarded)
        or _readable(order, state, guarded=guarded)
        or _time(order, state, guarded=guarded)
        or _price(order, state, guarded=guarded)
        or checks.rate_to_reduce(order.symbol, sent_lately(state, order.coid))
        or checks.short(order, state.own_shares_shown(order.conid), sum(record.left for record in others))
        or checks.known(order, state.journal.position(order.conid))
    )


def _taken_back(newest: IntentRecord) -> bool:
    """Return whether it is a person's that has not left: nothing is to be flat any more."""
    return newest.state is IntentState.PLANNED and newest.intent.reason == ExitReason.OPERATOR


def _still_wanted(newest: IntentRecord | None, state: TradingState) -> bool:
    """Return whether the decision's exit has yet to be sent: there is none of it, or it never did anything."""
    decided = state.decision.session if state.decision is not None else date.min
    if newest is None or newest.intent.decided < decided or _taken_back(newest):
        return True
    if newest.state is IntentState.REJECTED:
        # The broker's question was never answered, so that it never was an order: the process died before its reply.
        return newest.reply_id is not None
    return newest.state in _AGAIN and not _account_denied(newest) and not _cancelled_by_others(newest, state)


def _sent_again(newest: IntentRecord, state: TradingState) -> bool:
    """Return whether an earlier exit is sent again: it met no bar, or was replaced at a lower limit."""
    if waits_for_its_bar(newest):
        return newest.intent.session < state.times.window.session.day
    replaced = newest.state is IntentState.CANCELLED and not _cancelled_by_others(newest, state)
    return replaced and newest.left > 0


def _account_denied(record: IntentRecord) -> bool:
    return record.state is IntentState.DENIED and not record.detail.startswith(("too_old", "market_closed", "not_sent"))


def _cancelled_by_others(record: IntentRecord, state: TradingState) -> bool:
    """Return whether an exit was cancelled though we never asked for it."""
    return record.state is IntentState.CANCELLED and not state.journal.left_of(record.coid, RequestKind.CANCEL)


def _plan_exit(want: WantedExit, state: TradingState, plan: Plan) -> None:
    conid = want.position.conid
    mine = [
        record for record in state.journal.of(conid) if record.intent.role is Role.EXIT and record.state in _GOES_ON
    ]
    live = [record for record in mine if record.maybe_live]
    if live:
        plan.leaving.add(conid)
        _follow(live[-1], want, state, plan)
        _give_way(live[-1], want, state, plan)
        return
    draft, waits = _draft(want, state)
    if draft is None:
        _wait(want, waits, plan, state)
        return
    denied = check_exit(draft, state, guarded=want.guarded) or _unproven_cover(want, state)
    if denied is not None:
        if not want.guarded and state.guard.observes and not _recorded(want, state):
            plan.commands.append(Refuse((draft,), denied))
        _wait(want, denied, plan, state)
        return
    if waits_after_refusals(draft, state, plan):
        return
    plan.leaving.add(conid)
    same = [record for record in mine if _is_same(record.intent, draft)]
    for record in mine:
        if record not in same:
            plan.commands.append(Refuse((record.intent,), _no_more(record.intent, draft)))
    cover = [record for record in state.journal.sells(conid) if record.intent.role is not Role.EXIT]
    # The guard's sale does not wait for a sell that nobody can find: it is the one that stands beside it.
    waiting = [ask_cancel(record, Step.EXIT, state, plan) for record in cover if not (want.guarded and record.unproven)]
    if any(waiting):
        if not same:
            # Before the first of the cancels.
            at = next((i for i, c in enumerate(plan.commands) if getattr(c, "step", None) is Step.EXIT), None)
            plan.commands.insert(len(plan.commands) if at is None else at, Prepare((draft,)))
        plan.again(state.now + timedelta(seconds=POLL_S))
        return
    # Its limit matters once it can leave: a new one with every price meanwhile would be of no use.
    fitting = [record for record in same if _fits(record.intent, draft, state, guarded=want.guarded)]
    plan.commands += [Refuse((r.intent,), _left_behind(r.intent, draft)) for r in same if r not in fitting]
    plan.commands.append(Submit((fitting[0].intent if fitting else draft,), Step.EXIT, guarded=want.guarded))


def _draft(want: WantedExit, state: TradingState) -> tuple[OrderIntent | None, Denied | None]:
    """Return the sale as it would be sent now, or why none can be: before the open a market order, later a limit."""
    position = want.position
    readable = state.snapshot.positions.value is not None
    quantity = state.own_shares_shown(position.conid) if readable else position.quantity
    if quantity < min(position.quantity, state.snapshot.shares(position.conid)):
        return None, Denied(position.symbol, "short", position.quantity, quantity, "a list lately showed fewer shares")
    if quantity == 0:
        return None, Denied(position.symbol, "short", position.quantity, 0, "the broker shows no shares")
    window = state.times.window
    decided = state.decision.session if state.decision is not None else state.times.newest.day
    if window.before_open(state.now):
        purpose = Purpose(decided, window.session.day, state.now)
        return replace(exit_order(position, want.reason, purpose, None), quantity=quantity), None
    session = state.times.open_session
    if session is None or not (want.guarded or window.in_session(state.now)):
        return None, checks.closed(position.symbol)
    quote = _price_now(position.conid, state, guarded=want.guarded)
    if quote is None:
        return None, _no_quote(position.symbol)
    sent = _limits_sent(position, state)
    collar = COLLARS[min(len(sent), len(COLLARS) - 1)]
    price = _reference(quote, position, guarded=want.guarded)
    collar = COLLARS[-1] if want.guarded and quote.delayed else collar
    limit = marketable(price, collar, state.contracts.get(position.symbol))
    # On the day of its entry the decision is older than the position: what it knows of exits is of later sessions.
    purpose = Purpose(max(decided, min(position.entry_session, session.day)), session.day, state.now)
    return replace(exit_order(position, want.reason, purpose, limit), quantity=quantity), None


def _price_now(conid: int, state: TradingState, *, guarded: bool) -> SalePrice | None:
    """Return what a sale would get now, None where no usable quote says so."""
    # The guard looks at the price that there is: a setting for better prices must not leave shares unwatched.
    allow_delayed = guarded or not state.settings.execution.require_realtime
    return sale_price(state.quotes.get(conid), state.now, allow_delayed=allow_delayed)


def _reference(quote: SalePrice, position: OwnPosition | None, *, guarded: bool) -> float:
    """Return what a limit is measured by: the guard trusts a delayed price no further than down to the stop."""
    if not guarded or not quote.delayed or position is None:
        return quote.price
    return min(quote.price, position.stop_price)


def _no_quote(symbol: str) -> Denied:
    return Denied(symbol, "stale", None, None, "there is no usable quote")


def _limits_sent(position: OwnPosition, state: TradingState) -> list[IntentRecord]:
    """Return the limit sales of this session that ended without selling everything."""
    session = state.times.open_session
    return [
        record
        for record in state.journal.of(position.conid)
        if record.intent.role is Role.EXIT
        and record.intent.order_type is OrderType.LIMIT
        and session is not None
        and record.intent.session == session.day
        and record.sent_at is not None
        and not record.maybe_live
    ]


def _is_same(planned: OrderIntent, draft: OrderIntent) -> bool:
    """Return whether what was planned is the sale that is wanted now, whatever its limit."""
    wanted = (draft.order_type, draft.session, draft.quantity, draft.reason)
    return (planned.order_type, planned.session, planned.quantity, planned.reason) == wanted


def _fits(planned: OrderIntent, draft: OrderIntent, state: TradingState, *, guarded: bool) -> bool:
    """Return whether the limit of what was planned may still be sent: the price may have left it behind."""
    if planned.limit_price is None or draft.limit_price is None:
        return True
    near = abs(planned.limit_price / draft.limit_price - 1.0) <= COLLARS[0] / 4
    return near and _price(planned, state, guarded=guarded) is None


def _follow(record: IntentRecord, want: WantedExit, state: TradingState, plan: Plan) -> None:
    """Give a limit up that the price has left behind; the next one lies further under it."""
    if not state.times.liquid or record.intent.limit_price is None or record.sent_at is None:
        return
    plan.again(state.now + timedelta(seconds=POLL_S))
    quote = sale_price(state.quotes.get(record.intent.conid), state.now)
    if quote is None or quote.price >= record.intent.limit_price or state.now - record.sent_at < REPRICE_AFTER:
        return
    ask_cancel(record, Step.REPLACE, state, plan)
    if len(_limits_sent(want.position, state)) >= len(COLLARS):
        plan.alarm(AlarmCode.EXIT, want.position.symbol, f"{want.position.symbol}: the price runs away from its sale")


def _give_way(record: IntentRecord, want: WantedExit, state: TradingState, plan: Plan) -> None:
    """Cancel a cover that turned up beside an exit that works: both could fill."""
    if working(record, state.snapshot, state.journal) is None:
        return
    if record.left < want.position.quantity or checks.account(record.intent.symbol, state.guard) is not None:
        return
    for other in state.journal.sells(record.intent.conid):
        if other.intent.role is not Role.EXIT and not other.unproven:
            ask_cancel(other, Step.EXIT, state, plan)


def _unproven_cover(want: WantedExit, state: TradingState) -> Denied | None:
    """While what became of a stop or exit is not proven, no other sale is sent: both could fill."""
    unproven = [record for record in state.journal.sells(want.position.conid) if record.unproven]
    if want.guarded or not unproven:
        return None
    return Denied(want.position.symbol, "restricted", None, None, f"{unproven[0].coid} is not proven")


def _mode(order: OrderIntent, state: TradingState, *, guarded: bool) -> Denied | None:
    """After a halt nothing is sold but by the guard, which stands for a stop, and for a person."""
    if state.mode is not Mode.HALTED or guarded or order.reason == ExitReason.OPERATOR:
        return None
    return Denied(order.symbol, "state", None, None, "the system is halted")


def _readable(order: OrderIntent, state: TradingState, *, guarded: bool) -> Denied | None:
    """A sale needs to know what is ours and what is live; in a contract that is short nothing is sold."""
    unclear = state.snapshot.unclear(order.conid) or state.snapshot.unclear(None)
    if not state.snapshot.whole or (unclear and not guarded):
        return Denied(order.symbol, "state", None, None, "orders and positions can't be read")
    if state.snapshot.held(order.conid) < 0:
        return Denied(order.symbol, "short", None, None, "the account is short in it")
    if not state.reconciled:
        return Denied(order.symbol, "state", None, None, "own records are not yet compared with the broker's")
    return None


def _time(order: OrderIntent, state: TradingState, *, guarded: bool) -> Denied | None:
    """R15: a market order before the open, a limit inside the session but for its first and last minutes."""
    window = state.times.window
    if order.order_type is OrderType.MARKET:
        inside = window.before_open(state.now)
    else:
        inside = state.times.liquid if guarded else window.in_session(state.now)
    return None if inside else checks.closed(order.symbol)


def _price(order: OrderIntent, state: TradingState, *, guarded: bool) -> Denied | None:
    """R14, R01 and R04: a limit inside the session goes by a price that is usable now, near it and on its grid."""
    if order.order_type is OrderType.MARKET:
        return None
    quote = _price_now(order.conid, state, guarded=guarded)
    if quote is None:
        return _no_quote(order.symbol)
    contract = state.contracts.get(order.symbol)
    reference = _reference(quote, state.journal.position(order.conid), guarded=guarded)
    near = checks.price_collar(order, reference, COLLARS[-1], contract)
    return near or checks.fat_finger((order,), increments_of(contract))


def _wait(want: WantedExit, denied: Denied | None, plan: Plan, state: TradingState) -> None:
    if denied is None:
        return
    symbol = want.position.symbol
    plan.waiting[symbol] = denied
    if denied.code == "fat_finger":
        plan.alarm(AlarmCode.EXIT, symbol, f"{symbol}: its sale was given a price that its contract can't have")
    window = state.times.window
    times = [window.begins, window.late_exits_begin]
    if window.before_open(state.now) or window.in_session(state.now):
        # A quote comes within seconds; what else there is passes with a request, or with what is looked at anyway.
        soon = denied.code == "stale" or want.guarded
        times.append(state.now + timedelta(seconds=POLL_S if soon else MINUTE_S))
    later = [at for at in times if at > state.now]
    if later:
        plan.again(min(later))


def _recorded(want: WantedExit, state: TradingState) -> bool:
    """Return whether an exit of this decision was refused before, so that it is on record."""
    decided = state.decision.session if state.decision is not None else state.times.newest.day
    return any(
        record.intent.role is Role.EXIT and record.intent.decided == decided
        for record in state.journal.of(want.position.conid)
    )


def _drop_stale(state: TradingState, wanted: set[int], plan: Plan) -> None:
    """Close planned exits whose time is over or that nobody wants any more."""
    for record in state.journal.planned:
        intent = record.intent
        if intent.role is not Role.EXIT or intent.conid in plan.leaving:
            continue
        window = state.times.window
        over = intent.session < window.session.day or state.now > window.late_exits_end
        over = over or (intent.order_type is OrderType.MARKET and state.now > window.ends)
        if over or intent.conid not in wanted:
            why = "its window is over" if over else "it is not wanted any more"
            plan.commands.append(Refuse((intent,), _too_old(intent, why)))


def _no_more(planned: OrderIntent, draft: OrderIntent) -> Denied:
    """Say why a planned sale is not the one that is wanted now."""
    in_time = (planned.order_type, planned.session) == (draft.order_type, draft.session)
    return _too_old(planned, "another sale takes its place" if in_time else "its window is over")


def _left_behind(planned: OrderIntent, draft: OrderIntent) -> Denied:
    why = "the price has left its limit behind"
    return Denied(planned.symbol, "too_old", planned.limit_price, draft.limit_price, why)


def _too_old(intent: OrderIntent, why: str) -> Denied:
    return Denied(intent.symbol, "too_old", None, None, why)
