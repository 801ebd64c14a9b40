"""The simulated gateway of one run: started, crashed, started anew on its truth log, logged in again, healed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from drill.clock import RunClock, TurnWake
from drill.schedule import Deed, Schedule
from drill.world import World
from simulator.clock import RunningClock
from simulator.config import Behaviour, SimulatorConfig, apply_settings
from simulator.core import Simulator
from simulator.exchange.orders import Kind, Order, Side

# The session ages with the market; how long it may be left alone is a schedule's choice, since nobody calls at night.
_DEFAULTS = ("session_clock=simulated", "idle_timeout_s=0", "sso_idle_timeout_s=0", "sso_lifetime_s=0")
HELD = "held"
"""in a deed: the first symbol that is held"""


class _MarketSeconds:
    """Simulated seconds in place of real ones, for limits and time-outs; those told last while there is no gateway."""

    def __init__(self) -> None:
        self.clock: RunClock | None = None

    def __call__(self) -> float:
        # Of the broker itself: a server's thread that asks must not let what the clock owes pass.
        return 0.0 if self.clock is None else self.clock.simulator.broker.now_us / 1_000_000


class RunGateway:
    """One run's gateway, over its restarts."""

    def __init__(self, schedule: Schedule, world: World, folder: Path, note: Callable[..., object]) -> None:
        """Start it at the open of the schedule's first session, logged in.

        Raises: SettingError, the schedule's behaviour or start can't be used.
        """
        self._schedule = schedule
        self._world = world
        self._note = note
        self._config = SimulatorConfig(
            cash=schedule.cash,
            start=schedule.start,
            auto_login=True,
            pacing=schedule.paced,
            seed=schedule.seed,
            state_dir=folder,
            behaviour=apply_settings(Behaviour(), (*_DEFAULTS, *schedule.behaviour)),
        )
        self._seconds = _MarketSeconds()
        self.clock = RunClock(self._started(), TurnWake())
        self._seconds.clock = self.clock
        self._foreign: list[int] = []

    def _started(self) -> Simulator:
        running = RunningClock(0.0, monotonic=self._seconds, wall=self._seconds)
        return Simulator(self._config, self._world.market, running)

    def restart(self) -> None:
        """Let the program die and start it on what it has written; it is logged in again."""
        self.clock.simulator.close()
        self.clock.simulator = self._started()

    def break_now(self) -> None:
        """Switch the schedule's faults on."""
        self._post("/sim/faults", {"faults": self._schedule.faults, "seed": self._schedule.seed % 2**62})

    def heal(self) -> None:
        """Take all faults back; where nobody is logged in, or another login has the session, a person logs in."""
        self._post("/sim/faults", {"faults": [], "clear": True})
        session = self.clock.simulator.broker.session
        if not session.sso or session.competing:
            self._post("/sim/account", {"do": "login"})

    def carry_out(self, deed: Deed) -> None:
        """Do something by hand; what has become impossible is left out, and noted."""
        body = {"do": deed.do, **deed.fields}
        if deed.of is not None:
            order = self._newest(deed.of)
            if order is None:
                self._note("deed_left_out", do=deed.do, of=deed.of)
                return
            body["order_id"] = order
        if body.get("symbol") == HELD:
            held = [p.symbol for p in self.clock.simulator.broker.account.positions.values() if p.quantity > 0]
            body["symbol"] = held[0] if held else self._schedule.symbols[0]
        answer = self._post("/sim/account", body)
        made = answer.get("order_id")
        if isinstance(made, int):
            self._foreign.append(made)
        if "error" in answer:
            self._note("deed_left_out", do=deed.do, why=str(answer["error"]))

    def close(self) -> None:
        """Write the truth log to its end."""
        self.clock.simulator.close()

    def _newest(self, kind: str) -> int | None:
        live = list(self.clock.simulator.broker.exchange.book.live.values())
        found = [order.order_id for order in live if order.is_live and self._kind_of(order) == kind]
        return found[-1] if found else None

    def _kind_of(self, order: Order) -> str:
        if order.order_id in self._foreign:
            return "foreign"
        if order.ticket.side is Side.BUY:
            return "entry"
        kinds = {Kind.STP: "stop", Kind.STOP_LIMIT: "stop", Kind.MKT: "exit"}
        return kinds.get(order.ticket.kind, "target")

    def _post(self, path: str, body: dict[str, object]) -> dict[str, object]:
        answer = self.clock.simulator.handle("POST", path, "", msgspec.json.encode(body))
        value: dict[str, object] = msgspec.json.decode(answer.body)
        return value
