"""Fill a state folder with what months of trading leave behind: real bars, real decisions, orders, fills and trades.

    python -m tests.browser.seed FOLDER [--until 2016-10-04] [--state active|halted|waiting-login|...]

The decisions are those of the step engine on the bundled bars; orders and fills go through the journal, as they would
in the trading process.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from tests.fakes.heartbeats import leave_beat
from trading.backtest.engine import BacktestPlan, run_step
from trading.backtest.result import BacktestResult, ClosedTrade
from trading.config import Settings
from trading.cycle.session_outlook import outlook
from trading.cycle.session_state import KnownSession
from trading.decision import DecisionSystem
from trading.market.bar_files import load_bars
from trading.market.calendar import Session, TradingCalendar
from trading.market.panel import Panel
from trading.model.decision import Approved, Decision
from trading.model.mode import OPERATOR, Mode
from trading.model.order import Execution, IntentState, OrderIntent, OrderType, Role, Side, Tif
from trading.model.status import SessionState
from trading.monitoring.wall_clock import WallClock
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore
from trading.strategies.discovery import make_strategy

BARS = Path(__file__).resolve().parents[2] / "data" / "us_daily.csv.gz"
ACCOUNT = "DU1234567"
CASH = 25_000.0
UNTIL = date(2016, 10, 4)
BEFORE_OPEN = timedelta(minutes=35)
FIRST_CONID = 265_000
_SESSIONS = {
    "waiting-login": (SessionState.WAITING_LOGIN, "the login has no connection to the broker any more"),
    "gateway-down": (SessionState.GATEWAY_DOWN, "connection refused: is the gateway running?"),
    "refused": (SessionState.REFUSED, "not allowed, by a web page: perhaps a firewall or a proxy (HTTP 403)"),
    "competing": (SessionState.COMPETING, "the session was taken away again within minutes of being opened"),
    "ended": (SessionState.ENDED, ""),
}
# What a trading process says of itself beside its records.
_SAID_OF_ITSELF: dict[str, dict[str, str | float]] = {
    "stopped": {"ended_by": "Ctrl-C"},
    "stuck": {"step": "decides", "step_s": 348.0, "over_s": 48.0},
    "hangs": {"call": "GET /iserver/account/orders", "silence_s": 14.0},
    "unstored": {"unstored": "storage: trading.db: database or disk is full"},
    "overdue": {"overdue_s": 200.0, "step": "reads the account and acts on it"},
}
_SILENT_S = {"stale": 341.0, "stopped": 1260.0}
STATES = ("active", "halted", "reducing", *_SESSIONS, "stale", "uncovered", *_SAID_OF_ITSELF)


@dataclass(frozen=True, slots=True)
class Bracket:
    """The names of an entry that was sent, with the shares it asked for."""

    coid: str
    entry: Approved


class Seeder:
    """Replays the result of a backtest into the journal, order by order."""

    def __init__(self, folder: Path, panel: Panel, *, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - the same state each time, not a secret
        self._database = Database(folder / "trading.db", chance=chance)
        self._journal = SqliteJournal(self._database)
        self.store = SqliteStore(self._database)
        self._conids = {symbol: FIRST_CONID + 17 * n for n, symbol in enumerate(panel.symbols)}
        self._order_ids: Iterator[int] = iter(range(1_370_000_001, 1_380_000_000))
        self._brackets: dict[str, Bracket] = {}
        self._executions = 0
        self._database.claim(ACCOUNT, "simulated")

    def send(self, decision: Decision, session: Session) -> dict[str, Bracket]:
        """Plan and send the entries of a decision; return their brackets by symbol."""
        sent = session.open - timedelta(hours=1)
        brackets = {
            entry.symbol: self._send_entry(entry, decision.session, session.day, sent) for entry in decision.entries
        }
        for order in decision.exits:
            held = self._brackets.get(order.symbol)
            if held is not None:
                self._send_exit(held, order.symbol, order.quantity, order.reason, decision.session, session)
        return brackets

    def enter(self, bracket: Bracket, price: float, commission: float, session: Session) -> None:
        """Fill an entry; its stop and target begin to work."""
        at = session.open + timedelta(minutes=47)
        symbol = bracket.entry.symbol
        self._fill(bracket.coid, symbol, Side.BUY, bracket.entry.quantity, price, commission, at)
        self._brackets[symbol] = bracket

    def expire(self, bracket: Bracket, session: Session) -> None:
        """Let an entry that was not reached expire at the close."""
        for name in (bracket.coid, f"{bracket.coid}-S", f"{bracket.coid}-T"):
            state = IntentState.EXPIRED if name == bracket.coid else IntentState.CANCELLED
            self._journal.transition(name, state, "day order, not reached", session.close)

    def leave(self, trade: ClosedTrade, session: Session) -> None:
        """Fill what ended a position."""
        bracket = self._brackets.pop(trade.symbol)
        names = {"stop": f"{bracket.coid}-S", "target": f"{bracket.coid}-T"}
        name = names.get(trade.exit_reason, f"{bracket.coid}-X")
        at = session.open + (timedelta(hours=3) if trade.exit_reason in names else timedelta(seconds=2))
        self._fill(name, trade.symbol, Side.SELL, trade.quantity, trade.exit_price, trade.commission / 2, at)
        for other in names.values():
            if trade.exit_reason in names and other != name:
                self._journal.transition(other, IntentState.CANCELLED, "the other order of its group filled", at)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _send_entry(self, entry: Approved, decided: date, session: date, at: datetime) -> Bracket:
        coid = self._journal.next_coid()

        def leg(name: str, role: Role, kind: OrderType, limit: float | None, stop: float | None) -> OrderIntent:
            parent, side = (None, Side.BUY) if role is Role.ENTRY else (coid, Side.SELL)
            tif = Tif.DAY if role is Role.ENTRY else Tif.GTC
            conid, symbol, quantity = self._conids[entry.symbol], entry.symbol, entry.quantity
            return OrderIntent(
                name, parent, role, conid, symbol, side, kind, tif, quantity, limit, stop, decided, session, role, at
            )

        legs = (
            leg(coid, Role.ENTRY, OrderType.LIMIT, entry.limit_price, None),
            leg(f"{coid}-S", Role.STOP, OrderType.STOP, None, entry.stop_price),
            leg(f"{coid}-T", Role.TARGET, OrderType.LIMIT, entry.target_price, None),
        )
        self._journal.plan(legs)
        self._post([leg.coid for leg in legs], at)
        return Bracket(coid, entry)

    def _send_exit(
        self, held: Bracket, symbol: str, quantity: int, reason: str, decided: date, session: Session
    ) -> None:
        coid, at = f"{held.coid}-X", session.open - timedelta(hours=1)
        for leg in (f"{held.coid}-S", f"{held.coid}-T"):
            self._journal.transition(leg, IntentState.CANCELLED, "before the sale", at)
        self._journal.plan(
            (
                OrderIntent(
                    coid,
                    held.coid,
                    Role.EXIT,
                    self._conids[symbol],
                    symbol,
                    Side.SELL,
                    OrderType.MARKET,
                    Tif.DAY,
                    quantity,
                    None,
                    None,
                    decided,
                    session.day,
                    reason,
                    at,
                ),
            )
        )
        self._post([coid], at)

    def _post(self, coids: list[str], at: datetime) -> None:
        for coid in coids:
            self._journal.transition(coid, IntentState.SENDING, "submit", at)
            self._journal.bind(coid, next(self._order_ids), 1, at + timedelta(seconds=1))

    def _fill(
        self, coid: str, symbol: str, side: Side, quantity: int, price: float, commission: float, at: datetime
    ) -> None:
        self._executions += 1
        name = f"0000e0d5.{self._executions:08x}.01.01"
        execution = Execution(
            name, ACCOUNT, self._conids[symbol], symbol, side, quantity, price, commission, at, coid, None
        )
        self._journal.record_fill(coid, execution, at)
        self._journal.transition(coid, IntentState.FILLED, f"{quantity} at {price:.2f}", at)


def fill_state(
    folder: Path, log_dir: Path, *, until: date = UNTIL, state: str = "active", months: int = 9, suffix: str = ""
) -> None:
    """Make `folder` (the simulated gateway's state folder) and the log as after trading until `until`.

    `suffix` is put behind each symbol, for names that somebody means to do harm with.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    bundled = load_bars(BARS).cut(until)
    panel = replace(bundled, symbols=tuple(f"{symbol}{suffix}" for symbol in bundled.symbols))
    start = until - timedelta(days=30 * months)
    decisions: list[Decision] = []
    system = DecisionSystem.build(Settings(), make_strategy(Settings()))
    result = run_step(panel, system, BacktestPlan(CASH, 5.0, start, until), on_decision=decisions.append)
    calendar = TradingCalendar(start, until + timedelta(days=10))
    seeder = Seeder(folder, panel, seed=7)
    seeder.store.record_bars(panel, system.chart_values(panel))
    moment = _replay(seeder, result, decisions, calendar)
    _write_facts(seeder.store, state, moment)
    seeder.close()
    _write_sign_of_life(folder, state)
    _write_log(log_dir, decisions[-40:], calendar)


def _replay(seeder: Seeder, result: BacktestResult, decisions: list[Decision], calendar: TradingCalendar) -> datetime:
    entered = {(t.symbol, t.entry_session): (t.entry_price, t.commission / 2) for t in result.trades}
    entered |= {(p.symbol, p.entry_session): (p.entry_price, 1.0) for p in result.open_positions}
    left: dict[date, list[ClosedTrade]] = {}
    for trade in result.trades:
        left.setdefault(trade.exit_session, []).append(trade)
    waiting: dict[str, Bracket] = {}
    moment = calendar.at_or_after(decisions[0].session).open
    for decision, point in zip(decisions, result.equity, strict=True):
        session = calendar.at_or_after(decision.session)
        for symbol, bracket in waiting.items():
            fill = entered.get((symbol, decision.session))
            if fill is None:
                seeder.expire(bracket, session)
            else:
                seeder.enter(bracket, *fill, session)
        for trade in left.get(decision.session, ()):
            seeder.leave(trade, session)
        seeder.store.record_closed_trades()
        seeder.store.record_decision(decision, session.close + timedelta(minutes=15))
        seeder.store.record_equity(point.session, point.equity, point.cash, point.positions, point.drawdown)
        following = calendar.next_after(session.day)
        waiting = seeder.send(decision, following)
        moment = following.open - BEFORE_OPEN
    return moment


def set_state(folder: Path, state: str) -> None:
    """Let the trading process of a filled state folder say that it is in another state."""
    database = Database(folder / "trading.db")
    store = SqliteStore(database)
    _write_facts(store, state, datetime.fromisoformat(store.value("market_now") or ""))
    database.close()
    _write_sign_of_life(folder, state)


def _write_facts(store: SqliteStore, state: str, moment: datetime) -> None:
    store.set_reconciled(reconciled=True, reason="our record and the broker's agree", now=moment - timedelta(hours=6))
    since = moment - timedelta(hours=6, minutes=12)
    word, cause = _SESSIONS.get(state, (SessionState.READY, ""))
    shown = outlook(KnownSession(word, cause, since), moment, Settings().session, ACCOUNT, Settings().gateway.url)
    facts = {
        "market_now": moment.isoformat(),
        "market_phase": "pre",
        "session_state": word,
        "session_since": since.isoformat() if word is SessionState.READY else "",
        "session_state_since": since.isoformat(),
        "session_detail": cause,
        "session_next": shown.happens or "",
        "session_person": shown.person or "",
        "next_event": (moment + BEFORE_OPEN).isoformat(),
        "next_event_kind": "open",
        "uncovered_shares": "12" if state == "uncovered" else "0",
        "unknown_orders": "0",
    }
    for key, value in facts.items():
        store.keep({key: value})
    if state == "halted":
        # What a person asked for halts once: each time is a request of its own.
        request = f"request {secrets.randbelow(10**9)}"
        store.halts.raise_halt(OPERATOR, request, reason="asked for on the dashboard", actor="dashboard", now=moment)
    elif store.mode().mode is Mode.HALTED:
        store.halts.acknowledge_halts(seen=store.mode().seen.halt, actor="dashboard", now=moment)
    if state == "reducing":
        risk = replace(store.risk_state(), latches={"drawdown_halt": moment.date()})
        store.set_risk_state(risk, reason="drawdown_halt: 20.3 % below the peak", actor="risk", now=moment)
    elif store.risk_state().latches:
        risk = replace(store.risk_state(), latches={})
        store.set_risk_state(risk, reason="resumed on the dashboard", actor="dashboard", now=moment)


def _write_sign_of_life(folder: Path, state: str) -> None:
    (folder / "metrics.prom").write_text("# TYPE trading_gateway_up gauge\ntrading_gateway_up 1.0\n", encoding="utf-8")
    said, silent_s = dict(_SAID_OF_ITSELF.get(state, {})), _SILENT_S.get(state, 0.0)
    # The heartbeat tells real time, whatever the market's is.
    now = WallClock().now()
    if state == "stopped":
        said["ended_at"] = (now - timedelta(seconds=silent_s)).isoformat()
    if state == "hangs":
        said["silent_since"] = (now - timedelta(seconds=float(said["silence_s"]))).isoformat()
    leave_beat(folder, silent_s=silent_s, **said)


def _write_log(log_dir: Path, decisions: list[Decision], calendar: TradingCalendar) -> None:
    log_dir.mkdir(parents=True, exist_ok=True)
    lines = []
    for decision in decisions:
        at = calendar.at_or_after(decision.session).close + timedelta(minutes=15)
        lines.append(
            {
                "timestamp": at.isoformat(),
                "level": "info",
                "event": "decided",
                "session": decision.session.isoformat(),
                "entries": len(decision.entries),
                "exits": len(decision.exits),
                "denied": len(decision.denials),
            }
        )
        for entry in decision.entries:
            sent = at + timedelta(hours=16)
            lines.append(
                {
                    "timestamp": sent.isoformat(),
                    "level": "info",
                    "event": "order working",
                    "symbol": entry.symbol,
                    "quantity": entry.quantity,
                    "limit_price": entry.limit_price,
                }
            )
    lines.insert(-3, {**lines[-4], "level": "warning", "event": "history pacing: waiting", "wait_s": 2.1})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (log_dir / "trading.log").write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--logs", type=Path, default=Path("logs"))
    parser.add_argument("--until", type=date.fromisoformat, default=UNTIL)
    parser.add_argument("--state", choices=STATES, default="active")
    arguments = parser.parse_args()
    fill_state(arguments.folder, arguments.logs, until=arguments.until, state=arguments.state)


if __name__ == "__main__":
    main()
