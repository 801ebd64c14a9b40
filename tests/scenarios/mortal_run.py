"""Trading and simulator in one process, where the trading part dies at chosen points and is started from its files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from drill.deaths import Death, Reaper
from drill.schedule import Kill
from simulator.config import SimulatorConfig
from simulator.core import TRUTH_FILE, Simulator
from simulator.fault_plan import role_of
from simulator.market.replayed import ReplayedMarket
from simulator.messages import Request
from tests.fakes.chance import seeded
from tests.fakes.fake_requests import FakeRequests
from tests.fakes.in_process import InProcessTransport
from tests.fakes.memory_metrics import MemoryLog, MemoryMetrics
from tests.scenarios.lockstep_run import CASH, ROOT, Records, Row, Span, environ_of
from trading.bootstrap import DATABASE, Surroundings, assemble
from trading.config import load_settings, with_overrides
from trading.cycle.operator_requests import OperatorRequests
from trading.gateway.clocks import WakeUp
from trading.gateway.transport import HttpAnswer, Transport
from trading.market.calendar import TradingCalendar
from trading.market.panel import Panel
from trading.model.status import SessionState, StatusKey
from trading.store.database import Database
from trading.store.records import SqliteStore

# A life that asks more than this does not get on.
MOST_LIVES = 50


class MortalTransport:
    """The way to the simulator on which the process may die: before the gateway has a call, or before its answer."""

    def __init__(self, way: Transport, reaper: Reaper) -> None:
        self._way = way
        self._reaper = reaper

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        role = role_of(Request(verb, path, {}, body or b"")) or "read"
        self._reaper.passing("call_before", role)
        answer = self._way.exchange(verb, path, query, body, limit_s)
        self._reaper.passing("call_after", role)
        return answer

    def close(self) -> None:
        """There is nothing to close."""


class MortalRun(Records):
    """One run over a span to the end of its data, with as many lives as there are `kills`, and one more."""

    def __init__(self, folder: Path, span: Span, panel: Panel, calendar: TradingCalendar) -> None:
        environ = environ_of(folder, panel.symbols)
        self._settings = with_overrides(load_settings(environ, ROOT / "config.json"), span.settings)
        self._calendar = calendar
        state = folder / "gateway"
        self._truth = state / TRUTH_FILE
        config = SimulatorConfig(
            start=span.start.isoformat(), cash=CASH, auto_login=True, pacing=False, state_dir=state
        )
        self._simulator = Simulator(config, ReplayedMarket(panel))
        self.database = self._settings.state_dir / DATABASE
        self.points: Counter[tuple[str, str | None]] = Counter()
        self.deaths: list[Kill] = []

    def trade(self, kills: Sequence[Kill] = ()) -> None:
        """Trade to the end of the data; once dead, start anew."""
        reaper = _Counting(kills, self.deaths.append, self.points)
        try:
            for _ in range(MOST_LIVES):
                reaper.revive()
                try:
                    self._live(reaper)
                except Death:
                    continue
                return
            raise AssertionError(self.deaths)
        finally:
            self._simulator.close()

    def _live(self, reaper: Reaper) -> None:
        def transport_to(url: str, _ca_bundle: Path | None) -> Transport:
            if url.endswith("/sim"):
                return InProcessTransport(self._simulator, "/sim")
            return MortalTransport(InProcessTransport(self._simulator), reaper)

        database = Database(self.database, chance=seeded(len(self.deaths)), connect=reaper.connect())
        try:
            wake, log, store = WakeUp(), MemoryLog(), SqliteStore(database)

            def pause(_seconds: float) -> None:
                if store.value(StatusKey.SESSION_STATE) == SessionState.ENDED:
                    wake.request_stop()

            surroundings = Surroundings(
                wake=wake,
                log=log,
                metrics=MemoryMetrics(),
                transport_to=transport_to,
                chance=seeded(),
                stopwatch=lambda: 0.0,
                pause=pause,
                calendar=self._calendar,
            )
            assembly = assemble(self._settings, surroundings, database, OperatorRequests(FakeRequests(), store, log))
            assert assembly is not None
            assembly.system.run()
        finally:
            database.close()

    # ---- what it left

    def truth(self) -> list[Row]:
        return [json.loads(line) for line in self._truth.read_text(encoding="utf-8").splitlines()]

    def result(self) -> tuple[object, ...]:
        return self.trades(), self.equity(), self.open_positions()

    def missed(self) -> set[str]:
        """Return the entries and exits that never came to be, as far as the journal knows."""
        rows = self.rows(
            "SELECT coid FROM intent WHERE state IN ('LOST', 'DECLINED', 'REJECTED') AND role IN ('entry', 'exit')"
        )
        return {row["coid"] for row in rows}

    def taken(self) -> set[str]:
        """Return the names of the orders that the broker took."""
        orders = [row for row in self.truth() if row["kind"] == "order"]
        return {ticket["coid"] for row in orders for ticket in row["tickets"] if ticket.get("coid")}


class _Counting(Reaper):
    """Also tells which points there were, by role."""

    def __init__(
        self,
        kills: Sequence[Kill],
        on_death: Callable[[Kill], object],
        points: Counter[tuple[str, str | None]],
    ) -> None:
        super().__init__(kills, on_death)
        self._points = points

    def passing(self, point: str, *about: str) -> None:
        for each in (None, *about):
            self._points[point, each] += 1
        super().passing(point, *about)
