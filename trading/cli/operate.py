"""Commands that run the trading process or ask something of it."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from trading.cli.environment import read_settings
from trading.errors import InvariantBroken
from trading.model.mode import ControlKind
from trading.monitoring.wall_clock import WallClock
from trading.store.controls import HALT_FILE, ControlsDatabase

CONTROLS_NAME = "controls.db"
# The trading process looks every half second; in the middle of sending it finishes that first.
WAIT_S = 20.0
_POLL_S = 0.2
FLATTEN_WORD = "FLATTEN"

# How an answer of the trading process begins that says no.
REFUSED = "refused"


class NotConfirmed(click.ClickException):
    """Nobody has answered a request in time (exit 1)."""

    def __init__(self, kind: ControlKind, wait_s: float) -> None:
        """Say what is stored and what to do meanwhile."""
        super().__init__(
            f"{kind} is stored and not yet confirmed: the trading process has not answered within {wait_s:g} s. It"
            " takes the request up as soon as it runs; until then use TWS or the phone for anything urgent"
        )


class RefusedByTrader(click.ClickException):
    """The trading process said no (exit 1)."""

    def __init__(self, kind: ControlKind, result: str) -> None:
        """Say it in its words."""
        super().__init__(f"{kind}: {result}")


_WAIT = click.option(
    "--wait", "wait_s", default=WAIT_S, show_default=True, type=click.FloatRange(0, 600), help="Seconds to wait for it."
)


@click.command()
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="A setting for this run alone.")
def run(assignments: tuple[str, ...]) -> None:
    """Trade until stopped (Ctrl-C, SIGTERM).

    Stops at the broker stay when this process ends. Exit 3: another one trades on the same state folder.
    """
    settings = read_settings(assignments)
    # Loaded only now, so that a wrong setting is told in an instant.
    from trading.bootstrap import run as trade

    raise SystemExit(trade(settings))


@click.command()
@click.option("--reason", default="halted at the command line", show_default=True, help="Kept with the change.")
@_WAIT
def halt(reason: str, wait_s: float) -> None:
    """Stop trading: no new orders, own live entries are cancelled, protective stops stay.

    Works with the dashboard dead. With the trading process away, the request waits for its next start.
    """
    folder = read_settings().state_dir
    try:
        _ask(folder, ControlKind.HALT, reason, wait_s)
    except InvariantBroken:
        # The database of requests can't be written; the file alone is enough.
        (folder / HALT_FILE).write_text(reason + "\n", encoding="utf-8")
        click.echo(f"the file {folder / HALT_FILE} was made, which halts as well", err=True)
        raise


@click.command()
@click.option("--reason", default="resumed at the command line", show_default=True, help="Kept with the change.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@_WAIT
def resume(reason: str, yes: bool, wait_s: float) -> None:  # noqa: FBT001 - click passes options by name
    """Take back a halt, and risk limits that latched; after a drawdown today's equity becomes the new peak."""
    folder = read_settings().state_dir
    if not yes:
        click.confirm("Resume trading?", abort=True)
    _ask(folder, ControlKind.RESUME, reason, wait_s)


@click.command()
@click.option("--reason", default="flattened at the command line", show_default=True, help="Kept with the change.")
@click.option("--yes", is_flag=True, help=f"Don't ask for the word {FLATTEN_WORD}.")
@_WAIT
def flatten(reason: str, yes: bool, wait_s: float) -> None:  # noqa: FBT001 - click passes options by name
    """Halt, and sell all shares that this system bought. Positions of others are never touched."""
    folder = read_settings().state_dir
    if not yes and click.prompt(f"This sells all own shares. Type {FLATTEN_WORD} to go on", default="") != FLATTEN_WORD:
        raise click.Abort
    _ask(folder, ControlKind.FLATTEN, reason, wait_s)


def _ask(folder: Path, kind: ControlKind, reason: str, wait_s: float) -> None:
    """Store a request, wait for the answer and print it.

    Raises: ClickException (exit 1), no answer in time, or the trading process refused.
    """
    clock = WallClock()
    controls = ControlsDatabase(folder / CONTROLS_NAME)
    number = controls.request(kind, reason, f"cli:{getpass.getuser()}", clock.now())
    ends = clock.monotonic() + wait_s
    while (result := controls.result(number)) is None and clock.monotonic() < ends:
        clock.pause(_POLL_S)
    if result is None:
        raise NotConfirmed(kind, wait_s)
    if result.startswith(REFUSED):
        raise RefusedByTrader(kind, result)
    click.echo(f"{kind}: {result}")
