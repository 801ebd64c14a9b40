"""A schedule: everything that happens in one run of the drill, as a value that JSON holds whole."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Role = Literal["entry", "exit", "stop", "target", "modify", "cancel", "reply", "read"]
"""what a call does to orders; `read` is every call that does nothing to them"""


class ScheduleError(ValueError):
    """A schedule can't be used; the text is one line that says why."""


Point = Literal[
    "call_before",
    "call_connected",
    "call_sent",
    "call_answered",
    "call_after",
    "opening",
    "statement",
    "commit_before",
    "commit_after",
    "backup",
    "waiting",
    "instant",
]
"""where a process can die; what is between the two ends of a call, and `instant`, exist in a process of its own only"""


class Kill(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The trading process dies at a point of its work and is started anew from its files `away_s` later.

    `nth` counts what happens at the point from the beginning of the schedule on (in a process of its own: from its
    start): calls of the role `role`, statements and commits that write `of` (`drill.statements`), or all of them; `at`
    is the time of a death while it waits.

    A process of its own dies `delay_s` real seconds after the point, or after its start (`instant`), and may be asked
    to end (SIGTERM) instead of being killed.
    """

    point: Point
    nth: int = 1
    role: Role | None = None
    of: str | None = None
    at: str | None = None
    away_s: float = 5.0
    by: Literal["kill", "term"] = "kill"
    delay_s: float = 0.0

    @property
    def about(self) -> str | None:
        """Return what has to be under way at the point, None where that does not matter."""
        return self.role or self.of


class ClientFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fault of the way to the gateway, which the gateway does not see: `calls` calls from the `nth` of a role on."""

    id: Literal["T02", "T14", "T16", "T17"]
    role: Role | None = None
    nth: int = 1
    calls: int = 1


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a person asks the trading system for."""

    at: str
    kind: Literal["halt", "resume", "flatten"]
    by: Literal["row", "file"] = "row"


class Deed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a person or the broker does to the account meanwhile.

    `of` names the order that is meant (the newest live one of that kind), `fields` are those of the simulator's deed.
    """

    at: str
    do: str
    of: Literal["entry", "stop", "target", "exit", "foreign"] | None = None
    fields: dict[str, Any] = {}


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One run: market, broker, what breaks when, and when it stops breaking.

    `faults` are those of the simulated gateway (docs/faults.md), switched on at `faults_at`. At `heals_at` all faults
    are taken back and a person logs in where nobody is; the run ends at `ends_at`.
    """

    seed: int
    symbols: list[str]
    start: str
    faults_at: str
    heals_at: str
    ends_at: str
    name: str = "swarm"
    cash: float = 10_000.0
    paced: bool = False
    """whether both sides keep the API's limits on requests"""
    settings: list[str] = []
    """NAME=VALUE of the trading system"""
    behaviour: list[str] = []
    """NAME=VALUE of the simulated broker"""
    faults: list[dict[str, Any]] = []
    client_faults: list[ClientFault] = []
    kills: list[Kill] = []
    requests: list[Request] = []
    deeds: list[Deed] = []

    @property
    def is_clean(self) -> bool:
        """Return whether nothing goes wrong in it."""
        resets = any(setting.startswith(RESETS) for setting in self.behaviour)
        return not (resets or self.faults or self.client_faults or self.kills or self.requests or self.deeds)


RESETS = ("nightly_reset", "reset_")
"""what the broker's settings are called that end the session every night"""
LISTS = ("faults", "client_faults", "kills", "requests", "deeds", "behaviour", "settings")
"""fields from which entries can be taken out one by one"""


def without_faults(schedule: Schedule) -> Schedule:
    """Return its fault-free twin: the same market and broker, and nothing goes wrong."""
    behaviour = [setting for setting in schedule.behaviour if not setting.startswith(RESETS)]
    return msgspec.structs.replace(
        schedule,
        name=f"{schedule.name}, fault-free",
        behaviour=behaviour,
        faults=[],
        client_faults=[],
        kills=[],
        requests=[],
        deeds=[],
    )


def write(schedule: Schedule) -> bytes:
    """Return it as JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(schedule), indent=1) + b"\n"


def read(data: bytes) -> Schedule:
    """Return a schedule from its JSON.

    Raises:
        ScheduleError: it is none.
    """
    try:
        return msgspec.json.decode(data, type=Schedule)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        problem = f"this is no schedule: {fault}"
        raise ScheduleError(problem) from fault
