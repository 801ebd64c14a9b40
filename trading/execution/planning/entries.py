"""Entries of a decision: each is planned once with its stop and target, checked, checked again before it leaves."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from trading.execution.look_again import POLL_S
from trading.execution.planning import checks, waits
from trading.execution.planning.buying_power import left_to_spend, other_entries
from trading.execution.planning.checks import sent_lately
from trading.execution.planning.foreign_buys import foreign_buys
from trading.execution.planning.order_factory import Purpose, bracket
from trading.execution.planning.plan import MINUTE_S, Forgo, Plan, Refuse, Submit
from trading.execution.planning.state import TradingState
from trading.model.account import AccountState
from trading.model.alarm import AlarmCode
from trading.model.command import Step
from trading.model.decision import Approved, Denied
from trading.model.exchange_time import exchange_date
from trading.model.order import IntentState, OrderIntent, Role
from trading.model.record import IntentRecord, group_of
from trading.risk_manager import fall

# A refusal of these may pass by itself inside the window; of all others the order is over.
_PASSING = frozenset(
    {"state", "rate", "market_closed", "reset", "restricted", "halted_symbol", "daily_loss", "equity", "flow"}
)
# What a limit of the account says that refuses only because of the purchases of others: those may end.
# The journal's view goes back a day further.
_KNOWN_FOR = timedelta(days=7)
_OTHERS_BUY = "purchases that are not of this system may take too much"


def passes(denied: Denied, restricted: Collection[str]) -> bool:
    """Return whether waiting may help: the state of the system, a person, the rate, a loss, a quote that comes later.

    So it may where the purchases of others are all that is in the way. It does not for the symbols of the list of those
    that are `restricted`: that changes with a restart alone.
    """
    if denied.symbol in restricted:
        return False
    return denied.code in _PASSING or (denied.code == "split" and denied.value is None) or denied.detail == _OTHERS_BUY


def entries_left(state: TradingState) -> tuple[Approved, ...]:
    """Return the entries of the decision that have no intent yet, and no refusal without one.

    None of a decision that is so old that the journal's view may have lost what became of them.
    """
    if state.decision is None or exchange_date(state.now) - state.decision.session > _KNOWN_FOR:
        return ()
    decided = state.decision.session
    made = {
        record.intent.symbol
        for record in state.journal.records
        if record.intent.role is Role.ENTRY and record.intent.decided == decided
    }
    return tuple(
        approved
        for approved in state.decision.entries
        if approved.symbol not in made and waits.refusal_of(decided, approved.symbol) not in state.sightings
    )


def plan_entries(state: TradingState, plan: Plan) -> None:
    """Send what was planned and did not leave, then what is left of the decision, inside the window.

    What is left of a decision that is out of date is refused at once: it may be that nobody looked at its end.
    """
    window = state.times.window
    for record in state.journal.planned:
        if record.intent.role is Role.ENTRY:
            _plan_again(group_of(record, state.journal.records), state, plan)
    if state.decision is None:
        return
    if state.now < window.begins and state.decision.session == state.times.newest.day:
        return
    left = entries_left(state)
    for approved in left:
        _plan_entry(approved, state.decision.session, state, plan)
    for symbol in foreign_buys(state).unpriced if left and window.before_open(state.now) else ():
        text = f"{symbol}: a purchase that is not of this system tells no price in USD: the exposure leaves it out"
        plan.alarm(AlarmCode.MANUAL, symbol, text)
    plan.over |= waits.over(state.decision.session, state.sightings)


def forgo_late(state: TradingState, plan: Plan) -> None:
    """Put on record that what is left of the decision is too late: once there is a newer one nobody looks at it."""
    if state.decision is None:
        return
    decided = state.decision.session
    for approved in entries_left(state):
        late = checks.too_old(approved.symbol, decided, state)
        if late is not None:
            plan.commands.append(Forgo(decided, waits.refusal(late, decided, state.sightings)))


def check_entry(group: Sequence[OrderIntent], state: TradingState) -> Denied | None:
    """Return the first limit that refuses an entry with its stop and target as things stand.

    Asked when it is planned and before it leaves.
    """
    order = group[0]
    settings = state.settings
    journal = state.journal
    active = [*journal.maybe_live, *journal.planned]
    others = other_entries(state, order.coid)
    twins = {r.coid: str(r.state) for r in others if r.intent.conid == order.conid}
    unknown = sum(record.state is IntentState.UNKNOWN for record in active)
    contract = state.contracts.get(order.symbol)
    account = state.snapshot.account.value
    if account is None:
        return Denied(order.symbol, "state", None, None, "the balances can't be read")
    quote = state.quotes.get(order.conid)
    prior_close = None if quote is None else quote.prior_close
    closes = state.closes
    return (
        checks.account(order.symbol, state.guard)
        or checks.too_old(order.symbol, order.decided, state)
        or checks.market_closed(order, state.now, state.times.window)
        or checks.reset(order.symbol, state.now, settings.session)
        or checks.readable(order.symbol, state.snapshot)
        or checks.state(order.symbol, state, unknown)
        or checks.equity(order.symbol, state.doubt)
        or checks.flow(order.symbol, state.flows)
        or checks.instrument(order, contract)
        or checks.stale(order, state)
        or checks.restricted(order, settings.risk.restricted, state.blocked)
        or checks.held(order, state.journal.owned(order.conid))
        or checks.duplicate(order, twins)
        or checks.price_collar(order, closes.get(order.symbol), settings.risk.max_price_deviation)
        or checks.fat_finger(group, contract.increments if contract is not None else ())
        or checks.halted(order.symbol, quote)
        or _sizes(group, account, others, state)
        or checks.rate(order.symbol, sent_lately(state, order.coid))
        or checks.suspected_split(order.symbol, closes.get(order.symbol), prior_close)
    )


def _sizes(
    group: Sequence[OrderIntent], account: AccountState, others: Sequence[IntentRecord], state: TradingState
) -> Denied | None:
    """Return which limit of the account refuses an entry, and whether it does so for the purchases of others alone."""
    order, stop_price = group[0], _stop_price(group)
    theirs = foreign_buys(state).value
    denied = checks.sizes(order, stop_price, _at_worst(account, others, theirs, state), state.settings)
    if denied is None or theirs == 0.0:
        return denied
    without = checks.sizes(order, stop_price, _at_worst(account, others, 0.0, state), state.settings)
    return replace(denied, detail=_OTHERS_BUY) if without is None else denied


def _at_worst(
    account: AccountState, others: Sequence[IntentRecord], theirs: float, state: TradingState
) -> checks.Account:
    """Return the account as it is once all other entries that may be live have filled, and purchases of others.

    `theirs` is what those come to.
    """
    buys = sum(r.left * (r.intent.limit_price or 0.0) for r in others)
    own = {position.conid for position in state.journal.positions}
    ours = state.shares_value(own=True)
    # Shares of others count as far as the account is said to be worth them.
    foreign = min(state.shares_value(own=False), max(account.net_liquidation - account.cash - ours, 0.0))
    return checks.Account(
        equity=account.net_liquidation,
        cash=left_to_spend(account, others, theirs, state.settings.risk.account_rules),
        exposure=ours + foreign + buys + theirs,
        positions=len(own | {record.intent.conid for record in others}),
        open_risk=_open_risk(others, state),
        fall=fall(state.risk, account.net_liquidation),
        day_trades=_day_trades(account, others, state),
    )


def _day_trades(account: AccountState, others: Sequence[IntentRecord], state: TradingState) -> int:
    """Return the day trades that count, once each other entry has become one: own ones, or the broker's where more."""
    counted = len(state.risk.day_trades)
    if account.day_trades_left is not None:
        counted = max(counted, state.settings.risk.pdt_day_trades - account.day_trades_left)
    return counted + len({record.intent.conid for record in others})


