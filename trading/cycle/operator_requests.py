"""Takes up what people ask for: halt, resume, flatten, reconcile; each is carried out at most once, and answered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from trading.errors import InvariantBroken
from trading.model.decision_words import title
from trading.model.mode import OPERATOR, Acknowledgement, Halt, Latched, Mode, ModeState
from trading.model.operator_request import NOT_CONFIRMED, REFUSED, OperatorRequest, OperatorVerb
from trading.model.status import SessionState, StatusKey
from trading.ports import Log, Requests, Store
from trading.risk_manager import unlatched

# What is older was meant for a situation that is over. A halt is never too old.
EXPIRES_AFTER_S = 60.0
# The cause of a halt for which nobody asked: people could ask, and nobody would hear them.
UNREADABLE = "requests"
HALT_FILE = "file HALT"
_LATE = f"asked for more than {EXPIRES_AFTER_S:.0f} s ago; look, then ask again"

_URGENT = frozenset({OperatorVerb.HALT, OperatorVerb.FLATTEN})


class OperatorRequests:
    """One for each process. The loop takes up everything; a thread of its own what must not wait for the loop."""

    def __init__(self, requests: Requests, store: Store, log: Log) -> None:
        """Read from `requests`; write halts, the goal of a flatten and risk latches to `store`."""
        self._requests = requests
        self._store = store
        self._log = log
        self._taking = threading.Lock()
        self._problems: dict[str, str] = {}
        # What was taken up and waits for a reading of the broker.
        self._accepted: set[str] = set()
        # What an earlier process could not read may be readable now.
        self._deaf = True

    def take_up(self, now: datetime) -> int:
        """Carry out everything that was asked for, a halt last of all; return how many requests there were.

        Never raises: a halt that can't be stored is in force all the same, and what can't be read halts.
        """
        return self._take(now, frozenset(OperatorVerb) | {None})

    def take_up_urgent(self, now: datetime) -> bool:
        """Halt and flatten, whatever the loop is doing; return whether the loop has something to do. Never raises."""
        return self._take(now, _URGENT) > 0

    def _take(self, now: datetime, kinds: frozenset[OperatorVerb | None]) -> int:
        """Carry out requests of some `kinds`; return how many of any kind there were that are not stuck."""
        with self._taking:
            found = self._halt_file(now)
            try:
                pending = self._requests.pending()
            except InvariantBroken as problem:
                self._unreadable(problem, now)
                return found
            self._readable(now)
            found += sum(request.facts not in self._accepted.union(self._problems) for request in pending)
            # Together with a halt, whatever else was asked for has to leave it in force.
            for request in sorted(pending, key=lambda each: each.kind is OperatorVerb.HALT):
                if request.kind in kinds:
                    self._attempt(request, now)
            return found

    def _halt_file(self, now: datetime) -> int:
        file = self._requests.halt_file()
        if file is None:
            return 0
        try:
            new = self._halt(file, now)
            self._requests.halt_file_done()
        except InvariantBroken as problem:
            return int(self._complain(HALT_FILE, problem))
        self._problems.pop(HALT_FILE, None)
        if new:
            self._log.warning("request taken up", kind=str(file.kind), actor=file.actor)
        return 1

    def _attempt(self, request: OperatorRequest, now: datetime) -> None:
        """Carry out one request and answer it; what fails is tried again at the next look."""
        try:
            answer = self._carry_out(request, now)
            if answer is None:
                return
            self._requests.answer(request, answer, now)
        except InvariantBroken as problem:
            self._complain(request.facts, problem)
            return
        self._answered(request, answer)

    def _answered(self, request: OperatorRequest, answer: str) -> None:
        self._problems.pop(request.facts, None)
        self._accepted.discard(request.facts)
        kind = "" if request.kind is None else str(request.kind)
        self._log.warning("request taken up", kind=kind, actor=request.actor, answer=answer)

    def _carry_out(self, request: OperatorRequest, now: datetime) -> str | None:
        """Do what was asked and return the answer, None where that waits for a reading.

        A halt comes before everything that could fail, since the same one again is one. All else is recorded as taken
        up first, so that no crash lets it be done twice.
        """
        if request.kind in _URGENT:
            self._halt(request, now)
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        if not request.taken_up:
            self._requests.take_up(request, now)
        if request.kind is OperatorVerb.RESUME:
            return self._resume(request, now)
        if request.kind is OperatorVerb.RECONCILE:
            self._accepted.add(request.facts)
            return None
        if request.kind is OperatorVerb.FLATTEN:
            reason = request.argument or "flatten"
            self._store.halts.set_flatten(request.facts, reason=reason, actor=request.actor, now=now)
        reached = self._store.value(StatusKey.SESSION_STATE) == SessionState.READY
        return halted(self._store.halts.live_entries(), flatten=request.kind is OperatorVerb.FLATTEN, reached=reached)

    def _refusal(self, request: OperatorRequest) -> str | None:
        """Return why a request is not carried out; of a flatten the halt always is."""
        expired = request.age_s is None or request.age_s > EXPIRES_AFTER_S
        match request.kind:
            case None | OperatorVerb.RESUME if not self._is_understood(request):
                return f"{REFUSED}: not understood, nothing was done"
            case OperatorVerb.RESUME if request.taken_up:
                return f"{REFUSED}: interrupted half-way; the mode is {self._store.mode().mode}; look, then ask again"
            case OperatorVerb.RECONCILE if request.taken_up and request.facts not in self._accepted:
                return f"{REFUSED}: interrupted half-way; look with `reconcile`, then ask again"
            case OperatorVerb.RESUME | OperatorVerb.RECONCILE if expired:
                return f"{REFUSED}: {_LATE}"
            case OperatorVerb.FLATTEN if expired:
                return f"{REFUSED}: halted, but not flattened: {_LATE}"
            case _:
                return None

    def _is_understood(self, request: OperatorRequest) -> bool:
        """Return whether it can be told what is meant: a resume names no halt that there never was."""
        if request.kind is OperatorVerb.RESUME:
            return request.seen.halt <= self._store.halts.newest()
        return request.kind is not None

    def _halt(self, request: OperatorRequest, now: datetime) -> bool:
        reason, facts = request.argument or "asked for", request.facts
        if request.made is None:
            # Nothing tells it from an earlier one that has its number: it is the same while it halts, and not longer.
            if any(
                halt.facts.startswith(f"{facts}, ") for halt in self._store.halts.standing() if not halt.acknowledged
            ):
                return False
            facts = f"{facts}, taken up {now.isoformat()}"
        return self._store.halts.raise_halt(OPERATOR, facts, reason=reason, actor=request.actor, now=now)

    def _resume(self, request: OperatorRequest, now: datetime) -> str:
        """Acknowledge the halts that the person saw; with none left, clear the risk latches.

        Latches that are not as the person saw them stay, all of them.
        """
        reason, seen = request.argument or "resumed", request.seen
        latched = self._store.mode().latched
        unseen = latched is not None and latched.number > seen.latched
        done = self._store.halts.acknowledge_halts(seen=seen.halt, actor=request.actor, now=now, reason=reason)
        risk = self._store.risk_state()
        clear = bool(risk.latches) and not done.newer and not unseen
        if clear:
            self._store.set_risk_state(unlatched(risk), reason=reason, actor=request.actor, now=now)
        return resumed(done, self._store.mode(), cleared=latched if clear else None, unseen=latched if unseen else None)

    def reconcile(self, resolve: Callable[[str, str], str], now: datetime) -> bool:
        """Let `resolve` (argument, actor) carry out what people decided about differences; False where nobody did.

        It is called with a reading of this cycle at hand. What fails half-way is refused, never tried again.
        """
        with self._taking:
            if not self._accepted:
                return False
            try:
                pending = [request for request in self._requests.pending() if request.facts in self._accepted]
            except InvariantBroken as problem:
                self._unreadable(problem, now)
                return False
            self._accepted.clear()
            for request in pending:
                self._resolve(request, resolve, now)
            return True

    def _resolve(self, request: OperatorRequest, resolve: Callable[[str, str], str], now: datetime) -> None:
        try:
            late = request.age_s is None or request.age_s > EXPIRES_AFTER_S
            answer = f"{REFUSED}: {_LATE}" if late else resolve(request.argument, request.actor)
        except InvariantBroken as problem:
            answer = f"{REFUSED}: {problem}"
        try:
            self._requests.answer(request, answer, now)
        except InvariantBroken as problem:
            self._complain(request.facts, problem)
            return
        self._answered(request, answer)

    # ---- what can't be read or written

    def _unreadable(self, problem: InvariantBroken, now: datetime) -> None:
        """Halt when nobody could be heard any more; a file that somebody holds for a moment is no reason."""
        self._complain(UNREADABLE, problem)
        if problem.invariant != "controls":
            return
        self._deaf = True
        reason = f"requests of people can't be read ({problem.detail}); only the file HALT is heard"
        try:
            self._store.halts.raise_halt(UNREADABLE, problem.detail, reason=reason, actor="system", now=now)
        except InvariantBroken as worse:
            self._complain(UNREADABLE, worse)

    def _readable(self, now: datetime) -> None:
        self._problems.pop(UNREADABLE, None)
        if not self._deaf:
            return
        try:
            self._store.halts.halt_over(UNREADABLE, (), now)
            self._deaf = False
        except InvariantBroken as problem:
            self._complain(UNREADABLE, problem)

    def _complain(self, source: str, problem: InvariantBroken) -> bool:
        """Log a problem once while it stays the same; return whether it is news."""
        text = str(problem)
        if self._problems.get(source) == text:
            return False
        self._problems[source] = text
        self._log.error("request not carried out", source=source, problem=text)
        return True


def halted(entries: Sequence[str], *, flatten: bool, reached: bool) -> str:
    """Return the answer to a halt or flatten: what follows now for own live `entries`, by symbol, and own shares.

    `reached`: the broker's session is open, so that it can be asked.
    """
    when = "being" if reached else "to be"
    parts = [
        "halted: nothing is bought",
        "own shares are sold as soon as that may be sent" if flatten else "stops stay",
    ]
    named = f"({', '.join(entries)})"
    match len(entries):
        case 0:
            parts.append("no own entry is live")
        case 1:
            parts.append(f"1 own entry {named} is {when} cancelled")
        case several:
            parts.append(f"{several} own entries {named} are {when} cancelled")
    if not reached:
        parts.append(f"the broker is not reached, this is tried until it is; {NOT_CONFIRMED}")
    return "; ".join(parts)


def resumed(
    done: Acknowledgement, state: ModeState, *, cleared: Latched | None = None, unseen: Latched | None = None
) -> str:
    """Return the answer to a resume: the mode, what was acknowledged and cleared, what holds on or would halt again.

    `unseen` are risk limits that latched after what the person saw.
    """
    why = "" if state.mode is Mode.ACTIVE else f", {state.reason}"
    newer = [f"this halted after what you saw: {_reasons(done.newer)}"] if done.newer else []
    if unseen is not None:
        newer.append(f"this latched after what you saw: {_limits(unseen)}")
    parts = [f"resumed: the mode is {state.mode}{why}"]
    if newer:
        parts = [f"{REFUSED}: {'; '.join(newer)}. Look again, then resume"]
    if done.acknowledged:
        parts.append(f"Acknowledged: {_reasons(done.acknowledged)}")
    if cleared is not None:
        parts.append(f"Cleared: {_limits(cleared)}")
    if done.taken_back is not None:
        parts.append("The flatten was taken back: what is not sold stays, with its stop")
    if done.still_there:
        parts.append(f"Still so, and halting again if it changes: {_reasons(done.still_there)}")
    return ". ".join(parts)


def describe(error: InvariantBroken) -> str:
    """Return the reason of a halt that the system itself made."""
    return f"{error.invariant}: {error.detail}"


def _limits(latched: Latched) -> str:
    return f"{', '.join(title(code).lower() for code in latched.codes)} ({latched.reason})"


def _reasons(halts: Sequence[Halt]) -> str:
    return "; ".join(halt.reason for halt in halts)
