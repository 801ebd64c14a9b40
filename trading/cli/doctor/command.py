"""The command: which checks there are, in which order they are shown, and the exit code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import click

from trading.cli.doctor import broker_look, machine, market, processes
from trading.cli.doctor.broker_look import BrokerLook, Outside
from trading.cli.doctor.findings import Check, Finding, Look, Verdict, carried_out, ok
from trading.cli.environment import read_settings
from trading.cli.output import json_text, table
from trading.config import Settings
from trading.strategies.discovery import make_strategy

_LOCAL_S, _BROKER_S = 5.0, 13.5
ORDER = (
    "settings", "tickers", "cost", "folders", ".env", "files", "disk", "database", "trader", "dashboard", "gateway",
    "certificate", "clock", "calendar", "login", "account", "currency", "symbols", "data", "volume", "broker",
)  # fmt: skip
"""the lines as they are shown, other ones at the end"""


@click.command()
@click.option("--settings", "settings_only", is_flag=True, help="Check the settings alone; touches nothing else.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(settings_only: bool, as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Check this machine, the way to the gateway, login, account, market data and symbols; say what to do.

    Changes nothing, and asks the gateway little where a trading process runs. Takes 15 seconds at most.
    Exit 0 all fine, 1 something has to be mended, 2 a setting can't be used.
    """
    settings = read_settings()
    make_strategy(settings)
    found = [ok("settings", f"gateway {settings.gateway.kind}, strategy {settings.strategy_name}")]
    if not settings_only:
        found += examined(settings, os.geteuid(), broker_look.real())
    click.echo(json_text(found) if as_json else shown(found))
    if any(finding.verdict is Verdict.BAD for finding in found):
        raise SystemExit(1)


def examined(settings: Settings, user: int, outside: Outside) -> list[Finding]:
    """Return what all checks find, in the order in which they are shown."""
    found = carried_out(checks(settings, user, outside))
    return sorted(found, key=lambda finding: ORDER.index(finding.name) if finding.name in ORDER else len(ORDER))


def checks(settings: Settings, user: int, outside: Outside) -> Sequence[Check]:
    """Return the checks, which depend on none of one another."""
    local: dict[str, Look] = {
        "tickers": _one(market.configured, settings),
        "cost": _one(market.cost, settings),
        "folders": partial(machine.folders, settings, user),
        ".env": partial(machine.env_file, user),
        "files": partial(machine.files, settings, user),
        "disk": partial(machine.disk, settings),
        "database": partial(machine.database, settings, user),
        "trader": partial(processes.trader, settings, user),
        "dashboard": partial(processes.dashboard, settings),
    }
    if not settings.simulated:
        # A simulated market has a day of its own, which only its gateway tells.
        local["calendar"] = partial(broker_look.calendar, outside)
    at_the_gateway = Check("gateway", partial(_broker, settings, user, outside), _BROKER_S)
    return [at_the_gateway, *(Check(name, look, _LOCAL_S) for name, look in local.items())]


def shown(found: Iterable[Finding]) -> str:
    """Return the findings as a table."""
    rows = [(finding.name, finding.verdict.value, finding.text, finding.fix) for finding in found]
    return table(("Check", "", "Found", "To do"), rows, left=frozenset({0, 1, 2, 3}))


def _broker(settings: Settings, user: int, outside: Outside) -> Iterator[Finding]:
    yield from BrokerLook(settings, user, outside).findings()


def _one(judge: Callable[[Settings], Finding], settings: Settings) -> Look:
    return lambda: (judge(settings),)