def _open_risk(others: Sequence[IntentRecord], state: TradingState) -> float:
    """Return the money between prices and stops: of own shares, and of other entries once they have filled."""
    held = sum(
        position.quantity * max(0.0, (state.price_of(position) or position.entry_price) - position.stop_price)
        for position in state.journal.positions
    )
    entering = sum(
        record.left * max(0.0, (record.intent.limit_price or 0.0) - (_child_stop(record.coid, state) or 0.0))
        for record in others
    )
    return held + entering


def _stop_price(group: Sequence[OrderIntent]) -> float:
    """Return where the stop of an entry is that leaves with it, NaN where none does."""
    prices = (order.stop_price for order in group if order.role is Role.STOP)
    return next((price for price in prices if price is not None), math.nan)


def _child_stop(coid: str, state: TradingState) -> float | None:
    stops = (each.intent for each in state.journal.children(coid) if each.intent.role is Role.STOP) if coid else ()
    return next((intent.stop_price for intent in stops), None)


def _plan_entry(approved: Approved, decided: date, state: TradingState, plan: Plan) -> None:
    contract, late = state.contracts.get(approved.symbol), checks.too_old(approved.symbol, decided, state)
    if late is not None:
        # Its contract is not asked for any more.
        plan.commands.append(Forgo(decided, waits.refusal(late, decided, state.sightings)))
    elif contract is None:
        _wait_for_contract(approved.symbol, decided, state, plan)
    else:
        purpose = Purpose(decided, state.times.window.session.day, state.now)
        _step(bracket(approved, contract.conid, purpose), state, plan)


