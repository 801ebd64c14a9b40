"""What a run of the drill prints: how much was tried, and each violation so that anybody can look at it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from drill.trial import Verdict

ENOUGH = 5
"""so many schedules without an order are no chance"""


@dataclass(slots=True)
class Tally:
    """Sums over all schedules."""

    schedules: int = 0
    days: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    fills: int = 0
    restarts: int = 0
    cut: int = 0
    violated: Counter[str] = field(default_factory=Counter)
    """schedules by the invariant that was violated first"""

    def add(self, verdict: Verdict) -> None:
        """Count one schedule."""
        self.schedules += 1
        self.days += verdict.days
        self.fired += verdict.fired
        self.orders += verdict.orders
        self.fills += verdict.fills
        self.restarts += verdict.restarts
        self.cut += verdict.cut
        if verdict.violations:
            self.violated[verdict.violations[0].invariant] += 1

    @property
    def violations(self) -> int:
        """Return how many schedules violated something."""
        return sum(self.violated.values())

    @property
    def doubt(self) -> str:
        """Return why all this proves nothing; empty where it does."""
        if not self.schedules:
            return "no schedule was run: nothing is proven"
        if self.schedules >= ENOUGH and not self.orders:
            return "no order was sent: nothing is proven of orders; does the strategy ever buy here?"
        return ""

    def lines(self, seconds: float) -> list[str]:
        """Return the summary."""
        mean_s = seconds / self.schedules if self.schedules else 0.0
        found = ", ".join(f"{name} in {count}" for name, count in sorted(self.violated.items()))
        return [
            f"{self.schedules} schedules, {self.days} simulated days, {seconds:.0f} s ({mean_s:.2f} s each)"
            f"{f', {self.cut} cut short' if self.cut else ''}",
            f"{sum(self.fired.values())} faults of {len(self.fired)} kinds fired, {self.restarts} restarts,"
            f" {self.orders} orders, {self.fills} fills",
            f"{self.violations} schedules violated an invariant{f': {found}' if found else ''}",
            *([self.doubt] if self.doubt else []),
        ]

    def as_json(self, seconds: float) -> dict[str, Any]:
        """Return the summary as values."""
        return {
            "schedules": self.schedules,
            "days": self.days,
            "seconds": round(seconds, 1),
            "faults": dict(sorted(self.fired.items())),
            "restarts": self.restarts,
            "cut": self.cut,
            "orders": self.orders,
            "fills": self.fills,
            "violated": dict(sorted(self.violated.items())),
            "doubt": self.doubt,
        }


def finding(name: str, verdict: Verdict, replay: str) -> list[str]:
    """Return a violation with what surrounds it and the command that shows it again."""
    schedule = verdict.schedule
    parts = [
        f"faults {' '.join(str(fault['id']) for fault in schedule.faults)}" if schedule.faults else "",
        f"of the way {' '.join(fault.id for fault in schedule.client_faults)}" if schedule.client_faults else "",
        f"deaths {' '.join(kill.point for kill in schedule.kills)}" if schedule.kills else "",
        f"requests {' '.join(request.kind for request in schedule.requests)}" if schedule.requests else "",
        f"deeds {' '.join(deed.do for deed in schedule.deeds)}" if schedule.deeds else "",
        f"broker {' '.join(schedule.behaviour)}" if schedule.behaviour else "",
    ]
    return [
        f"{name}: {verdict.violations[0]}",
        *(f"    also {violation}" for violation in verdict.violations[1:4]),
        f"    {', '.join(schedule.symbols)} from {schedule.start}; {'; '.join(filter(None, parts))}",
        *(f"    {line}" for line in verdict.around),
        f"    again: {replay}",
    ]


def as_json(name: str, verdict: Verdict) -> dict[str, Any]:
    """Return a schedule's result as values."""
    return {
        "name": name,
        "seed": verdict.schedule.seed,
        "digest": verdict.digest,
        "violations": _values(verdict.violations),
        "around": verdict.around,
    }


def _values(violations: Iterable[Any]) -> list[dict[str, Any]]:
    return [
        {"invariant": each.invariant, "at": each.at, "subject": each.subject, "sentence": each.sentence}
        for each in violations
    ]
