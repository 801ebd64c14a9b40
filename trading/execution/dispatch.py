"""What sending an entry and sending an exit have in common: the verdicts of checks, and what comes of a sending."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trading.execution.desk import Circumstances, Desk
from trading.execution.gates import Guard
from trading.execution.sender import Sender, Sending
from trading.model.decision import Denied
from trading.model.metric import Counter
from trading.model.order import IntentState, OrderIntent

POLL_S = 5.0
# A refusal of these may pass by itself inside the window; of all others the order is over.
_PASSING = frozenset({"state", "rate", "market_closed", "restricted"})


@dataclass(slots=True)
class Outcome:
    """What one call did. `look_again` is when there is more to do that no event tells of."""

    sent: int = 0
    denied: int = 0
    look_again: datetime | None = None
    waiting: dict[str, Denied] = field(default_factory=dict)

    def again(self, at: datetime) -> None:
        """Ask for another look at `at`, or earlier if somebody asked for that."""
        self.look_again = at if self.look_again is None else min(self.look_again, at)


def passes(denied: Denied) -> bool:
    """Return whether waiting may help: the state of the system, the rate, or a quote that has not come yet."""
    return denied.code in _PASSING or (denied.code == "split" and denied.value is None)


class Dispatch:
    """Sends groups of PLANNED intents, or closes them with the reason."""

    def __init__(self, desk: Desk, sender: Sender) -> None:
        """Send by `sender`."""
        self._desk = desk
        self._sender = sender

    @property
    def guard(self) -> Guard:
        """Return whose account it is and whether it may be traded."""
        return Guard(self._desk.account_id, self._desk.kind, self._desk.settings.live_trading)

    def submit(
        self, group: Sequence[OrderIntent], at: Circumstances, allowed: Callable[[], bool], outcome: Outcome
    ) -> bool:
        """Send a group; False when nothing left and it stays PLANNED. `allowed` is asked before each yes."""
        references = {
            contract.conid: at.closes[symbol] for symbol, contract in at.contracts.items() if symbol in at.closes
        }
        if self._sender.submit(group, references, allowed) is Sending.NOT_SENT:
            outcome.again(self._desk.clock.now() + timedelta(seconds=POLL_S))
            return False
        outcome.sent += len(group)
        return True

    def refuse(self, group: Sequence[OrderIntent], denied: Denied, outcome: Outcome) -> None:
        """Keep a PLANNED group for later when the refusal may pass, else close it."""
        if not passes(denied):
            self.deny(group, denied, outcome)
            return
        outcome.waiting[group[0].symbol] = denied
        outcome.again(self._desk.clock.now() + timedelta(seconds=POLL_S))

    def deny(self, group: Sequence[OrderIntent], denied: Denied, outcome: Outcome) -> None:
        """Close a PLANNED group for good; one denial is told, whose children end with it."""
        numbers = "" if denied.value is None else f"{denied.value:g} against {denied.limit}"
        detail = " ".join(part for part in (denied.detail, numbers) if part)
        now = self._desk.clock.now()
        self._desk.journal.deny(group[0].coid, denied.code, detail, now)
        for child in group[1:]:
            self._desk.journal.transition(child.coid, IntentState.DENIED, denied.code, now)
        outcome.denied += 1
        self._desk.metrics.add(Counter.DENIALS, label=denied.code)
        self._desk.log.info("order denied", symbol=denied.symbol, code=denied.code, detail=detail)