def _plan_again(group: Sequence[OrderIntent], state: TradingState, plan: Plan) -> None:
    """Take up a PLANNED entry: a crash came before it left, or nothing could be sent."""
    entry, due = group[0], _due_again(group[0], state)
    late = checks.too_old(entry.symbol, entry.decided, state)
    left = tuple(each for each in group if state.journal.by_coid[each.coid].state is IntentState.PLANNED)
    if late is not None:
        plan.commands.append(Refuse(tuple(group), waits.refusal(late, entry.decided, state.sightings)))
    elif len(left) < len(group):
        denied = Denied(entry.symbol, "duplicate", None, None, "a part of its orders may have left already")
        plan.commands.append(Refuse(left, denied))
    elif state.now < due:
        _wait(Denied(entry.symbol, "not_sent", None, None, "the gateway isn't reached"), entry.decided, state, plan)
        plan.again(due)
    elif entry.symbol not in state.contracts:
        _wait_for_contract(entry.symbol, entry.decided, state, plan)
    else:
        _step(group, state, plan)


def _due_again(entry: OrderIntent, state: TradingState) -> datetime:
    """Return when an entry that did not leave is sent again: 5, 10, 20 seconds later and so on, at last every minute.

    The end of the window is one try more.
    """
    tried = [command.sent_at for command in state.journal.commands_of(entry.coid) if not command.left]
    if not tried:
        return state.now
    pause_s = min(POLL_S * 2.0 ** (len(tried) - 1), MINUTE_S)
    return min(tried[-1] + timedelta(seconds=pause_s), state.times.window.ends)


def _step(group: Sequence[OrderIntent], state: TradingState, plan: Plan) -> None:
    """Let an entry leave that is not too late, let it wait, or refuse it."""
    entry = group[0]
    denied = check_entry(group, state)
    if denied is None:
        plan.commands.append(Submit(tuple(group), Step.ENTRY))
    elif passes(denied, state.settings.risk.restricted):
        _wait(denied, entry.decided, state, plan)
        # A quote comes within seconds; nothing else is urgent in the hour before the open, but for its end.
        soon = denied.code == "split" or state.now + timedelta(seconds=MINUTE_S) > state.times.window.ends
        plan.again(state.now + timedelta(seconds=POLL_S if soon else MINUTE_S))
    else:
        plan.commands.append(Refuse(tuple(group), denied))


def _wait_for_contract(symbol: str, decided: date, state: TradingState, plan: Plan) -> None:
    _wait(Denied(symbol, "instrument", None, None, "no contract"), decided, state, plan)
    plan.again(state.now + timedelta(seconds=MINUTE_S))


def _wait(denied: Denied, decided: date, state: TradingState, plan: Plan) -> None:
    """Say what an entry waits for."""
    plan.waiting[denied.symbol] = denied
    if waits.began(denied, decided, state.sightings):
        plan.held.append((decided, denied))
