"""The simulator without a socket: one call in, one answer out, with everything durable before the answer is given."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from simulator import outages, schedule
from simulator.arrivals import note_answer, note_arrival
from simulator.broker import Broker
from simulator.clock import RunningClock
from simulator.config import SimulatorConfig
from simulator.endpoints import ROUTES
from simulator.endpoints.control import CONTROL_ROUTES
from simulator.endpoints.login import LOGIN_ROUTES
from simulator.fault_plan import STREAM
from simulator.faults import chain
from simulator.market.replayed import ReplayedMarket
from simulator.messages import Request, Response, bad_request, error, not_found, parse_query
from simulator.pacing import Limit, refusal
from simulator.recovery import recover
from simulator.router import Needs, Router
from simulator.truth import TruthLog

API_PREFIXES = ("/v1/api", "/v1/portal")
TRUTH_FILE = "truth.jsonl"
CLOCK_MARK_EVERY_S = 5.0
"""real seconds after which a running clock leaves a mark, so that a restart does not go back further"""

_CALLS = Router(ROUTES)
_PAGES = Router((*LOGIN_ROUTES, *CONTROL_ROUTES))


class Simulator:
    """The whole simulated gateway; safe to be called from several threads."""

    def __init__(self, config: SimulatorConfig, market: ReplayedMarket, clock: RunningClock | None = None) -> None:
        """Build it on `market`, and go on where the state folder's log ends.

        Raises:
            StateMismatchError: the state belongs to other bars, another account or another version.
            SettingError: the start lies outside the bars.
        """
        log_path = config.state_dir / TRUTH_FILE if config.state_dir is not None else None
        if log_path is not None:
            log_path.parent.mkdir(parents=True, exist_ok=True)
        self.broker = Broker(config, market, TruthLog(log_path), clock)
        self._lock = threading.Lock()
        self._marked = self.broker.clock.real()
        self.broker.apply_call = self._apply
        recover(self.broker)
        schedule.resume(self.broker)
        self._await_reset()
        if config.auto_login:
            self.broker.session.login(self.broker.session_us, self.broker.now_us)
            self.broker.log.flush()

    def handle(
        self, method: str, path: str, query: str = "", body: bytes = b"", cookies: dict[str, str] | None = None
    ) -> Response:
        """Answer one call; what it changed is with the operating system before this returns.

        Raises:
            LogLostError: it isn't, and the call must not be answered.
        """
        request = Request(method.upper(), path, parse_query(query), body, cookies=cookies or {})
        with self._turn():
            return self._answer(request)

    def refuse(self, method: str, path: str, limit: Limit) -> Response:
        """Answer a call that is over a limit which only the server can see."""
        with self._turn():
            return self._limited(Request(method.upper(), _below_prefix(path) or path), limit)

    def refuse_websocket(self) -> Response | None:
        """Return what the opening of a websocket is told that is over the limits, None for one within them."""
        request = Request("GET", "/ws")
        with self._turn() as broker:
            over = broker.pacing.check(request, broker.clock.real())
            return None if over is None else self._limited(request, over)

    @contextmanager
    def locked(self) -> Iterator[Broker]:
        """Keep other threads out, for a stream that reads the broker; simulated time is brought up to date first."""
        with self._turn() as broker:
            broker.session.expire(broker.session_us)
            yield broker

    @contextmanager
    def _turn(self) -> Iterator[Broker]:
        """Keep other threads out, bring simulated time up to date, and in the end write down what was changed."""
        with self._lock:
            try:
                self.broker.keep_time()
                yield self.broker
            finally:
                self.broker.log.flush()

    def taken_in(self, method: str, path: str) -> int | None:
        """Return after how many bytes of its body a fault breaks a call off, None for a call that arrives whole."""
        if not self.broker.faults.planned:
            return None
        with self._lock:
            self.broker.keep_time()
            return chain.taken_in(self.broker, Request(method.upper(), _below_prefix(path) or path))

    def deliver(self, message: bytes) -> Response:
        """Return a message of the websocket as the faults let it leave."""
        with self._lock:
            response = chain.answer(self.broker, Request(STREAM, "/ws", body=message), _as_it_is)
            self.broker.log.flush()
        return response

    def tick(self) -> None:
        """Let a running clock run; called now and then when nobody calls."""
        with self._turn() as broker:
            real = broker.clock.real()
            if broker.clock.speed > 0.0 and real - self._marked >= CLOCK_MARK_EVERY_S:
                self._marked = real
                broker.exchange.move(broker.now_us, stop_on_event=False)
            broker.session.expire(broker.session_us)

    def close(self) -> None:
        """Write everything to the disk."""
        with self._lock:
            self.broker.log.close()

    def _await_reset(self) -> None:
        """Put the next reset of the broker's systems onto the timeline."""
        at_us = outages.next_reset(self.broker.behaviour, self.broker.now_us)
        if at_us is not None:
            self.broker.timeline.add(at_us, self._reset)

    def _reset(self) -> None:
        self.broker.session.reset()
        self._await_reset()

    def _answer(self, request: Request) -> Response:
        path = _below_prefix(request.path)
        if path is not None:
            return self._api(Request(request.method, path, request.query, request.body, cookies=request.cookies))
        found = _PAGES.find(request)
        return not_found() if found is None else found[0].handler(self.broker, found[1])

    def _api(self, request: Request) -> Response:
        broker = self.broker
        broker.session.touch(broker.session_us, broker.now_us)
        note_arrival(broker, request)
        response = chain.answer(broker, request, self._apply)
        note_answer(broker, response)
        return response

    def _apply(self, request: Request) -> Response:
        broker = self.broker
        over = broker.pacing.check(request, broker.clock.real())
        if over is not None:
            return self._limited(request, over)
        outage = outages.answer_during_outage(broker.behaviour, broker.now_us)
        if outage is not None:
            return outage
        found = _CALLS.find(request)
        if found is None:
            return not_found() if broker.session.sso else Response(401)
        route, matched = found
        return self._refused(route.needs) or route.handler(broker, matched)

    def _limited(self, request: Request, limit: Limit) -> Response:
        self.broker.note("limited", {"method": request.method, "path": request.path, "limit": limit})
        return refusal(limit)

    def _refused(self, needs: Needs) -> Response | None:
        session = self.broker.session
        if needs >= Needs.SSO and not session.sso:
            return Response(401)
        if needs >= Needs.BROKERAGE and not session.established:
            return error(400, "Init session first", code=True) if session.is_opening else bad_request("no bridge")
        if needs >= Needs.ACCOUNTS and not session.caches.accounts_called:
            return bad_request("Please query /accounts first")
        return None


def _below_prefix(path: str) -> str | None:
    """Return a call's path within the API, None for one outside it."""
    prefix = next((prefix for prefix in API_PREFIXES if path.startswith(f"{prefix}/")), None)
    return None if prefix is None else path[len(prefix) :]


def _as_it_is(message: Request) -> Response:
    return Response(200, message.body)
