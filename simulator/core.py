"""The simulator without a socket: one call in, one answer out, with everything durable before the answer is given."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from simulator import instants
from simulator.clock import RunningClock
from simulator.config import SettingError, SimulatorConfig
from simulator.contracts import Contracts
from simulator.endpoints import ROUTES
from simulator.endpoints.control import CONTROL_ROUTES
from simulator.endpoints.login import LOGIN_ROUTES
from simulator.exchange import deeds, replay
from simulator.exchange.account import Account
from simulator.exchange.engine import Exchange
from simulator.faults import HANDLERS
from simulator.faults.context import Firing
from simulator.faults.plan import Fault, FaultPlan
from simulator.history import DailyHistory
from simulator.identifiers import Identifiers
from simulator.market import ReplayedMarket
from simulator.messages import Request, Response, bad_request, error, not_found, parse_query
from simulator.pacing import Pacing
from simulator.router import Needs, Router
from simulator.session import BrokerSession
from simulator.truth import TruthLog

API_PREFIXES = ("/v1/api", "/v1/portal")
TRUTH_FILE = "truth.jsonl"
CLOCK_MARK_EVERY_S = 5.0
"""real seconds after which a running clock leaves a mark, so that a restart does not go back further"""


class Simulator:
    """The whole simulated gateway; safe to be called from several threads."""

    def __init__(self, config: SimulatorConfig, market: ReplayedMarket, clock: RunningClock | None = None) -> None:
        """Build it on `market`, and go on where the state folder's log ends.

        Raises:
            StateMismatchError: the state belongs to other bars, another account or another version.
            SettingError: the start lies outside the bars.
        """
        self.config = config
        self.behaviour = config.behaviour
        self.market = market
        self.identifiers = Identifiers(config.seed)
        self.contracts = Contracts(market.panel.symbols)
        self.account = Account(config.account_id, config.cash)
        self.history = DailyHistory(market)
        log_path = config.state_dir / TRUTH_FILE if config.state_dir is not None else None
        if log_path is not None:
            log_path.parent.mkdir(parents=True, exist_ok=True)
        self.log = TruthLog(log_path)
        self.exchange = Exchange(
            market, self.contracts, self.account, self.log, self.identifiers, self.behaviour, self._first_instant()
        )
        self.session: BrokerSession = BrokerSession(self.behaviour)
        self.clock = clock or RunningClock(config.speed)
        self.pacing = Pacing(enabled=config.pacing)
        self.reported_events = 0
        self.questions_asked = 0
        self.orders_numbered = 0
        self.faults = FaultPlan(config.seed)
        self.remembered: dict[str, list[tuple[int, Response]]] = {}
        """earlier answers by path, for faults that answer with them"""
        self.extra_questions: list[tuple[str, str]] = []
        """what a fault asks beside the broker's own questions"""
        self.after_next_read: list[Request] = []
        self._postponed: list[tuple[int, Request]] = []
        self._lock = threading.Lock()
        self._router = Router(ROUTES)
        self._pages = Router((*LOGIN_ROUTES, *CONTROL_ROUTES))
        self._marked = self.clock.real()
        self._start()

    def _start(self) -> None:
        facts = {
            "version": 1,
            "bars": self.market.digest,
            "account": self.config.account_id,
            "cash": self.config.cash,
            "start": instants.iso(self.now_us),
            "seed": self.config.seed,
            "behaviour": self.behaviour,
        }
        self.log.append("start", self.exchange.now_us, **facts)
        for record in self.log.commands():
            self._count(record)
            replay.apply(self.exchange, record)
            if record["kind"] == "clock":
                self.reported_events = self.exchange.events
            elif record["kind"] in ("faults", "fault"):
                self._recall_faults(record)
        self.log.flush()
        self.clock.set(self.exchange.now_us)
        if self.config.auto_login:
            self.session.login(self.session_us, self.exchange.now_us)

    def _count(self, record: dict[str, Any]) -> None:
        """Go on with the numbers that ids are made from."""
        ids = record.get("order_ids", [])
        if record["kind"] == "question":
            self.questions_asked += 1
        if record["kind"] == "order":
            ids = [ticket["order_id"] for ticket in record["tickets"]]
        elif record["kind"] == "deed" and record["do"] in deeds.WITH_OWN_ORDER:
            ids = [record["order_id"]]
        for order_id in ids:
            self.orders_numbered = max(self.orders_numbered, self.identifiers.order_number(order_id))

    def _first_instant(self) -> int:
        days = self.market.days
        first_row = self.market.session_of_row(0)
        wanted = self.config.start or first_row.day.isoformat()
        for day in days:
            if day.day.isoformat() >= wanted and day.open_us <= self.market.end_us:
                return day.open_us
        problem = f"the bars end on {instants.new_york_day(self.market.end_us)}"
        raise SettingError("--start", problem)

    @property
    def now_us(self) -> int:
        """Return the simulated instant."""
        return self.exchange.now_us

    @property
    def session_us(self) -> int:
        """Return the instant by which sessions age: real time unless they are to age with the market."""
        return self.now_us if self.behaviour.session_clock == "simulated" else int(self.clock.real() * instants.SECOND)

    def handle(
        self, method: str, path: str, query: str = "", body: bytes = b"", cookies: dict[str, str] | None = None
    ) -> Response:
        """Answer one call; what it changed is with the operating system before this returns."""
        request = Request(method.upper(), path, parse_query(query), body, cookies=cookies or {})
        with self._lock:
            self._keep_time()
            response = self._answer(request)
            self.log.flush()
        return response

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other threads out, for a stream that reads the state; simulated time is brought up to date first."""
        with self._lock:
            self._keep_time()
            self.session.expire(self.session_us)
            yield
            self.log.flush()

    def tick(self) -> None:
        """Let a running clock run; called now and then when nobody calls."""
        with self._lock:
            self._keep_time()
            real = self.clock.real()
            if self.clock.speed > 0.0 and real - self._marked >= CLOCK_MARK_EVERY_S:
                self._marked = real
                self.exchange.move(self.exchange.now_us, stop_on_event=False)
            self.log.flush()

    def close(self) -> None:
        """Write everything to the disk."""
        with self._lock:
            self.log.close()

    def truth_lines(self, since: int) -> bytes:
        """Return the truth log from line number `since` on."""
        return self.log.lines(since)

    def note(self, kind: str, facts: dict[str, Any]) -> None:
        """Log something that arrived or was injected and changes nothing on the book."""
        self.log.append(kind, self.now_us, **facts)

    def next_order_id(self) -> int:
        """Return a new order id."""
        self.orders_numbered += 1
        return self.identifiers.order_id(self.orders_numbered)

    def advance(self, to_us: int, *, stop_on_event: bool) -> bool:
        """Move the clock, applying what a fault has postponed on the way; return whether it stopped at an event."""
        while self._postponed and self._postponed[0][0] <= to_us:
            at_us, request = self._postponed[0]
            if self.exchange.move(at_us, stop_on_event=stop_on_event):
                return True
            self._postponed.pop(0)
            self._apply(request)
        return self.exchange.move(to_us, stop_on_event=stop_on_event)

    def postpone(self, request: Request, seconds: float) -> None:
        """Apply a call some simulated seconds from now."""
        self._postponed.append((self.now_us + int(seconds * instants.SECOND), request))
        self._postponed.sort(key=lambda entry: entry[0])

    def proceed_with(self, request: Request, body: bytes) -> Response:
        """Apply a call with another body."""
        return self._apply(replace(request, body=body))

    def carry_out(self, body: dict[str, Any]) -> dict[str, Any]:
        """Carry out a deed.

        Raises:
            DeedError: it is none, or is impossible.
        """
        facts = deeds.check(self.exchange, body)
        if facts["do"] in deeds.WITH_OWN_ORDER:
            facts["order_id"] = self.next_order_id()
        return self.exchange.deed(facts)

    def plan_faults(self, faults: list[Fault], *, clear: bool, seed: int | None) -> None:
        """Switch faults on, and put them into the truth log."""
        self.note("faults", {"faults": faults, "clear": clear, "seed": seed})
        self.faults.install(faults, clear=clear, seed=seed)

    def _recall_faults(self, record: dict[str, Any]) -> None:
        if record["kind"] == "faults":
            faults = msgspec.convert(record["faults"], list[Fault])
            self.faults.install(faults, clear=record["clear"], seed=record["seed"])
        else:
            planned = self.faults.planned[record["index"]]
            planned.matched += 1
            planned.fired += 1

    def _keep_time(self) -> None:
        due = self.clock.due()
        if due is None:
            return
        while self._postponed and self._postponed[0][0] <= due:
            at_us, request = self._postponed.pop(0)
            self.exchange.drift(at_us)
            self._apply(request)
        self.exchange.drift(due)

    def _answer(self, request: Request) -> Response:
        found = self._pages.find(request)
        if found is not None:
            return found[0].handler(self, found[1])
        for prefix in API_PREFIXES:
            if request.path.startswith(prefix + "/"):
                return self._api(replace(request, path=request.path[len(prefix) :]))
        return not_found()

    def _api(self, request: Request) -> Response:
        self.session.touch(self.session_us)
        if self.behaviour.nightly_reset:
            self.session.reset_at_midnight(instants.new_york_day(self.now_us))
        proceed = partial(self._apply, request)
        if self.faults.planned:
            for planned in reversed(self.faults.firing(request, self.now_us)):
                index = self.faults.planned.index(planned)
                self.note("fault", {"id": planned.fault.id, "index": index, "path": request.path})
                firing = Firing(self, planned.fault, request, proceed)
                proceed = partial(HANDLERS[planned.fault.id], firing)
        response = proceed()
        if request.method == "GET" and self.after_next_read:
            waiting, self.after_next_read = self.after_next_read, []
            for late in waiting:
                self._apply(late)
        return response

    def _apply(self, request: Request) -> Response:
        limited = self.pacing.check(request, self.clock.real())
        if limited is not None:
            return limited
        found = self._router.find(request)
        if found is None:
            return not_found() if self.session.sso else Response(401)
        route, matched = found
        return self._refused(route.needs) or route.handler(self, matched)

    def _refused(self, needs: Needs) -> Response | None:
        session = self.session
        if needs >= Needs.SSO and not session.sso:
            return Response(401)
        if needs >= Needs.BROKERAGE and not session.authenticated:
            return (
                error(400, "Init session first", code=True)
                if session.authenticated_after_us
                else bad_request("no bridge")
            )
        if needs >= Needs.ACCOUNTS and not session.caches.accounts_called:
            return bad_request("Please query /accounts first")
        return None
