"""What pages, metrics and the next start read: decisions, equity, trades, modes, and the last look at the broker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import msgspec

from trading.errors import InvariantBroken
from trading.market.panel import Panel
from trading.model.decision import DayTrade, Decision, ExitReason, RiskState, StopOut
from trading.model.difference import Difference
from trading.model.metric import Counter
from trading.model.mode import Mode, ModeState
from trading.model.status import StatusKey
from trading.risk_manager import DRAWDOWN_LATCH
from trading.store import modes
from trading.store.balances import BALANCES_FACT
from trading.store.bars import BarWriter
from trading.store.chart_values import Lines, write_chart_values
from trading.store.database import PUT_FACT, Database
from trading.store.decision_text import decode_decision, encode_decision, encode_verdict
from trading.store.halts import SqliteHalts
from trading.store.trades import insert_closed
from trading.store.units import to_units, utc_text

_TOTALS = (
    (Counter.ORDERS, "SELECT state AS label, count(*) AS n FROM intent_log GROUP BY state ORDER BY state"),
    (Counter.TRADES_CLOSED, "SELECT exit_reason AS label, count(*) AS n FROM trade GROUP BY exit_reason ORDER BY 1"),
)
_STOPPED = """
SELECT symbol, exit_session FROM trade
WHERE exit_reason = ? AND doubt = '' AND exit_session <= ?
  AND exit_session > coalesce((SELECT max(session) FROM decision), '')
