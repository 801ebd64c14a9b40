"""Which checks there are beside that of the settings, and in which order they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from trading.cli.doctor import broker_look, machine, market, notices, processes
from trading.cli.doctor.broker_look import BrokerLook, Outside
from trading.cli.doctor.findings import Check, Finding, Look, carried_out
from trading.config import Settings

_LOCAL_S, _BROKER_S = 5.0, 13.5
ORDER = (
    "settings", "tickers", "cost", "folders", ".env", "files", "disk", "database", "trader", "dashboard", "notify",
    "gateway", "certificate", "clock", "calendar", "login", "account", "currency", "symbols", "data", "volume",
    "broker",
)  # fmt: skip
"""the lines as they are shown, other ones at the end"""


def examined(settings: Settings, user: int, outside: Outside | None = None) -> list[Finding]:
    """Return what all checks find as `user`, in the order in which they are shown."""
    found = carried_out(checks(settings, user, outside or broker_look.real()))
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
        "notify": partial(notices.notify, settings),
    }
    if not settings.simulated:
        # A simulated market has a day of its own, which only its gateway tells.
        local["calendar"] = partial(broker_look.calendar, outside)
    at_the_gateway = Check("gateway", partial(_broker, settings, user, outside), _BROKER_S)
    return [at_the_gateway, *(Check(name, look, _LOCAL_S) for name, look in local.items())]


def _broker(settings: Settings, user: int, outside: Outside) -> Iterator[Finding]:
    yield from BrokerLook(settings, user, outside).findings()


def _one(judge: Callable[[Settings], Finding], settings: Settings) -> Look:
    return lambda: (judge(settings),)
