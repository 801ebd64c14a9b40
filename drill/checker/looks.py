"""When the trading process looked, and when nothing kept it from seeing and doing what it had to: the reachable clock.

In the process time moves only between two turns. A turn is *clear* when no fault met any of its calls, the gateway was
up and the brokerage session open: whatever was true then could be seen and dealt with.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from drill.checker.logs import FAR, Case, instant

_NEW_YORK = ZoneInfo("America/New_York")
DISTURBANCES = ("client_fault", "gateway_crash", "death", "start", "no_start")


@dataclass(frozen=True, slots=True)
class Looks:
    """Ends of the turns that were clear, and of those that weren't with when they began; both by time.

    A wait that the drill made longer counts as one that wasn't.

    `lines` are how many lines the truth log had at the end of each clear one: at one instant there can be several.
    """

    clear: tuple[float, ...]
    lines: tuple[int, ...]
    troubled: tuple[float, ...]
    began: tuple[float, ...]

    def first_clear(self, at: float) -> float:
        """Return the end of the first clear turn at or after a time, far away where there is none."""
        index = bisect_left(self.clear, at)
        return self.clear[index] if index < len(self.clear) else FAR

    def between(self, line: int, other: int) -> bool:
        """Return whether a clear turn ended after one line of the truth log and before another, both by number."""
        index = bisect_right(self.lines, line)
        return index < len(self.lines) and self.lines[index] <= other

    def clear_from(self, at: float, seconds: float) -> float:
        """Return the time at which that many seconds have gone by in which nothing was in the way.

        A process that sleeps could have looked; one that was troubled meanwhile has the time anew, and so has one that
        the drill made look less often than it wanted.
        """
        until = at + seconds
        index = bisect_left(self.troubled, at)
        while index < len(self.troubled) and self.began[index] < until:
            at = self.first_clear(self.troubled[index])
            if at >= FAR:
                return FAR
            until = at + seconds
            # One at the very instant of the clear one is dealt with.
            index = bisect_right(self.troubled, at)
        return until


def looks_of(case: Case) -> Looks:
    """Return every turn of the run, by whether something was in its way.

    The drill's deeds say how many lines the truth log had by then: at one instant much can happen.
    """
    faults = [line["seq"] for line in case.truth if line["kind"] == "fault"]
    down = session_down(case)
    clear: list[float] = []
    lines: list[int] = []
    troubled: list[float] = []
    began: list[float] = []
    before, disturbed = 0, False
    stretched: float | None = None
    for event in case.events:
        if event["kind"] in DISTURBANCES:
            disturbed = True
        elif event["kind"] == "turn":
            at = instant(event["at"])
            disturbed = (
                disturbed or not event["good"] or bisect_left(faults, before) != bisect_left(faults, event["seq"])
            )
            if stretched is not None:
                troubled.append(instant(event["began"]))
                began.append(stretched)
            stretched = at if event.get("stretched") else None
            if disturbed or any(begin <= at < end for begin, end in down):
                troubled.append(at)
                began.append(instant(event["began"]))
            else:
                clear.append(at)
                lines.append(event["seq"])
            before, disturbed = event["seq"], False
    return Looks(tuple(clear), tuple(lines), tuple(troubled), tuple(began))


def day_of(at: float) -> date:
    """Return the exchange's day."""
    return datetime.fromtimestamp(at, _NEW_YORK).date()


def day_ends(at: float) -> float:
    """Return when the exchange's day ends."""
    return datetime.combine(day_of(at) + timedelta(days=1), time(), _NEW_YORK).timestamp()


def alive_after(case: Case, at: float) -> float:
    """Return the time itself, or when the process that was dead then had 20 seconds to come up."""
    for began, ended in _deaths(case):
        if began <= at < ended + 20.0:
            return ended + 20.0
    return at


def _deaths(case: Case) -> Iterator[tuple[float, float]]:
    died = None
    for event in case.happened("death", "no_start", "start"):
        if event["kind"] != "start":
            died = instant(event["at"])
        elif died is not None:
            yield died, instant(event["at"])
            died = None
    if died is not None:
        yield died, FAR


def session_down(case: Case) -> list[tuple[float, float]]:
    """Return when no brokerage session was open."""
    down: list[tuple[float, float]] = []
    since = None
    for line in case.truth:
        if line["kind"] != "session":
            continue
        if not line["authenticated"] and since is None:
            since = instant(line["at"])
        elif line["authenticated"] and since is not None:
            down.append((since, instant(line["at"])))
            since = None
    if since is not None:
        down.append((since, FAR))
    return down
