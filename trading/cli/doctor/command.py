"""The command: the settings first, then all the rest, and the exit code."""

from __future__ import annotations

import os
from collections.abc import Iterable

import click

from trading.cli.doctor.findings import Finding, Verdict, ok
from trading.cli.environment import read_settings
from trading.cli.output import json_text, table
from trading.cli.places import check_places
from trading.strategies.discovery import make_strategy


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
    if settings.notify.urls is not None:
        # Loaded only where there is something to check.
        from trading.monitoring.senders import senders_of

        senders_of(settings.notify.urls)
    if settings_only:
        # Otherwise they are findings among others.
        check_places(settings)
    found = [ok("settings", f"gateway {settings.gateway.kind}, strategy {settings.strategy_name}")]
    if not settings_only:
        # Loaded only now: start.sh waits for the settings, and what looks at the gateway takes a second to load.
        from trading.cli.doctor.examination import examined

        found += examined(settings, os.geteuid())
    click.echo(json_text(found) if as_json else shown(found))
    if any(finding.verdict is Verdict.BAD for finding in found):
        raise SystemExit(1)


def shown(found: Iterable[Finding]) -> str:
    """Return the findings as a table."""
    rows = [(finding.name, finding.verdict.value, finding.text, finding.fix) for finding in found]
    return table(("Check", "", "Found", "To do"), rows, left=frozenset({0, 1, 2, 3}))
