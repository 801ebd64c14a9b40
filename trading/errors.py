"""Errors, named by what the caller must do; facts are in fields, texts are built from them.

    TradingError
      ConfigError      stop before start, exit 2
      DataError        skip this symbol, record it
      InvariantBroken  go HALTED, tell the operator
      InstanceRunning  another process trades on this state, exit 3
      GatewayError
        NotSent          nothing left this machine: safe to send again
          Suspended      nothing leaves for some minutes: wait
          OutOfTime      the time for these reads was over: go on with them after what is more urgent
        Refused          the gateway said no
        OutcomeUnknown   it may or may not have happened: reconcile, never repeat
        SessionLost      authenticate again; repeat reads only

A write (order, reply, cancel, modification) never raises a GatewayError: its outcome is a value of
`trading.model.outcome.Outcome`, so that nobody can forget one.
"""

from __future__ import annotations


class TradingError(Exception):
    """Root of everything that this system raises on purpose."""


class ConfigError(TradingError):
    """A setting can't be used: `path` names it, `value` is what was found, `fix` what to do."""

    def __init__(self, path: str, value: object, fix: str) -> None:
        """Keep the three facts apart, so that tests and programs need not read the text."""
        super().__init__(path, value, fix)
        self.path = path
        self.value = value
        self.fix = fix

    def __str__(self) -> str:
        """Return the one line that a person reads."""
        shown = "" if self.value is None else f" = {self.value!r}"
        return f"{self.path}{shown}: {self.fix}"


class DataError(TradingError):
    """Data of one symbol, or one file, can't be used; `subject` names it."""

    def __init__(self, subject: str, problem: str) -> None:
        """Keep what is wrong (`problem`) apart from whose it is (`subject`)."""
        super().__init__(subject, problem)
        self.subject = subject
        self.problem = problem

    def __str__(self) -> str:
        """Return the one line that a person reads."""
        return f"{self.subject}: {self.problem}"


class InvariantBroken(TradingError):
    """Something that must never happen did; the system halts and tells the operator."""

    def __init__(self, invariant: str, detail: str) -> None:
        """Name the invariant and what was seen."""
        super().__init__(invariant, detail)
        self.invariant = invariant
        self.detail = detail

    def __str__(self) -> str:
        """Return the one line that a person reads."""
        return f"{self.invariant}: {self.detail}"


# A file of ours can't be used: for now, or for good. Nothing can be done about it in the middle of a turn.
STORAGE, CORRUPT = "storage", "corrupt"


class InstanceRunning(TradingError):
    """Another process holds the lock on the state folder `folder`."""

    def __init__(self, folder: str) -> None:
        """Name the folder whose lock is held."""
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        """Return the one line that a person reads."""
        return f"another trading process already runs on {self.folder}: stop it first"


class GatewayError(TradingError):
    """A read from the gateway, or a session call, did not succeed; `call` is its verb and path."""

    def __init__(self, call: str, cause: str, status: int | None = None) -> None:
        """Keep the call, why it failed and, where there was an answer, its HTTP status."""
        super().__init__(call, cause, status)
        self.call = call
        self.cause = cause
        self.status = status

    @property
    def reason(self) -> str:
        """Return why it failed, with the status of an answer."""
        return self.cause if self.status is None else f"{self.cause} (HTTP {self.status})"

    def __str__(self) -> str:
        """Return the one line that a person reads."""
        return f"{self.call}: {self.reason}"


class NotSent(GatewayError):
    """No byte of the request left this machine."""


class Suspended(NotSent):
    """The gateway said that there were too many requests; a probe that is told so did leave, and asked for nothing."""


class OutOfTime(NotSent):
    """The time that a number of reads may take was over before this one left; what was read before is kept."""


class Refused(GatewayError):
    """The gateway answered and said no."""


class OutcomeUnknown(GatewayError):
    """The request left and no usable answer came back."""


class SessionLost(GatewayError):
    """The gateway is there, but nobody is logged in or the brokerage session is gone."""


def causes_of(error: BaseException) -> list[BaseException]:
    """Return an error with everything that it was made of: libraries wrap the one that says what happened."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        link = waiting.pop()
        if isinstance(link, BaseException) and link not in found:
            found.append(link)
            waiting += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
    return found
