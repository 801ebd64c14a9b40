"""The simulated broker as the API's calls see it: session, account, exchange, contracts, history, and their clock."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

import msgspec

from simulator import instants
from simulator.clock import RunningClock
from simulator.config import SettingError, SimulatorConfig
from simulator.exchange import external_events
from simulator.exchange.account import Account
from simulator.exchange.engine import Exchange
from simulator.fault_plan import FaultPlan, Memory, Planned
from simulator.identifiers import Identifiers
from simulator.market.contracts import Contracts
from simulator.market.history import DailyHistory
from simulator.market.replayed import ReplayedMarket
from simulator.market.studies import DailyStudies
from simulator.messages import Request, Response, unavailable
from simulator.pacing import Pacing
from simulator.session import BrokerSession, Event
from simulator.timeline import Action, Timeline
from simulator.truth import TruthLog
from simulator.user_records import UserRecords


class Broker:
    """Everything that calls read and change. One thread at a time: whoever calls holds the simulator's lock."""

    def __init__(
        self, config: SimulatorConfig, market: ReplayedMarket, log: TruthLog, clock: RunningClock | None = None
    ) -> None:
        """Open with an empty book at the configured start.

        Raises:
            SettingError: the start lies outside the bars.
        """
        self.config = config
        self.behaviour = config.behaviour
        self.market = market = market.fresh()
        self.log = log
        self.identifiers = Identifiers(config.seed)
        self.contracts = Contracts(market.panel.symbols)
        self.account = Account(config.account_id, config.cash)
        self.history = DailyHistory(market)
        self.studies = DailyStudies(market)
        self.exchange = Exchange(
            market, self.contracts, self.account, log, self.identifiers, self.behaviour, _first_instant(config, market)
        )
        self.session = BrokerSession(self.behaviour, record=self._note_session)
        self.clock = clock or RunningClock(config.speed)
        self.pacing = Pacing(enabled=config.pacing)
        self.timeline = Timeline()
        self.user_records = UserRecords()
        self.faults = FaultPlan(config.seed)
        self.reported_events = 0
        self.questions_asked = 0
        self.orders_numbered = 0
        self.memory = Memory()
        self.apply_call: Callable[[Request], Response] = _answer_nothing
        """applies a call, past all faults"""
        self.extra_questions: list[tuple[str, str]] = []
        """what a fault asks beside the broker's own questions"""
        self.arrival: int | None = None
        """the number of the log's line with the write that is being answered, None for any other call"""
        self.scheduled: list[dict[str, Any]] = []
        """external events with their times, as they were asked for"""
        self.scheduled_done: set[int] = set()
        self.user_records.post("SM", "Simulated account", "Nothing here is traded for real.", self.now_us)

    @property
    def now_us(self) -> int:
        """Return the simulated instant."""
        return self.exchange.now_us

    @property
    def session_us(self) -> int:
        """Return the instant by which sessions age: real time unless they are to age with the market."""
        return self.now_us if self.behaviour.session_clock == "simulated" else int(self.clock.real() * instants.SECOND)

    def note(self, kind: str, facts: dict[str, Any]) -> None:
        """Log something that arrived or was injected and changes nothing on the book."""
        self.log.append(kind, self.now_us, **facts)

    def _note_session(self, event: Event) -> None:
        session = self.session
        state = {"login": session.sso, "authenticated": session.authenticated}
        self.note("session", {"event": event, "epoch": session.epoch, **state})

    def next_order_id(self) -> int:
        """Return a new order id; never that of a live order or of its parent, should the numbers have gone back."""
        live = self.exchange.book.live
        taken = live.keys() | {order.ticket.parent_id for order in live.values()}
        while True:
            self.orders_numbered += 1
            order_id = self.identifiers.order_id(self.orders_numbered)
            if order_id not in taken:
                return order_id

    def advance(self, to_us: int, *, stop_on_event: bool) -> bool:
        """Move the clock, doing what the timeline holds on the way; return whether it stopped at an event."""
        while (at_us := self.timeline.next_us()) is not None and at_us <= to_us:
            if self.exchange.move(at_us, stop_on_event=stop_on_event):
                return True
            before = self.exchange.events
            self.timeline.pop()()
            if stop_on_event and self.exchange.events > before:
                return True
        return self.exchange.move(to_us, stop_on_event=stop_on_event)

    def keep_time(self) -> None:
        """Bring a running clock up to date, doing what the timeline holds on the way."""
        due = self.clock.due()
        if due is None:
            return
        while (at_us := self.timeline.next_us()) is not None and at_us <= due:
            self.exchange.drift(at_us)
            self.timeline.pop()()
        self.exchange.drift(due)

    def later(self, seconds: float, action: Action) -> None:
        """Let `action` happen some simulated seconds from now."""
        self.timeline.add(self.now_us + int(seconds * instants.SECOND), action)

    def carry_out(self, body: dict[str, Any], *, entry: int | None = None) -> dict[str, Any]:
        """Carry out an external event, or one that an entry of the schedule asks for.

        Raises:
            ExternalEventError: it is none, or is impossible.
        """
        facts = external_events.check(self.exchange, body)
        if facts["do"] in external_events.WITH_OWN_ORDER:
            facts["order_id"] = self.next_order_id()
        if entry is not None:
            facts["entry"] = entry
        return external_events.carry_out(self.exchange, facts)

    def plan_faults(self, faults: list[Planned], *, clear: bool, seed: int | None) -> None:
        """Switch faults on, and put them into the truth log."""
        self.note("faults", {"faults": [planned.fault for planned in faults], "clear": clear, "seed": seed})
        self.faults.install(faults, clear=clear, seed=seed)
        if clear:
            self._undo_faults()

    def _undo_faults(self) -> None:
        """End what outlives the firing of a fault that is taken off: the limits and the choices are the configured."""
        self.pacing.go_back_to(enabled=self.config.pacing)
        configured = self.config.behaviour.child_activation
        if self.behaviour.child_activation != configured:
            self.note("behaviour", {"child_activation": configured})
            self.behave(child_activation=configured)

    def behave(self, **choices: object) -> None:
        """Change some of the broker's choices from now on; the caller puts it into the log."""
        self.behaviour = self.exchange.behaviour = msgspec.structs.replace(self.behaviour, **choices)


def _answer_nothing(_request: Request) -> Response:
    """Stand in until there is something that answers calls."""
    return unavailable()


def _first_instant(config: SimulatorConfig, market: ReplayedMarket) -> int:
    days = market.days
    wanted = config.start or market.session_of_row(0).day.isoformat()
    at = bisect_left(days, wanted, key=lambda day: day.day.isoformat())
    if at < len(days) and days[at].open_us <= market.end_us:
        return days[at].open_us
    problem = f"the bars end on {instants.new_york_day(market.end_us)}"
    raise SettingError("--start", problem)
