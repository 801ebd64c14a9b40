"""Runs one schedule with the trading system in processes of its own, which die by SIGKILL, over HTTPS."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from drill.course import Course, settings_of
from drill.looks import Looks
from drill.schedule import Kill, Schedule
from drill.sockets import Traffic
from drill.trader import Life, Over, Told, Turn, Wait, trade
from drill.world import World
from simulator.server.listener import Server
from simulator.server.tls import ensure_certificate, server_context
from trading.monitoring.wall_clock import WallClock

HOST = "127.0.0.1"
RUN_S = 120.0
"""real seconds of one run: then it is cut short"""
SILENT_S = 45.0
"""real seconds in which a process has to come up, or to get from one wait to the next"""
END_S = 30.0
_AWAY_S = 60.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What runs of this kind share: the gateway's certificate, and from where processes are made."""

    certificate: Path
    key: Path
    processes: ForkServerContext

    @classmethod
    def prepare(cls, folder: Path) -> Ground:
        """Make a certificate in `folder`, and let processes be forked from one that has loaded all modules."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["drill.trader", "drill.preloaded"])
        return cls(*ensure_certificate(folder), context)


class ProcessCourse(Course):
    """Drives one schedule with the trading system in processes of its own, one after another."""

    def __init__(
        self, schedule: Schedule, world: World, folder: Path, lives: Sequence[Sequence[Kill]], ground: Ground
    ) -> None:
        """Let the first process die by the first of `lives`, and so on; those after them live on.

        Raises: SettingError, ConfigError: the schedule names a setting that isn't one.
        """
        super().__init__(schedule, world, folder, settings_of(schedule, world, folder, {}))
        self._ground = ground
        self._lives = [tuple(kills) for kills in lives]
        self._log = folder / "log.txt"
        self._log.touch()
        self._traffic = Traffic()
        self._firings = 0
        self._number = 0
        self._mortal = True
        self._cut = False
        self._real = WallClock().monotonic
        self._over_at = self._real() + RUN_S
        context = server_context(ground.certificate, ground.key)
        # A ticket would look like the first bytes of an answer (`drill.sockets`).
        context.num_tickets = 0
        self._server = Server(self._clock.simulator, HOST, 0, context)
        self._serving = threading.Thread(target=self._server.serve, name="gateway", daemon=True)
        environ = {
            "GATEWAY_URL": f"https://{HOST}:{self._server.port}",
            "GATEWAY_CA_BUNDLE": str(ground.certificate),
        }
        self._settings = settings_of(schedule, world, folder, environ)
        self.reached = 0
        """how many processes have died as they were to"""
        self._looks = Looks(self._clock, self._traffic, self._note)
        self._serving.start()

    @property
    def all_reached(self) -> bool:
        """Return whether each process that was to die came to its point."""
        return self.reached == len(self._lives)

    # ---- one life of the trading process

    def _live(self) -> None:
        kills = self._lives[self._number] if self._number < len(self._lives) and self._mortal else ()
        self._number += 1
        self._clock.wake.taken_up()
        self._note("start")
        near, far = self._ground.processes.Pipe()
        process = self._ground.processes.Process(target=trade, args=(self._life(kills), far), daemon=True)
        process.start()
        far.close()
        try:
            self._attend(process, near, next((kill for kill in kills if kill.point == "instant"), None))
        finally:
            near.close()
            process.join(END_S)
            process.kill()
            process.join()
        self._ended(process.exitcode or 0, kills)

    def _life(self, kills: tuple[Kill, ...]) -> Life:
        return Life(
            settings=self._settings,
            now=self._clock.now(),
            seed=f"{self._schedule.seed}/trader/{self._number}",
            log=self._log,
            paced=self._schedule.paced,
            kills=kills,
        )

    def _attend(self, process: ForkServerProcess, pipe: Connection, instant: Kill | None) -> None:
        """Let time pass for the process whenever it waits, until it is gone."""
        drawn = self._real() + instant.delay_s if instant is not None else float("inf")
        while True:
            # Once the faults have stopped it lives to the end, which shows whether all is well again.
            dies_at = drawn if self._mortal else float("inf")
            silent_at = self._real() + SILENT_S
            until = min(dies_at, silent_at, self._over_at)
            try:
                if pipe.poll(max(until - self._real(), 0.0)) and self._real() < min(dies_at, self._over_at):
                    self._answer(pipe)
                    continue
            except (EOFError, OSError):
                return
            process.kill()
            if self._real() < dies_at:
                self._cut = True
                self._note("cut" if self._real() >= self._over_at else "stuck")
                self._clock.wake.request_stop()
            return

    def _answer(self, pipe: Connection) -> None:
        """Take one message.

        Raises: EOFError, OSError: the process is gone.
        """
        match pipe.recv():
            case Turn():
                self._clock.wake.taken_up()
                self._firings = self._fired()
            case Over(failed=failed):
                self._looks.turn_is_over(failed=failed)
            case Wait(until=until, calls=calls, writes=writes, troubled=troubled):
                self._traffic.calls, self._traffic.writes = calls, writes
                self._traffic.troubled = troubled or self._fired() > self._firings
                self._wait(until)
                wake = self._clock.wake
                pipe.send(Told(self._clock.now(), wake.wanted, wake.stopping, self._mortal))

    def _wait(self, until: datetime | float) -> None:
        if isinstance(until, datetime):
            self._clock.wait(until)
        else:
            self._clock.pause(until)

    def _ended(self, code: int, kills: Sequence[Kill]) -> None:
        """Note how the process ended, and let its absence pass."""
        last = kills[-1] if kills else None
        by = {-signal.SIGKILL: "kill", 0: "term"}.get(code)
        if self._clock.wake.stopping and code == 0:
            return
        if last is not None and last.by == by:
            self._died(last)
        elif code == 0:
            # It was asked to end, and was over before the point at which it was to die on the way out.
            self._note("death", point="end")
        elif not self._cut:
            self._note("no_start", error=f"the process ended with {code}")
        self._clock.pass_by(last.away_s if last is not None else _AWAY_S)

    def _died(self, kill: Kill) -> None:
        self.reached += 1
        self._note("death", point=kill.point, role=kill.about, away_s=kill.away_s)

    def _fired(self) -> int:
        return sum(planned.fired for planned in self._clock.simulator.broker.faults.planned)

    # ---- what happens when

    def _heal(self) -> None:
        self._mortal = False
        super()._heal()

    def _needs_a_person(self) -> bool:
        """Return whether a person halted it: after a mere death nobody has to do anything."""
        return any(request.kind != "resume" for request in self._schedule.requests)

    def _close(self) -> None:
        self._server.stop()
        self._serving.join()
        super()._close()

    def _log_lines(self) -> list[str]:
        return self._log.read_text(encoding="utf-8").splitlines()
