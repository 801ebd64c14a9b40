"""Takes up what people ask for: halt, resume, flatten; each is answered once it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from trading.errors import InvariantBroken
from trading.execution.failpoints import failpoint
from trading.model.mode import Control, ControlKind
from trading.ports import Clock, Controls, Log, Store

FLATTEN = "flatten_requested"
CANCEL_ENTRIES = "cancel_entries"
_YES, _NO = "1", ""


class ControlDesk:
    """Carries out requests that need no gateway at once, and leaves a note for what needs it."""

    def __init__(self, controls: Controls, store: Store, clock: Clock, log: Log) -> None:
        """Read from `controls`, write modes to `store`."""
        self._controls = controls
        self._store = store
        self._clock = clock
        self._log = log

    def take_up(self) -> int:
        """Carry out all pending requests; return how many there were."""
        taken = 0
        for control in self._controls.pending():
            answer = self._handlers()[control.kind](control)
            self._controls.answer(control, answer, self._clock.now())
            self._log.warning("control taken up", kind=str(control.kind), actor=control.actor, answer=answer)
            taken += 1
        return taken

    def halt(self, reason: str, actor: str) -> None:
        """Commit HALTED; own entries are cancelled as soon as the broker can be reached."""
        self._store.set_halt(halted=True, reason=reason, actor=actor, now=self._clock.now())
        self._store.set_value(CANCEL_ENTRIES, _YES)
        failpoint("K34")

    def wants_cancel(self) -> bool:
        """Return whether live entries have to be cancelled."""
        return self._store.value(CANCEL_ENTRIES) == _YES

    def cancelled(self) -> None:
        """No live entry is left."""
        self._store.set_value(CANCEL_ENTRIES, _NO)

    def wants_flat(self) -> bool:
        """Return whether a person asked to sell everything that is ours."""
        return self._store.value(FLATTEN) == _YES

    def flat(self) -> None:
        """Everything is sold."""
        self._store.set_value(FLATTEN, _NO)

    def _handlers(self) -> dict[ControlKind, Callable[[Control], str]]:
        return {ControlKind.HALT: self._halt, ControlKind.RESUME: self._resume, ControlKind.FLATTEN: self._flatten}

    def _halt(self, control: Control) -> str:
        self.halt(control.argument or "asked for", control.actor)
        return "halted: nothing is bought; stops stay; live entries are being cancelled"

    def _resume(self, control: Control) -> str:
        """Clear the halt and the risk latches; the peak becomes today's equity."""
        now = self._clock.now()
        risk = self._store.risk_state()
        if risk.latches:
            peak = risk.prior_equity if risk.prior_equity is not None else risk.peak
            cleared = replace(risk, latches={}, peak=peak)
            self._store.set_risk_state(cleared, reason="resumed", actor=control.actor, now=now)
        self._store.set_value(CANCEL_ENTRIES, _NO)
        self._store.set_value(FLATTEN, _NO)
        self._store.set_halt(halted=False, reason=control.argument or "resumed", actor=control.actor, now=now)
        return f"resumed: the mode is {self._store.mode().mode}"

    def _flatten(self, control: Control) -> str:
        self.halt(control.argument or "flatten", control.actor)
        self._store.set_value(FLATTEN, _YES)
        return "halted: own shares are being sold"


def describe(error: InvariantBroken) -> str:
    """Return the reason of a halt that the system itself made."""
    return f"{error.invariant}: {error.detail}"
