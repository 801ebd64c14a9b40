"""What a check found, and how checks are carried out: each limited in time, none able to take the others down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trading.errors import TradingError
from trading.monitoring.wall_clock import WallClock

_MOST_TEXT = 300
_monotonic = WallClock().monotonic


class Verdict(StrEnum):
    """How a check came out; only BAD makes the command fail."""

    OK = "ok"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, how it is, and what to do ("" nothing)."""

    name: str
    verdict: Verdict
    text: str
    fix: str = ""


def ok(name: str, text: str) -> Finding:
    """Return that all is well."""
    return Finding(name, Verdict.OK, text)


def note(name: str, text: str, fix: str = "") -> Finding:
    """Return what there is to know."""
    return Finding(name, Verdict.NOTE, text, fix)


def bad(name: str, text: str, fix: str) -> Finding:
    """Return what has to be mended, and how."""
    return Finding(name, Verdict.BAD, text, fix)


Look = Callable[[], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """One look, under the name that its line has where it fails, and how long it may take."""

    name: str
    look: Look
    limit_s: float


def carried_out(checks: Sequence[Check], monotonic: Callable[[], float] = _monotonic) -> list[Finding]:
    """Carry out all checks at the same time and return what they found, in their order.

    One that takes longer than it may is left behind, with what it has found until then.
    """
    begun = monotonic()
    runs = [_Run(check) for check in checks]
    found: list[Finding] = []
    for run in runs:
        run.wait(run.check.limit_s - (monotonic() - begun))
        found += run.findings()
    return found


def guarded(name: str, look: Look) -> Iterable[Finding]:
    """Give what a look finds; whatever it raises becomes a finding of this name."""
    try:
        yield from look()
    except TradingError as error:
        yield bad(name, _shortened(str(error)), "mend this before a start")
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        yield bad(name, _shortened(f"{error.strerror or error}{place}"), "see who owns it, and what it is")
    except Exception as error:  # noqa: BLE001 - a defect of one check must not hide what the others find
        what = f"this check itself failed ({type(error).__name__}: {error})"
        yield bad(name, _shortened(what), "report it; the other checks are not affected")


class _Run:
    """A check in a thread of its own, which nobody waits for at the end of the program."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self._found: list[Finding] = []
        self._thread = threading.Thread(target=self._work, name=f"doctor {check.name}", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        for finding in guarded(self.check.name, self.check.look):
            self._found.append(finding)

    def wait(self, seconds: float) -> None:
        """Wait for the end of the check, at most so long."""
        self._thread.join(max(seconds, 0.0))

    def findings(self) -> list[Finding]:
        """Return what it has found until now, and that it is not over where it isn't."""
        over = not self._thread.is_alive()
        found = list(self._found)
        if not over:
            text = f"was not over within {self.check.limit_s:g} s"
            found.append(bad(self.check.name, text, "see whether the disk or the network hangs, then ask again"))
        return found


def _shortened(text: str) -> str:
    return " ".join(text.split())[:_MOST_TEXT]
