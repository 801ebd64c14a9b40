"""Runs one schedule: the real trading system and the simulated gateway in one process, by one clock."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

from drill.course import Course, Run, settings_of
from drill.deaths import CutShortError, Death, Reaper, StuckError
from drill.looks import Looks
from drill.schedule import Kill, Schedule
from drill.transport import Line
from drill.voices import MemoryLog, NoMetrics
from drill.world import World
from trading.bootstrap import Assembly, Surroundings, assemble
from trading.cycle.operator_requests import OperatorRequests
from trading.errors import TradingError
from trading.store.database import Database
from trading.store.records import SqliteStore

URL = "https://localhost:5055"
_GATEWAY_AWAY_S = 60.0


class Driver(Course):
    """Drives one schedule with the trading system in this process, where a death is an exception."""

    def __init__(self, schedule: Schedule, world: World, folder: Path) -> None:
        """Keep all state in `folder`, which is empty.

        Raises: SettingError, ConfigError: the schedule names a setting that isn't one.
        """
        super().__init__(schedule, world, folder, settings_of(schedule, world, folder, {"GATEWAY_URL": URL}))
        self.reaper = Reaper(schedule.kills, self._died)
        """knows at which points the processes were"""
        self._clock.check_alive = self.reaper.check
        self._line = Line(self._clock, self.reaper, schedule.client_faults, self._gateway_crashed, self._note)
        self._log = MemoryLog(self._clock.now)
        self._chance = random.Random(f"{schedule.seed}/trader")  # noqa: S311  (names and pauses that can be repeated)
        self._looks = Looks(self._clock, self._line, self._note)

    def _log_lines(self) -> list[str]:
        return list(self._log.lines)

    # ---- one life of the trading process

    def _live(self) -> None:
        self.reaper.revive()
        self._clock.wake.taken_up()
        self._note("start")
        away_s = 60.0
        try:
            self._trade()
        except Death as death:
            away_s = death.kill.away_s
        except StuckError:
            self._note("stuck")
            self._clock.wake.request_stop()
        except CutShortError:
            self._note("cut")
            self._clock.wake.request_stop()
        except TradingError as error:
            # Whatever is stored, a start has to come up by itself.
            self._note("no_start", error=str(error))
        self.reaper.gone()
        self._clock.pass_by(away_s)

    def _trade(self) -> None:
        database = Database(self._run.journal, chance=self._chance, connect=self.reaper.connect())
        try:
            assembly = self._assembled(database)
            if assembly is not None:
                assembly.system.run()
        finally:
            database.close()

    def _assembled(self, database: Database) -> Assembly | None:
        surroundings = Surroundings(
            wake=self._clock.wake,
            log=self._log,
            metrics=NoMetrics(lambda failed: self._looks.turn_is_over(failed=failed)),
            transport_to=self._line.transport_to,
            chance=self._chance,
            gateway_chance=self._chance,
            clock=self._clock,
            paced=self._schedule.paced,
            parallel=False,
            stopwatch=self._clock.monotonic,
            pause=self._clock.pause,
            now=self._clock.now,
            calendar=self._world.calendar,
        )
        requests = OperatorRequests(self._requests, SqliteStore(database), self._log)
        return assemble(self._settings, surroundings, database, requests)

    def _died(self, kill: Kill) -> None:
        self._note("death", point=kill.point, role=kill.role, away_s=kill.away_s)

    # ---- what happens when

    def _plan(self) -> None:
        super()._plan()
        for kill in self._schedule.kills:
            if kill.at is not None:
                self._clock.add(kill.at, partial(self.reaper.kill, kill))

    def _heal(self) -> None:
        self.reaper.disarm()
        self._line.heal()
        super()._heal()

    def _gateway_crashed(self) -> None:
        self._note("gateway_crash")
        self._gateway.restart()
        self._line.refuse_for(_GATEWAY_AWAY_S)


def run(schedule: Schedule, world: World, folder: Path) -> Run:
    """Run a schedule in an empty folder."""
    return Driver(schedule, world, folder).run()