"""
# The longest window in which day trades may be counted is a year's sessions.
_DAY_TRADES = """
SELECT symbol, exit_session FROM trade
WHERE exit_session = entry_session AND exit_session <= ?1 AND exit_session > date(?1, '-400 days')
"""


class SqliteStore:
    """`trading.ports.Store` over trading.db."""

    def __init__(self, database: Database, on_mode: Callable[[Mode], object] = lambda _: None) -> None:
        """Write into `database`, which stays the caller's to close.

        `on_mode` is told each mode when it begins, in the thread that changed it.
        """
        self._database = database
        self._bars = BarWriter()
        self._on_mode = on_mode
        self._mode: Mode | None = None
        self._unstored: ModeState | None = None
        self.halts = SqliteHalts(database, self.tell_mode)

    def record_decision(self, decision: Decision, now: datetime) -> None:
        """Keep a decision with its verdicts, denials and risk state in one transaction.

        Raises: InvariantBroken, there is one for that session.
        """
        at = utc_text(now)
        session = decision.session.isoformat()
        with self._database.transaction() as connection:
            if connection.execute("SELECT 1 FROM decision WHERE session = ?", (session,)).fetchone() is not None:
                raise InvariantBroken("I22", f"the session {session} was decided on before")
            connection.execute(
                "INSERT INTO decision (session, at, equity, cash, drawdown, body) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    session,
                    at,
                    to_units(decision.equity),
                    to_units(decision.cash),
                    decision.drawdown,
                    encode_decision(decision),
                ),
            )
            connection.executemany(
                "INSERT INTO verdict (symbol, session, rank, body) VALUES (?, ?, ?, ?)",
                (
                    (verdict.symbol, session, rank, encode_verdict(verdict))
                    for rank, verdict in enumerate(decision.verdicts)
                ),
            )
            connection.executemany(
                "INSERT INTO denial (stage, session, symbol, code, value, limit_value, detail, at)"
                " VALUES ('decision', ?, ?, ?, ?, ?, '', ?)",
                ((session, denied.symbol, denied.code, denied.value, denied.limit, at) for denied in decision.denials),
            )
            modes.save_risk(connection, decision.risk, reason=_latch_reason(decision), actor="risk", at=at)
        self.tell_mode()

    def last_decision(self) -> Decision | None:
        """Return the newest decision, for carrying out what is left of it after a restart."""
        rows = self._database.query("SELECT session, body FROM decision ORDER BY session DESC LIMIT 1")
        if not rows:
            return None
        verdicts = self._database.query(
            "SELECT body FROM verdict WHERE session = ? ORDER BY rank", (rows[0]["session"],)
        )
        return decode_decision(rows[0]["body"], (row["body"] for row in verdicts))

    def record_equity(self, session: date, equity: float, cash: float, positions: int, drawdown: float) -> None:
        """Keep one point of the equity curve for the close of `session`; a later one replaces it."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO equity (session, equity, cash, positions, drawdown) VALUES (?, ?, ?, ?, ?)",
                (session.isoformat(), to_units(equity), to_units(cash), positions, drawdown),
            )

    def record_closed_trades(self) -> int:
        """Write a trade row for every own position that became flat since the last call; return how many."""
        with self._database.transaction() as connection:
            return insert_closed(connection)

    def totals(self) -> Mapping[Counter, Mapping[str, int]]:
        """Return counts over the whole life of the file: steps of orders by state, closed trades by exit reason."""
        return {counter: {row["label"]: row["n"] for row in self._database.query(sql)} for counter, sql in _TOTALS}

    def mode(self) -> ModeState:
        """Return the mode to show: the strictest of halts that stand, reconciled, risk latches and daily loss."""
        stored = modes.mode_of(self._database.query(modes.LAST_ENTRIES), self.halts.halting())
        if self._unstored is None or stored.mode is Mode.HALTED:
            return stored
        return replace(self._unstored, latched=stored.latched)

    def set_reconciled(self, *, reconciled: bool, reason: str, now: datetime) -> None:
        """Persist whether this epoch's state is reconciled with the broker.

        Raises: InvariantBroken("storage"): that it is not reconciled holds all the same, until something can be stored.
        """
        value = modes.YES if reconciled else modes.NO
        if not reconciled:
            self._unstored = ModeState(Mode.RECONCILING, reason, "system", now)
        try:
            with self._database.transaction() as connection:
                modes.log_change(connection, modes.RECONCILED, value, reason=reason, actor="system", at=utc_text(now))
            self._unstored = None
        finally:
            self.tell_mode()

    def risk_state(self, through: date | None = None) -> RiskState:
        """Return what the risk rules remember: peak, latches, stop-outs; an empty one before the first decision.

        With `through`, for the next decision: the recorded trades that their stops closed since are among it, and those
        that were closed in the session in which they were bought, up to that session.
        """
        remembered = modes.risk_from(self._database.fact(modes.RISK_FACT))
        if through is None:
            return remembered
        rows = self._database.query(_STOPPED, (ExitReason.STOP, through.isoformat()))
        remembered = remembered.with_stop_outs(
            [StopOut(row["symbol"], date.fromisoformat(row["exit_session"])) for row in rows]
        )
        rows = self._database.query(_DAY_TRADES, (through.isoformat(),))
        return remembered.with_day_trades(
            DayTrade(row["symbol"], date.fromisoformat(row["exit_session"])) for row in rows
        )

    def set_risk_state(self, risk: RiskState, *, reason: str, actor: str, now: datetime) -> None:
        """Persist the risk rules' memory, for instance with a latch set or, by a person, cleared and the peak reset."""
        with self._database.transaction() as connection:
            modes.save_risk(connection, risk, reason=reason, actor=actor, at=utc_text(now))
        self.tell_mode()

    def record_differences(self, found: Sequence[Difference]) -> None:
        """Keep what a turn found to differ from the broker; the same again writes nothing."""
        self.show({StatusKey.DIFFERENCES: msgspec.json.encode(found).decode()})

    def show(self, facts: Mapping[StatusKey, str]) -> None:
        """Show pages what is so now, in one write that waits for no disk; the same again writes nothing.

        After a power failure an earlier state may be there, which the next turn replaces.
        """
        self._put({str(key): value for key, value in facts.items()}, durable=False)

    def keep(self, facts: Mapping[str, str]) -> None:
        """Keep small facts that the next start needs, in one durable step; the same again writes nothing.

        Raises: InvariantBroken, a key belongs to the file itself.
        """
        self._put(facts, durable=True)

    def value(self, key: str) -> str | None:
        """Return a small fact."""
        return self._database.fact(key)

    def record_bars(self, panel: Panel, lines: Lines) -> int:
        """Keep the panel's bars and the lines of the strategy's charts; return how many bars were new or changed.

        `lines` have the panel's shape, NaN where undefined.
        """
        rows = self._bars.changed(panel)
        with self._database.transaction() as connection:
            written = self._bars.write(connection, rows)
            write_chart_values(connection, panel, lines)
        self._bars.remember(panel)
        return written

    def _put(self, facts: Mapping[str, str], *, durable: bool) -> None:
        reserved = sorted(RESERVED_FACTS & facts.keys())
        if reserved:
            raise InvariantBroken("storage", f"the fact {reserved[0]} is not for pages")
        changed = [(key, value) for key, value in facts.items() if self._database.fact(key) != value]
        if changed:
            with self._database.transaction(durable=durable) as connection:
                for fact in changed:
                    connection.execute(PUT_FACT, fact)

    def tell_mode(self) -> None:
        """Tell the mode where it is another than was told last."""
        try:
            mode = self.mode().mode
        except InvariantBroken:
            # Whoever reads the mode next is told so.
            return
        if mode is not self._mode:
            self._mode = mode
            self._on_mode(mode)


# Facts that the file needs; nobody stores a value over them.
RESERVED_FACTS = frozenset(
    {"schema", "instance", "prefix", "coid_seq", "account", "gateway", modes.RISK_FACT, BALANCES_FACT}
)


def _latch_reason(decision: Decision) -> str:
    """Return why the one limit latched that a decision itself may have reached."""
    return f"{DRAWDOWN_LATCH} (drawdown {decision.drawdown:.2%} on {decision.session})"
