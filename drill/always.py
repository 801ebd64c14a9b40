"""Draws schedules in which one fault is on without a break: for half an hour, for a session, or over a night.

The swarm and the singles let a fault meet a call now and then. What always fails is what shows whether the trading
system goes on with the rest, waits between two tries, and comes back by itself.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from msgspec.structs import replace

from drill.draw import CLIENT_FAULTS, DRAWN, SHORT_HOLDING, Stage, roles_of, stage_of
from drill.schedule import ClientFault, Deed, Schedule
from drill.world import World
from simulator.fault_plan import ROLES
from simulator.faults import KINDS
from simulator.faults.declaration import Choice, FaultKind, Flag, Number

_MOST_SYMBOLS, _FAULTY_DAYS = 2, 2
_LEAD = timedelta(minutes=90)
_AFTER = timedelta(minutes=30)
_LOST_STOP = timedelta(minutes=5)
_EVERY = 1_000_000_000
_ONE_DEED = frozenset({*(fault for fault in KINDS if fault.startswith("C")), "O16", "O17"})
"""what is done to the account stays one deed: with a split or an execution at every call there is no market left"""


class Period(StrEnum):
    """When a fault is on."""

    HALF_HOUR = "half-hour"
    """in the session that begins with the entries; a person takes a stop away meanwhile"""
    SESSION = "session"
    """from before the entries of a session leave until after its close"""
    NIGHT = "night"
    """from before the close of that session until after the next open, at which what it bought is sold"""


_ROLES_IN = {
    Period.HALF_HOUR: (None, "stop", "modify", "cancel"),
    Period.SESSION: (None, "entry", "stop", "target", "reply"),
    Period.NIGHT: (None, "entry", "exit", "cancel", "stop", "reply"),
}
"""the roles of calls that a period can see"""


@dataclass(frozen=True, slots=True)
class Always:
    """A fault that is on throughout a period."""

    fault: str
    role: str | None
    period: Period
    choice: tuple[str, Any] | None = None
    """a parameter with the value that it has instead of its default"""

    @property
    def name(self) -> str:
        """Return what reports and files call it."""
        chosen = None if self.choice is None else "{}={}".format(*self.choice)
        return "-".join(str(part) for part in (self.fault, self.role, chosen, self.period) if part is not None)


def all_always() -> Iterator[Always]:
    """Yield every fault on all its calls with each of its choices, then on each role, in a fixed order."""
    known = sorted({*DRAWN, *CLIENT_FAULTS})
    for fault in known:
        for period in _periods(fault):
            for choice in (None, *_choices(fault)):
                yield Always(fault, None, period, choice)
    for fault in known:
        roles = ROLES if fault in CLIENT_FAULTS else roles_of(KINDS[fault])
        for period in _periods(fault):
            yield from (Always(fault, role, period) for role in roles if role in _ROLES_IN[period] and role)


def _periods(fault: str) -> tuple[Period, ...]:
    # Those of the way are on from the start of the run.
    return (Period.SESSION,) if fault in CLIENT_FAULTS else tuple(Period)


def _choices(fault: str) -> Iterator[tuple[str, Any]]:
    for parameter in KINDS[fault].parameters if fault in KINDS else ():
        values = parameter.rule.values if isinstance(parameter.rule, Choice) else ()
        if isinstance(parameter.rule, Flag):
            values = (not parameter.default,)
        yield from ((parameter.name, value) for value in values if value != parameter.default)


def always(wanted: Always, seed: int, world: World) -> Schedule:
    """Return its schedule: a session in which nothing is wrong follows the period, and a whole one that."""
    rng = random.Random(f"{wanted.name}/{seed}")  # noqa: S311  (a schedule, no secret)
    stage = stage_of(rng, world, 1, _FAULTY_DAYS, _MOST_SYMBOLS)
    begins, ends = _times(stage, wanted.period)
    client = ClientFault(wanted.fault, wanted.role, 1, _EVERY)  # type: ignore[arg-type]  # where it is one of the four
    stops = wanted.period is Period.HALF_HOUR
    return replace(
        stage.plain(seed),
        faults_at=begins.isoformat(),
        heals_at=ends.isoformat(),
        name=f"always {wanted.name}",
        settings=[SHORT_HOLDING] if wanted.period is Period.NIGHT else [],
        faults=[_fault(wanted, KINDS[wanted.fault], (ends - begins).total_seconds())] if wanted.fault in KINDS else [],
        client_faults=[client] if wanted.fault in CLIENT_FAULTS else [],
        deeds=[Deed((begins + _LOST_STOP).isoformat(), "cancel", "stop")] if stops else [],
    )


def _times(stage: Stage, period: Period) -> tuple[datetime, datetime]:
    day, following = stage.days[1], stage.days[2]
    if period is Period.HALF_HOUR:
        begins = day.open + timedelta(hours=1)
        return begins, begins + timedelta(minutes=30)
    if period is Period.SESSION:
        return day.open - _LEAD, day.close + _AFTER
    return day.close - _AFTER, following.open + _AFTER


def _fault(wanted: Always, kind: FaultKind, lasts_s: float) -> dict[str, Any]:
    selector: dict[str, Any] = {} if wanted.role is None else {"role": wanted.role}
    parameters = {} if wanted.choice is None else dict((wanted.choice,))
    lasting = kind.parameter("seconds")
    if kind.once:
        if kind.while_on is not None and lasting is not None and isinstance(lasting.rule, Number):
            parameters["seconds"] = min(lasts_s, lasting.rule.most)
        elif kind.id not in _ONE_DEED:
            selector["times"] = _EVERY
    return {"id": kind.id, "selector": selector, "parameters": parameters}
