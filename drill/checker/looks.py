"""When the trading process looked, and when nothing kept it from seeing and doing what it had to: the reachable clock.

In the process time moves only between two turns. A turn is *clear* when no fault met any of its calls, the gateway was
up and the brokerage session open: whatever was true then could be seen and dealt with.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from drill.checker.logs import FAR, Case, instant

DISTURBANCES = ("client_fault", "gateway_crash", "death", "start", "no_start")


def clear_turns(case: Case) -> list[float]:
    """Return the ends of the turns in which nothing was in the way."""
    troubles = sorted(
        [instant(line["at"]) for line in case.truth if line["kind"] == "fault"]
        + [instant(event["at"]) for event in case.happened(*DISTURBANCES)]
    )
    down = _session_down(case)
    clear: list[float] = []
    before = -FAR
    for event in case.happened("turn"):
        at = instant(event["at"])
        disturbed = bisect_left(troubles, before) != bisect_left(troubles, at + 1e-9)
        if event.get("good", True) and not disturbed and not any(begin <= at < end for begin, end in down):
            clear.append(at)
        before = at
    return clear


def first_clear(clear: Sequence[float], at: float) -> float:
    """Return the end of the first clear turn at or after a time, far away where there is none."""
    index = bisect_left(clear, at)
    return clear[index] if index < len(clear) else FAR


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


def _session_down(case: Case) -> list[tuple[float, float]]:
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
