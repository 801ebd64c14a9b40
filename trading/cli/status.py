"""`status`: what the system does, owns and waits for, from the files alone, whether it runs or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import click

from trading.cli.environment import read_settings
from trading.cli.operate import DATABASE_NAME
from trading.cli.output import decimal, json_text, money, say, table
from trading.config import Settings
from trading.model.account import EquityPoint, mask_account
from trading.model.alert import Alert
from trading.model.balances import Flow, FlowState
from trading.model.decision import Denied
from trading.model.decision_words import sentence
from trading.model.mode import FlattenGoal, Halt
from trading.model.notice import Outcome
from trading.model.status import SessionState, StatusKey
from trading.monitoring.freshness import beside_no_database, mode_now, reads_the_broker
from trading.monitoring.health import read_facts, readiness
from trading.monitoring.sign_of_life import HEARTBEAT_NAME, WAITING_NAME, Beat, known_at, read_beat, waits_for
from trading.monitoring.verdicts import SESSION_WORDS
from trading.monitoring.wall_clock import WallClock
from trading.store.boot_time import boot_time
from trading.store.readers.notices import ChannelState
from trading.store.readers.orders import OrderLine
from trading.store.readers.positions import PositionLine, TradeLine
from trading.store.readers.state import State, read_state

_LAST_TRADES = 5
# There the loop does nothing at all.
_WITHOUT_LOOP = frozenset({"never_seen", "not_started", "stopped", "silent"})
_NOT_NOW = _WITHOUT_LOOP | {"stuck"}


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that `status` shows; with `--json` the fields are the keys."""

    mode: str | None
    mode_reason: str
    ready: bool
    code: str
    text: str
    next_step: str
    gateway: str
    account: str
    session: str
    session_next: str
    session_person: str
    login_until: str
    halts: tuple[Halt, ...]
    flatten: FlattenGoal | None
    alerts: tuple[Alert, ...]
    undelivered: tuple[ChannelState, ...]
    old: bool
    """whether the trading process does not live, so that its own facts, mode and session, are not of now"""
    known_at: datetime | None
    """as of when they hold then, None where nobody knows"""
    reading_is_old: bool
    """whether the account, positions and orders, may be another by now than it was when it was read last"""
    read_at: str
    """when that was, by the market's time, empty where nobody knows"""
    silent_s: float | None
    step: str
    step_s: float
    equity: EquityPoint | None
    flows: tuple[Flow, ...]
    positions: tuple[PositionLine, ...]
    orders: tuple[OrderLine, ...]
    last_trades: tuple[TradeLine, ...]
    last_decision: date | None
    denials: dict[str, int]
    waiting: tuple[Denied, ...]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Show mode, readiness, alerts, positions with their stops, working orders and the last trades.

    Reads the state folder only: it asks neither the trading process nor the broker. Exit 0 whatever it finds.
    """
    found = collect(read_settings(), WallClock())
    if as_json:
        click.echo(json_text(found))
        return
    say(headline(found), bad=not found.ready)
    say(details(found))


def collect(settings: Settings, clock: WallClock) -> Status:
    """Read the state folder, as of one moment."""
    heartbeat = settings.state_dir / HEARTBEAT_NAME
    beat = read_beat(heartbeat, boot_time())
    starting = waits_for(settings.state_dir / WAITING_NAME, clock.now())
    with read_state(settings.state_dir / DATABASE_NAME) as state:
        return _status(settings, state, beat, known_at(heartbeat, beat), starting)


def _status(settings: Settings, state: State, beat: Beat | None, known: datetime | None, starting: str) -> Status:
    facts = state.account.facts()
    mode = mode_now(state.account.mode(), beat)
    beat = beside_no_database(beat) if mode is None else beat
    judged = read_facts(
        facts,
        beat=beat,
        mode=None if mode is None else mode.mode,
        starting=starting,
    )
    health = readiness(judged)
    old = health.code in _NOT_NOW
    equity = state.account.equity(limit=2)
    decided = state.decisions.sessions(limit=1)
    goal = state.account.flatten_goal()
    return Status(
        mode=None if mode is None else mode.mode.value,
        mode_reason="" if mode is None else mode.reason,
        ready=health.ok,
        code=health.code,
        text=health.told,
        next_step=health.instruction,
        gateway=facts.get("gateway", settings.gateway.kind),
        account=mask_account(facts.get("account", "")),
        session=facts.get(StatusKey.SESSION_STATE, ""),
        session_next=facts.get(StatusKey.SESSION_NEXT, ""),
        session_person=facts.get(StatusKey.SESSION_PERSON, ""),
        login_until=facts.get(StatusKey.LOGIN_UNTIL, ""),
        halts=state.account.standing_halts(),
        flatten=None if goal is None or goal.over else goal,
        alerts=state.alerts.present(),
        old=old,
        known_at=known if old else None,
        reading_is_old=old or not reads_the_broker(judged),
        read_at=facts.get(StatusKey.MARKET_NOW, ""),
        silent_s=None if beat is None else beat.age_s,
        step="" if beat is None else beat.step,
        step_s=0.0 if beat is None else beat.step_s,
        undelivered=tuple(each for each in state.notices.channels() if each.outcome is Outcome.FAILED),
        equity=equity[-1] if equity else None,
        flows=state.account.flows(since=equity[0].session) if equity else (),
        positions=state.positions.open(),
        orders=state.orders.open(),
        last_trades=state.positions.trades(limit=_LAST_TRADES),
        last_decision=decided[0] if decided else None,
        denials=state.decisions.denial_counts(),
        waiting=state.decisions.waiting(),
    )


def headline(found: Status) -> str:
    """Return the first lines: mode with its reason, readiness, what to do, and what a person has to know."""
    mode = "no state yet" if found.mode is None else f"{found.mode}{as_last_seen(found)} ({found.mode_reason})"
    lines = [f"Mode      {mode}", f"Ready     {'yes' if found.ready else 'no'}: {found.text}"]
    if found.next_step:
        lines.append(f"To do     {found.next_step}")
    if found.code not in _WITHOUT_LOOP:
        lines.append(f"Loop      {found.step}, for {found.step_s:.0f} s")
    for halt in found.halts:
        how = "acknowledged, and still so" if halt.acknowledged else "halts"
        lines.append(f"Halt      {halt.cause}, {how}: {halt.reason} ({halt.actor}, {halt.since:%Y-%m-%d %H:%M} UTC)")
    if found.flatten is not None:
        lines.append(f"Flatten   {found.flatten.waits_for or 'asked for'} ({found.flatten.actor})")
    lines += [f"Alert     {alert.text} (since {alert.since:%Y-%m-%d %H:%M} UTC)" for alert in found.alerts]
    if found.undelivered:
        failures = (
            f"{each.channel}: {each.detail} ({each.attempts} times, last {each.at:%Y-%m-%d %H:%M} UTC)"
            for each in found.undelivered
        )
        lines.append(f"Notify    not delivered to {'; '.join(failures)}")
    lines += [f"Waits     {denied.symbol}: {sentence(denied, decimal)}" for denied in found.waiting]
    return "\n".join(lines)


def details(found: Status) -> str:
    """Return what there is beneath the headline."""
    parts = [f"Gateway   {found.gateway}   account {found.account or '–'}   session {_session(found)}"]
    # What the headline has said already is not said again.
    ahead = " ".join(
        text for text in (found.session_person, found.session_next) if text and text not in found.next_step
    )
    if ahead:
        parts.append(f"Session   {ahead}")
    if found.equity is not None:
        point = found.equity
        parts.append(
            f"Equity    {money(point.equity)} USD on {point.session}   cash {money(point.cash)}"
            f"   drawdown {point.drawdown:.2%}"
        )
    for flow in found.flows:
        said = "neither gain nor loss" + ", unless you say that it was one" * (flow.state is FlowState.UNCONFIRMED)
        parts.append(f"Money     {flow.text}: {said}")
    if found.code == "unstored" and found.mode is None:
        return "\n".join([*parts, "", "trading.db is not there: nobody knows of positions, orders and trades."])
    parts.append(f"Decision  {found.last_decision or 'none yet'}")
    if found.reading_is_old and (found.positions or found.orders):
        at = f"of {found.read_at[:10]} {found.read_at[11:16]} UTC" if found.read_at else "last recorded"
        parts.append(f"\nPositions and orders, as {at}:")
    parts.append(_positions(found.positions))
    parts.append(_orders(found.orders))
    parts.append(_trades(found.last_trades))
    return "\n".join(parts)


def as_last_seen(found: Status) -> str:
    """Return how old mode and session are, empty where they are of now."""
    if not found.old:
        return ""
    return ", as last recorded" if found.known_at is None else f", as last seen {found.known_at:%Y-%m-%d %H:%M} UTC"


def _session(found: Status) -> str:
    if found.session not in frozenset(SessionState):
        return "–"
    return f"{SESSION_WORDS[SessionState(found.session)]}{as_last_seen(found)}"


def _positions(positions: tuple[PositionLine, ...]) -> str:
    if not positions:
        return "\nNo positions."
    rows = [
        (
            line.symbol,
            str(line.quantity),
            money(line.entry_price),
            money(line.last_close),
            money(line.stop_price),
            money(line.target_price),
            f"{line.covered}/{line.quantity}",
            str(line.entry_session),
        )
        for line in positions
    ]
    return "\n" + table(("Position", "Shares", "Entry", "Close", "Stop", "Target", "Covered", "Since"), rows)


def _orders(orders: tuple[OrderLine, ...]) -> str:
    if not orders:
        return "\nNo orders."
    rows = [
        (
            line.symbol,
            line.role,
            line.side,
            line.order_type,
            str(line.quantity),
            str(line.filled),
            money(line.limit_price if line.limit_price is not None else line.stop_price),
            line.state,
        )
        for line in orders
    ]
    heads = ("Order", "Role", "Side", "Type", "Shares", "Filled", "Price", "State")
    return "\n" + table(heads, rows, left=frozenset({0, 1, 2, 3, 7}))


def _trades(trades: tuple[TradeLine, ...]) -> str:
    if not trades:
        return "\nNo trades yet."
    rows = [
        (
            line.symbol,
            str(line.quantity),
            str(line.entry_session),
            money(line.entry_price),
            str(line.exit_session),
            money(line.exit_price),
            line.exit_reason,
            "in doubt" if line.doubt else f"{line.pnl:+,.2f}",
        )
        for line in trades
    ]
    heads = ("Trade", "Shares", "Entry", "Price", "Exit", "Price", "Reason", "P&L USD")
    return "\n" + table(heads, rows, left=frozenset({0, 6}))
