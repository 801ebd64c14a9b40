"""How often the API is called. I21 of the invariants."""

from __future__ import annotations

import math
from collections.abc import Iterator

from drill.checker.logs import Case, Line, Violation, instant
from drill.checker.wire import TWICE

_LIMIT_S = 1.0
"""the second that the limit on all calls is of"""
_LONGEST_LIMIT_S = 5.0
"""of what the limits of single calls are"""
PROBE_S = 50.0
"""in the penalty box one call a minute is let through, but for what the clock of the loop rounds"""
_BOXES = ("H03", "H04")


def i21_within_the_limits(case: Case) -> Iterator[Violation]:
    """No call is over the API's limits, and once it said so one a minute asks whether that is over.

    A call that is delivered twice counts twice. One that is held back on its way counts when it arrives, beside those
    that were sent then, and a limit that was broken so begins the box. So does a fault, which may also begin to keep
    limits that the client does not know of.
    """
    held_back: set[int] = set()
    arrived = twice = seen = -math.inf
    boxed = lowered = False
    for line in case.truth:
        at = instant(line["at"])
        if line["kind"] == "planned" and "method" in line["step"]:
            held_back.add(line["number"])
        elif line["kind"] == "done" and line["number"] in held_back:
            arrived = at
        elif line["kind"] == "fault" and line["id"] in TWICE:
            twice = at
        elif line["kind"] == "fault" and line["id"] in _BOXES:
            boxed = True
            lowered = lowered or line["id"] == "H03"
        elif line["kind"] == "limited":
            late = at <= arrived + _LIMIT_S or at <= twice + _LONGEST_LIMIT_S
            boxed = boxed or late
            if line["limit"] != "box":
                wrong = not (late or lowered)
            else:
                wrong = not boxed or (at < seen + PROBE_S and not (late or _began(case, seen, at)))
            if wrong:
                yield Violation("I21", at, f"{line['method']} {line['path']}", f"over the limit {line['limit']}")
            if not (late or _hidden(case, line)):
                seen = at


def _began(case: Case, since: float, until: float) -> bool:
    """Return whether a process began between two times: without limits it knows of no box of the one before."""
    return any(since <= instant(event["at"]) <= until for event in case.happened("start"))


def _hidden(case: Case, limited: Line) -> bool:
    """Return whether a fault met the call, so that the client may have had another answer."""
    call = (limited["at"], limited["method"], limited["path"])
    return any(
        line["kind"] == "fault" and (line["at"], line.get("method"), line.get("path")) == call for line in case.truth
    )
