"""How soon the trading process is active again after a restart of the gateway and a login, and after its own start.

Run: python -m bench.bench_restart. The gateway is gone for a while, in market hours or out of them, with positions or
without, and comes back with nobody logged in; somebody logs in a while later. Seconds are the market's: what limits,
pauses and the way to the gateway cost, and nothing of what this machine takes to work. What is measured ends with the
first turn that has read everything and may buy.
"""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from math import inf
from pathlib import Path

import click

from drill.clock import TurnWake
from drill.voices import quiet
from tests.scenarios.paced_run import PacedRun, panel_of
from trading.model.mode import Mode

WAY_S = 0.05
SYMBOLS = 60
SETTINGS = ("risk.profile=strategy",)
OK = 200
# The strategy's entries of the first days are sent, filled or gone by then; one restart is at night.
MOMENTS = tuple(
    datetime(2015, 1, day, hour, minute, 7, tzinfo=UTC)
    for day, hour, minute in ((6, 13, 40), (6, 14, 31), (6, 16, 0), (6, 20, 55), (7, 3, 0), (7, 14, 30), (8, 15, 0))
)
AWAY = tuple(timedelta(seconds=seconds) for seconds in (5, 40, 130, 600, 3700))
LOGIN_AFTER = tuple(timedelta(seconds=seconds) for seconds in (0, 20, 200, 1900))
WATCHED = timedelta(minutes=10)


def gateway_again_s(gone_at: datetime, away: timedelta, login_after: timedelta) -> float:
    """Return the seconds from a login to the end of the first turn that left the process ACTIVE."""
    login_at = gone_at + away + login_after
    with tempfile.TemporaryDirectory(prefix="bench-restart-") as folder:
        run = PacedRun(Path(folder), panel_of(SYMBOLS), way_s=WAY_S, settings=SETTINGS)
        run.clock.add(gone_at.isoformat(), partial(_leave, run))
        run.clock.add((gone_at + away).isoformat(), partial(_come_back, run))
        run.clock.add(login_at.isoformat(), partial(_ask, run, "login"))
        run.clock.add((login_at + WATCHED).isoformat(), run.clock.wake.request_stop)
        run.system.run()
        return _active_s(run, login_at)


def process_again_s(gone_at: datetime, away: timedelta) -> float:
    """Return the seconds from the process's start to the end of the first turn that left it ACTIVE."""
    with tempfile.TemporaryDirectory(prefix="bench-restart-") as folder:
        run = PacedRun(Path(folder), panel_of(SYMBOLS), way_s=WAY_S, settings=SETTINGS)
        run.clock.add(gone_at.isoformat(), run.clock.wake.request_stop)
        run.system.run()
        run.end()
        run.clock.wake = TurnWake()
        run.clock.pass_by(away.total_seconds())
        started_at = run.clock.now()
        run.start()
        run.clock.add((started_at + WATCHED).isoformat(), run.clock.wake.request_stop)
        run.system.run()
        return _active_s(run, started_at)


def _leave(run: PacedRun) -> None:
    """The gateway's program ends, and with it the login; the process looks at once, as a live one does each minute."""
    run.way.down = True
    _ask(run, "logout")
    run.clock.wake.wake()


def _come_back(run: PacedRun) -> None:
    run.way.down = False


def _ask(run: PacedRun, what: str) -> None:
    answer = run.clock.simulator.handle("POST", "/sim/account", "", json.dumps({"do": what}).encode())
    if answer.status != OK:
        raise click.ClickException(answer.body.decode())


def _active_s(run: PacedRun, since: datetime) -> float:
    run.end()
    found = [turn.at for turn in run.turns if turn.at >= since and not turn.failed and turn.mode is Mode.ACTIVE]
    return (found[0] - since).total_seconds() if found else inf


def main() -> None:
    """Print median and worst of both."""
    quiet()
    gateway = sorted(
        gateway_again_s(at, away, login_after) for at in MOMENTS for away in AWAY for login_after in LOGIN_AFTER
    )
    process = sorted(process_again_s(at, away) for at in MOMENTS for away in AWAY)
    for name, found in (("a login after the gateway came back", gateway), ("the start of the process", process)):
        median, worst = found[len(found) // 2], found[-1]
        click.echo(f"restart: ACTIVE {median:.1f} s after {name} in the median of {len(found)}, {worst:.1f} s at most")


if __name__ == "__main__":
    main()
