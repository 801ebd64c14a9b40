"""What the cycle keeps for pages, people and the next start, and what people ask of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trading.market.panel import Panel
from trading.model.balances import BalanceMemory, Booked, Flow, FlowState
from trading.model.decision import Decision, RiskState
from trading.model.difference import Difference
from trading.model.metric import Counter
from trading.model.mode import Acknowledgement, FlattenGoal, Halt, ModeState
from trading.model.operator_request import OperatorRequest
from trading.model.status import StatusKey


class Halts(Protocol):
    """What holds the system back until a person lets it go on; a halt that can't be stored is in force all the same."""

    def raise_halt(self, cause: str, facts: str, *, reason: str, actor: str, now: datetime) -> bool:
        """Halt for `cause`; return False where the same cause with the same facts stands, acknowledged or not."""

    def halt_over(self, cause: str, keep: Collection[str], now: datetime) -> None:
        """End the halts of a cause whose facts are not in `keep` any more; the same facts later halt anew.

        One that nobody has acknowledged halts on until somebody does.
        """

    def acknowledge_halts(
        self, *, seen: int, actor: str, now: datetime, reason: str = "acknowledged"
    ) -> Acknowledgement:
        """Acknowledge the halts up to number `seen`, and take back a flatten that was asked for before it."""

    def acknowledge_halt(self, cause: str, facts: str, *, actor: str, now: datetime) -> bool:
        """Acknowledge one halt alone; return False where it does not halt."""

    def standing(self) -> tuple[Halt, ...]:
        """Return the halts that halt or whose facts hold on, oldest first."""

    def latch(self, code: str, reason: str, now: datetime) -> None:
        """Hold entries back until a person has looked, and say so again where `code` has latched already."""

    def set_daily_loss(self, reason: str | None, now: datetime) -> None:
        """Persist why the equity lost too much since the close before, None where it did not; the same is no news."""

    def newest(self) -> int:
        """Return the number of the newest halt that is stored, whatever became of it; 0 without any."""

    def live_entries(self) -> tuple[str, ...]:
        """Return the symbols of own entries that are or may be live, oldest first: what a halt cancels."""

    def flatten_goal(self) -> FlattenGoal | None:
        """Return the flatten that stands."""

    def set_flatten(self, facts: str, *, reason: str, actor: str, now: datetime) -> None:
        """Halt as a person asked with `facts`, and want all own shares sold, in one step."""

    def set_flatten_progress(self, text: str, now: datetime) -> None:
        """Say what the flatten that stands has under way and what it waits for; the same again writes nothing."""

    def end_flatten(self, outcome: str, now: datetime) -> None:
        """End the flatten that stands; the halt that came with it stays for a person to acknowledge."""


class BalanceBook(Protocol):
    """What came into the account and went from it beside trades, and what that is told by."""

    def booked(self, now: datetime) -> Booked:
        """Return what own executions did to the cash."""
        ...

    def memory(self) -> BalanceMemory:
        """Return what is remembered of the balances."""
        ...

    def remember(self, memory: BalanceMemory) -> None:
        """Keep what to hold the next reading against; the same again writes nothing."""

    def record_flow(self, memory: BalanceMemory, amount: float, before: float, now: datetime) -> None:
        """Keep that money came or went, and move the equity's peak and the prior close's equity with it, in one step.

        `before` is the equity before it; `memory` what the next reading is held against, with the equity after it.
        """

    def unconfirmed(self) -> tuple[Flow, ...]:
        """Return what came or went and nobody has said anything about, oldest first."""
        ...

    def settle(self, number: int, state: FlowState, *, actor: str, now: datetime) -> Flow | None:
        """Record what a person says of an unconfirmed flow and return it as it was, None where there is none.

        One that was none is taken back from the peak and the prior close's equity.
        """


class Store(Protocol):
    """What pages, metrics and the next start read; decisions are kept so that none is taken twice."""

    def record_decision(self, decision: Decision, now: datetime) -> None:
        """Keep a decision with all its verdicts; a second one for the same session is refused (InvariantBroken)."""

    def last_decision(self) -> Decision | None:
        """Return the newest decision, for carrying out what is left of it after a restart."""

    def record_equity(self, session: date, equity: float, cash: float, positions: int, drawdown: float) -> None:
        """Keep one point of the equity curve for the close of `session`."""

    def record_closed_trades(self) -> int:
        """Write a trade row for every own position that became flat since the last call; return how many."""

    def totals(self) -> Mapping[Counter, Mapping[str, int]]:
        """Return counts over the whole life of the state: steps of orders by state, closed trades by exit reason."""

    @property
    def halts(self) -> Halts:
        """Halts by their cause, and the flatten that a person asked for."""

    def mode(self) -> ModeState:
        """Return the mode to show: the strictest of halts that stand, reconciled, risk latches and daily loss."""

    def set_reconciled(self, *, reconciled: bool, reason: str, now: datetime) -> None:
        """Persist whether this epoch's state is reconciled with the broker."""

    def risk_state(self, through: date | None = None) -> RiskState:
        """Return what the risk rules remember: that of the last decision, or as a person left it since.

        With `through`, for the next decision: the recorded trades that their stops closed since are among it, up to
        that session.
        """

    def set_risk_state(self, risk: RiskState, *, reason: str, actor: str, now: datetime) -> None:
        """Persist the risk rules' memory, with a latch set, or cleared by a person and the peak reset."""

    def record_differences(self, found: Sequence[Difference]) -> None:
        """Keep what a turn found to differ from the broker; the same again writes nothing."""

    def show(self, facts: Mapping[StatusKey, str]) -> None:
        """Show pages what is so now; a power failure may take it back, the same again writes nothing."""

    def keep(self, facts: Mapping[str, str]) -> None:
        """Keep small facts that the next start needs, in one durable step."""

    def value(self, key: str) -> str | None:
        """Return a small fact."""

    def record_bars(self, panel: Panel, lines: Mapping[str, NDArray[np.float64]]) -> int:
        """Keep the bars and the lines of the strategy's charts; return how many bars were new or changed."""
        ...


class Requests(Protocol):
    """Requests of people, stored by dashboard and command line; what can't be read or written is InvariantBroken."""

    def halt_file(self) -> OperatorRequest | None:
        """Return the file `state/HALT` as a request, whatever is in it; never raises."""

    def halt_file_done(self) -> None:
        """Move the file out of the way."""

    def pending(self) -> tuple[OperatorRequest, ...]:
        """Return the stored requests that nobody has answered yet, oldest first."""

    def take_up(self, request: OperatorRequest, now: datetime) -> None:
        """Record that a request is being carried out, before anything of it is."""

    def answer(self, request: OperatorRequest, text: str, now: datetime) -> None:
        """Record what was done, for the page that waits for it."""
