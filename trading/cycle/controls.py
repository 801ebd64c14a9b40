"""Takes up what people ask for: halt, resume, flatten; each is answered once it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from trading.errors import InvariantBroken
from trading.model.mode import OPERATOR, Acknowledgement, Control, ControlKind, Mode
from trading.ports import Clock, Controls, Log, Store


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

    def _handlers(self) -> dict[ControlKind, Callable[[Control], str]]:
        return {ControlKind.HALT: self._halt, ControlKind.RESUME: self._resume, ControlKind.FLATTEN: self._flatten}

    def _halt(self, control: Control) -> str:
        now = self._clock.now()
        reason = control.argument or "asked for"
        self._store.halts.raise_halt(OPERATOR, facts_of(control), reason=reason, actor=control.actor, now=now)
        return "halted: nothing is bought; stops stay; live entries are being cancelled"

    def _resume(self, control: Control) -> str:
        """Acknowledge the halts that the person saw and clear the risk latches; the peak becomes today's equity."""
        now = self._clock.now()
        seen = max((halt.halt_id for halt in self._store.halts.standing()), default=0)
        done = self._store.halts.acknowledge_halts(seen=seen, actor=control.actor, now=now)
        risk = self._store.risk_state()
        if risk.latches and not done.newer:
            peak = risk.prior_equity if risk.prior_equity is not None else risk.peak
            cleared = replace(risk, latches={}, peak=peak)
            self._store.set_risk_state(cleared, reason="resumed", actor=control.actor, now=now)
        return resumed(done, self._store.mode().mode)

    def _flatten(self, control: Control) -> str:
        reason = control.argument or "flatten"
        facts = facts_of(control)
        self._store.halts.set_flatten(facts, reason=reason, actor=control.actor, now=self._clock.now())
        return "halted: own shares are being sold"


def facts_of(control: Control) -> str:
    """Return what tells one request from any other, so that one that is taken up twice halts once."""
    return f"request {control.control_id} of {control.created.isoformat()}"


def resumed(done: Acknowledgement, mode: Mode) -> str:
    """Return the answer to a resume: the mode, what was acknowledged, and what halts on or would halt again."""
    parts = [f"resumed: the mode is {mode}"]
    if done.newer:
        newer = "; ".join(halt.reason for halt in done.newer)
        parts = [f"not resumed: halted after what you saw ({newer}); look again, then resume"]
    if done.acknowledged:
        parts.append("acknowledged: " + "; ".join(halt.reason for halt in done.acknowledged))
    if done.taken_back is not None:
        parts.append("the flatten was taken back: what is not sold stays, with its stop")
    if done.still_there:
        still = "; ".join(halt.reason for halt in done.still_there)
        parts.append(f"still so, and halting again if it changes: {still}")
    return ". ".join(parts)


def describe(error: InvariantBroken) -> str:
    """Return the reason of a halt that the system itself made."""
    return f"{error.invariant}: {error.detail}"
