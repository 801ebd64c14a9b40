"""Gathers what a turn looks at into values: the state that commands follow from, and the view that is decided on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from trading.cycle.balances import Money
from trading.cycle.session_keeper import SessionView
from trading.decision import MarketView
from trading.errors import DataError, GatewayError
from trading.execution.context import TradingContext
from trading.execution.ownership.foreign import blocked_contracts
from trading.execution.planning.buying_power import spendable_now
from trading.execution.planning.exits import pending_exits
from trading.execution.planning.obligations import quotes_needed
from trading.execution.planning.prices import closes_now
from trading.execution.planning.protection import covers
from trading.execution.planning.state import AccountGuard, MarketTimes, TradingState
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.execution.windows import send_window
from trading.market.calendar import Session
from trading.market.panel import Panel
from trading.model.account import Quote
from trading.model.contract import Contract
from trading.model.decision import Decision, Holding
from trading.model.record import JournalView
from trading.ports import Sighting

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Market:
    """Contracts and completed bars through one session; `skipped` are symbols without either, with the reason."""

    session: date
    contracts: Mapping[str, Contract]
    panel: Panel
    skipped: Mapping[str, str]


def read_market(context: TradingContext, session: date, symbols: Sequence[str], count: int) -> Market:
    """Read contracts and the last `count` completed bars through `session`.

    Raises: GatewayError.
    """
    contracts, no_contract = context.market_data.contracts(symbols)
    panel, no_bars = context.market_data.daily_bars(contracts.values(), session, count)
    return Market(session, contracts, panel, {**no_contract, **no_bars})


def view_of(context: TradingContext, market: Market, state: TradingState) -> MarketView | None:
    """Return the view of the market's session, None when no symbol has a bar on it yet or no balances are known."""
    row = market.panel.row(market.session)
    account, journal = state.snapshot.account.value, state.journal
    if row is None or account is None:
        return None
    pending = pending_exits(journal.records, journal.positions)
    holdings = tuple(
        Holding(
            symbol=position.symbol,
            quantity=position.quantity,
            entry_session=position.entry_session,
            entry_price=position.entry_price,
            stop_price=position.stop_price,
            target_price=position.target_price,
            exit_pending=position.conid in pending,
        )
        for position in journal.positions
    )
    return MarketView(
        panel=market.panel,
        row=row,
        cash=account.cash,
        equity=account.net_liquidation,
        holdings=holdings,
        risk=context.store.risk_state(market.session),
        skipped=market.skipped,
        increments={symbol: contract.increments for symbol, contract in market.contracts.items()},
        spendable=spendable_now(state),
    )


def market_times(context: TradingContext, now: datetime) -> MarketTimes:
    """Return where `now` lies in the market's calendar.

    Raises: DataError, the calendar does not reach there.
    """
    calendar, execution = context.calendar, context.settings.execution
    newest = calendar.newest_completed(now, execution.bar_settle_s)
    window = send_window(newest, calendar.next_after(newest.day), execution)
    return MarketTimes(newest, window, open_session(context, now), calendar)


def open_session(context: TradingContext, now: datetime) -> Session | None:
    """Return the session whose regular hours are on."""
    try:
        session = context.calendar.next_after(context.calendar.newest_completed(now, 0.0).day)
    except DataError:
        return None
    return session if session.open <= now < session.close else None


def trading_state(
    context: TradingContext,
    session: SessionView,
    snapshot: BrokerSnapshot,
    journal: JournalView,
    decision: Decision | None,
    money: Money,
    *,
    reconciled: bool,
    free_bytes: int | None,
) -> TradingState:
    """Return the moment that a plan is made on, with the contracts and quotes that it needs.

    What can't be read of those leaves its orders waiting and nothing else.
    """
    now = context.clock.now()
    state = TradingState(
        now=now,
        epoch=session.epoch,
        mode=context.store.mode().mode,
        flatten=context.store.halts.flatten_goal() is not None,
        snapshot=snapshot,
        journal=journal,
        decision=decision,
        times=market_times(context, now),
        guard=AccountGuard(
            context.account_id,
            context.kind,
            context.settings.live_trading,
            session.accounts[0] if session.accounts else None,
        ),
        settings=context.settings,
        reconciled=reconciled,
        risk=money.risk,
        closes=closes_now(decision, journal, context.calendar),
        blocked=blocked_contracts(snapshot, journal),
        sightings=_sightings(context),
        skew_s=session.skew_s,
        free_bytes=free_bytes,
        doubt=money.doubt,
        flows=money.flows,
    )
    contracts, no_contracts = _read(lambda: _contracts(context, state))
    state = replace(state, contracts=contracts)
    quotes, no_quotes = _read(lambda: _quotes(context, quotes_needed(state)))
    state = replace(state, quotes=quotes, unread=(*no_contracts, *no_quotes))
    uncovered = sum(cover.uncovered for cover in covers(state)) if state.times.liquid else 0
    return replace(state, uncovered_shares=uncovered)


def refreshed(context: TradingContext, state: TradingState, journal: JournalView) -> TradingState:
    """Return a state with the time, the mode and the journal of now: what a check before the wire looks at."""
    return replace(state, now=context.clock.now(), mode=context.store.mode().mode, journal=journal)


def _read(ask: Callable[[], Mapping[K, V]]) -> tuple[Mapping[K, V], tuple[str, ...]]:
    """Return what `ask` reads, or nothing and why; a session that is lost is for the next look to take in."""
    try:
        return ask(), ()
    except GatewayError as error:
        return {}, (str(error),)


def _contracts(context: TradingContext, state: TradingState) -> Mapping[str, Contract]:
    window = state.times.window
    wanted = {position.symbol for position in state.journal.positions}
    if window.begins <= state.now <= window.ends:
        wanted |= {record.intent.symbol for record in state.journal.planned}
        wanted |= {approved.symbol for approved in state.decision.entries} if state.decision is not None else set()
    return context.market_data.contracts(sorted(wanted))[0] if wanted else {}


def _quotes(context: TradingContext, conids: frozenset[int]) -> Mapping[int, Quote]:
    return context.market_data.quotes(sorted(conids)) if conids else {}


def _sightings(context: TradingContext) -> dict[str, tuple[Sighting, ...]]:
    return {subject: context.evidence.of(subject) for subject in sorted(context.evidence.subjects())}
