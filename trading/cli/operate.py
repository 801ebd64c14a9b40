"""Commands that run the trading process or ask something of it."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from trading.cli.environment import read_settings
from trading.cli.places import check_places
from trading.cli.privacy import keep_private
from trading.cli.waiting import Entries, follow_flatten, follow_halt, wait_for_answer
from trading.errors import InvariantBroken
from trading.model.decision_words import title
from trading.model.mode import NOTHING_SEEN, FlattenGoal, Seen
from trading.model.operator_request import OperatorVerb
from trading.model.order import MAYBE_LIVE, Role
from trading.model.status import SessionState, StatusKey
from trading.monitoring.wall_clock import WallClock
from trading.store.operator_requests import RequestsDatabase
from trading.store.readers.state import read_state

CONTROLS_NAME = "controls.db"
DATABASE_NAME = "trading.db"
# The trading process looks every half second; in the middle of sending it finishes that first.
WAIT_S = 20.0
FLATTEN_WORD = "FLATTEN"
# A cancel is asked for a third time, and alarmed, before that.
FOLLOW_HALT_S = 60.0


WAIT = click.option(
    "--wait", "wait_s", default=WAIT_S, show_default=True, type=click.FloatRange(0, 600), help="Seconds to wait for it."
)


@click.command()
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="A setting for this run alone.")
def run(assignments: tuple[str, ...]) -> None:
    """Trade until stopped (Ctrl-C, SIGTERM).

    Stops at the broker stay when this process ends. Exit 3: another one trades on the same state folder. Exit 4: a file
    can't be used for now, start it again later.
    """
    settings = read_settings(assignments)
    check_places(settings)
    keep_private(settings)
    # Loaded only now, so that a wrong setting is told in an instant.
    from trading.bootstrap import run as trade

    raise SystemExit(trade(settings))


@click.command()
@click.option("--reason", default="halted at the command line", show_default=True, help="Kept with the change.")
@click.option("--follow/--no-follow", default=True, show_default=True, help="Show what becomes of live entries.")
@WAIT
def halt(reason: str, follow: bool, wait_s: float) -> None:  # noqa: FBT001 - click passes options by name
    """Stop trading: no new orders, own live entries are cancelled, protective stops stay.

    Works with the dashboard dead. With the trading process away, the request waits for its next start. Live entries are
    followed until the broker shows that they are over, for a minute at most; Ctrl-C ends only the showing.
    """
    folder = read_settings().state_dir
    try:
        ask(folder, OperatorVerb.HALT, reason, wait_s)
    except InvariantBroken:
        # The database of requests can't be used, or was taken away; the file alone is enough.
        file = RequestsDatabase(folder / CONTROLS_NAME).make_halt_file(reason)
        click.echo(f"the file {file} was made, which halts as well", err=True)
        raise
    if follow:
        follow_halt(lambda seen: _entries(folder / DATABASE_NAME, seen), WallClock(), FOLLOW_HALT_S)


@click.command()
@click.option("--reason", default="resumed at the command line", show_default=True, help="Kept with the change.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@WAIT
def resume(reason: str, yes: bool, wait_s: float) -> None:  # noqa: FBT001 - click passes options by name
    """Acknowledge the halts that are shown, take back a flatten, and clear the latched risk limits that are shown.

    After a drawdown today's equity becomes the new peak. A halt or a limit that comes while you type wins.
    """
    folder = read_settings().state_dir
    with read_state(folder / DATABASE_NAME) as state:
        mode = state.account.mode()
    if mode is not None:
        since = "" if mode.since is None else f" since {mode.since:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{mode.mode}{since}: {mode.reason} ({mode.actor})", err=True)
    for halt_now in mode.halts if mode is not None else ():
        gone = ", over by itself" if halt_now.over else ""
        click.echo(f"  halted by {halt_now.cause}: {halt_now.reason} ({halt_now.actor}{gone})", err=True)
    latched = mode.latched if mode is not None else None
    if latched is not None:
        limits = ", ".join(title(code).lower() for code in latched.codes)
        click.echo(f"  latched since {latched.since:%Y-%m-%d %H:%M} UTC: {limits} ({latched.reason})", err=True)
    if not yes:
        click.confirm("Resume trading?", abort=True)
    ask(folder, OperatorVerb.RESUME, reason, wait_s, seen=mode.seen if mode is not None else NOTHING_SEEN)


@click.command()
@click.option("--reason", default="flattened at the command line", show_default=True, help="Kept with the change.")
@click.option("--yes", is_flag=True, help=f"Don't ask for the word {FLATTEN_WORD}.")
@click.option("--follow/--no-follow", default=True, show_default=True, help="Show what is done until it is over.")
@WAIT
def flatten(reason: str, yes: bool, follow: bool, wait_s: float) -> None:  # noqa: FBT001 - click passes options by name
    """Halt, and sell all shares that this system bought. Positions of others are never touched.

    Ctrl-C ends only the showing. To take it back: resume.
    """
    folder = read_settings().state_dir
    if not yes and click.prompt(f"This sells all own shares. Type {FLATTEN_WORD} to go on", default="") != FLATTEN_WORD:
        raise click.Abort
    ask(folder, OperatorVerb.FLATTEN, reason, wait_s)
    if follow:
        follow_flatten(lambda: _flatten_goal(folder / DATABASE_NAME), WallClock())


def _entries(path: Path, seen: frozenset[str]) -> Entries:
    with read_state(path) as state:
        live = [line for line in state.orders.open() if line.role == Role.ENTRY and line.state in MAYBE_LIVE]
        ended = state.orders.named(seen - {line.coid for line in live})
        facts = state.account.facts()
    return Entries(
        live=tuple(live),
        ended=ended,
        reached=facts.get(StatusKey.SESSION_STATE) == SessionState.READY,
    )


def _flatten_goal(path: Path) -> FlattenGoal | None:
    with read_state(path) as state:
        return state.account.flatten_goal()


def ask(folder: Path, kind: OperatorVerb, reason: str, wait_s: float, *, seen: Seen = NOTHING_SEEN) -> None:
    """Store a request, wait for the answer and print it.

    Raises: ClickException (exit 1), no answer in time, or the trading process refused; InvariantBroken("controls"), the
        request can't be stored, or is gone again.
    """
    clock = WallClock()
    requests = RequestsDatabase(folder / CONTROLS_NAME)
    number = requests.request(kind, reason, f"cli:{getpass.getuser()}", clock.now(), seen=seen)
    answer = wait_for_answer(kind, lambda: requests.progress(number), clock, wait_s)
    click.echo(f"{kind}: {answer}")
