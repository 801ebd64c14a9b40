"""`reconcile`: where own records and the broker differ, and what a person decides about it."""

from __future__ import annotations

from datetime import datetime

import click

from trading.cli.environment import read_settings
from trading.cli.operate import DATABASE_NAME, WAIT, ask
from trading.cli.output import json_text, say, table
from trading.errors import ConfigError
from trading.model.difference import Remedy, Resolution, resolution_of
from trading.model.operator_request import OperatorVerb
from trading.monitoring.wall_clock import WallClock
from trading.store.readers.differences import Compared
from trading.store.readers.state import read_state

_TAKES = {
    Remedy.CLAIM: "COID=ORDER_ID, both as the list shows them",
    Remedy.ACCEPT_SHARES: "a symbol",
    Remedy.SOLD: "a symbol",
    Remedy.FLOW: "a number, as the list shows it",
    Remedy.NO_FLOW: "a number, as the list shows it",
}


class NothingCompared(click.ClickException):
    """There is no list yet (exit 1)."""

    def __init__(self) -> None:
        """Say when there will be."""
        super().__init__("nothing was compared yet: the trading process does it once it runs and is logged in")


@click.command()
@click.option("--claim", metavar="COID=ORDER_ID", help="This order of ours is that one of the broker's.")
@click.option("--absent", metavar="COID", help="You have looked: this order of ours is not at the broker.")
@click.option("--accept-shares", metavar="SYMBOL", help="Own shares are what the broker shows; the rest was sold.")
@click.option("--sold", metavar="SYMBOL", help="The same where it looks like a split: you know that they were sold.")
@click.option("--adopt", metavar="COID", help="An orphan is ours from now on, and may be cancelled.")
@click.option("--ignore", metavar="COID", help="An orphan is not ours: leave it alone, it halts no more.")
@click.option("--flow", metavar="NUMBER", help="Money came or went, as the list shows: a deposit, a withdrawal.")
@click.option("--no-flow", metavar="NUMBER", help="None did: it was a gain or a loss, such as a dividend.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@WAIT
def reconcile(
    as_json: bool,  # noqa: FBT001 - click passes options by name
    wait_s: float,
    **decisions: str | None,
) -> None:
    """Show every difference between own records and the broker with what is done about it, or decide about one.

    Shows what the trading process found last and asks nobody. Exit 0: there is none, 1: there are some.
    """
    settings = read_settings()
    wanted = resolution(decisions)
    if wanted is not None:
        ask(settings.state_dir, OperatorVerb.RECONCILE, wanted.text, wait_s)
        return
    with read_state(settings.state_dir / DATABASE_NAME) as state:
        found = state.differences.newest()
    if found is None:
        raise NothingCompared
    if as_json:
        click.echo(json_text(found))
    else:
        say(described(found, None if settings.simulated else WallClock().now()), bad=bool(found.differences))
    if found.differences:
        raise click.exceptions.Exit(1)


def resolution(decisions: dict[str, str | None]) -> Resolution | None:
    """Return what the options say, None where they decide nothing.

    Raises: ConfigError (exit 2), several at once, or one that makes no sense.
    """
    given = [(Remedy(name.replace("_", "-")), value) for name, value in decisions.items() if value is not None]
    if not given:
        return None
    remedy, value = given[0]
    if len(given) > 1:
        raise ConfigError(f"--{remedy}", value, "decide about one difference at a time")
    found = resolution_of(f"{remedy} {value}")
    if found is None:
        raise ConfigError(
            f"--{remedy}", value, f"takes {_TAKES.get(remedy, 'the name of an order, as the list shows it')}"
        )
    return found


def described(found: Compared, now: datetime | None) -> str:
    """Return the differences as a table with how old they are; `now` is None where market time is simulated."""
    age = "" if now is None else f", {max((now - found.as_of).total_seconds(), 0.0):.0f} s ago"
    head = f"As of {found.as_of:%Y-%m-%d %H:%M:%S} UTC{age}: "
    if not found.differences:
        return head + "own records agree with the broker's"
    rows = [(each.symbol or each.subject, str(each.kind), each.found) for each in found.differences]
    shown = table(("Symbol", "What", "Found"), rows, left=frozenset({0, 1, 2})).splitlines()
    lines = [head + f"{len(rows)} differences" if len(rows) > 1 else head + "1 difference", shown[0]]
    for row, each in zip(shown[1:], found.differences, strict=True):
        lines += [row, f"    the system  {each.system}"]
        lines += [f"    you         {each.person}"] if each.person else []
    return "\n".join(lines)
