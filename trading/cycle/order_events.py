"""Tells log and people of each step that an order took, once, by what the journal recorded and over restarts."""

from __future__ import annotations

from collections.abc import Collection

from trading.execution.context import TradingContext
from trading.model.alarm import AlarmCode
from trading.model.order import TERMINAL, IntentState, Role
from trading.model.order_step import OrderStep
from trading.model.status import StatusKey

# Nobody intended these ends: a person has to know.
_REFUSED = {
    IntentState.REJECTED: "was rejected",
    IntentState.DECLINED: "was declined",
    IntentState.LOST: "never arrived",
}
# They are refused together, for one reason.
_LEGS = frozenset({Role.STOP, Role.TARGET})


class OrderEvents:
    """Goes on after the last step that was told."""

    def __init__(self, context: TradingContext) -> None:
        """Read what the journal recorded, and tell the context's log and its alerts."""
        self._context = context
        self._told: int | None = None

    def tell(self, guarded: Collection[str] = ()) -> int:
        """Tell all steps since the last call; return how many there were.

        Of the symbols in `guarded` an alarm says already that their stops are refused again and again.
        """
        steps = self._context.commands.steps_after(self._last())
        told: set[tuple[str, str]] = set()
        for step in steps:
            self._log(step)
            legs_cause = (step.symbol, step.detail)
            if step.role in _LEGS and (step.symbol in guarded or legs_cause in told):
                continue
            if self._alert(step):
                told.add(legs_cause)
        if steps:
            self._told = steps[-1].number
            self._context.store.keep({StatusKey.ORDER_STEPS_TOLD: str(self._told)})
        return len(steps)

    def _last(self) -> int:
        if self._told is None:
            self._told = int(self._context.store.value(StatusKey.ORDER_STEPS_TOLD) or 0)
        return self._told

    def _log(self, step: OrderStep) -> None:
        if step.state not in TERMINAL and not step.detail.startswith("RESURRECTED"):
            return
        say = self._context.log.warning if step.state in _REFUSED else self._context.log.info
        say(
            "order ended" if step.state in TERMINAL else "order came back",
            coid=step.coid,
            symbol=step.symbol,
            role=step.role,
            state=step.state,
            filled=step.filled,
            detail=step.detail,
        )

    def _alert(self, step: OrderStep) -> bool:
        """Tell a person of an order that was refused or lost; children that go with their entry need no word."""
        what = _REFUSED.get(step.state)
        if what is None or step.detail.startswith("its entry"):
            return False
        text = f"{step.symbol}: the {step.role} {step.coid} {what}: {step.detail}"
        self._context.alerts.present(AlarmCode.REJECTED, step.coid, text, self._context.clock.now())
        return True
