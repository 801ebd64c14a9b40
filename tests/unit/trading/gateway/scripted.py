"""A gateway within the process: answers by script, time that moves only when waited for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from tests.fakes.chance import seeded
from trading.errors import GatewayError
from trading.gateway import Gateway, connect
from trading.gateway.pacing import QUIET_AT_START_S
from trading.gateway.transport import HttpAnswer
from trading.ports import GatewayMemory

ACCOUNT = "DU1234567"
START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ACCOUNTS = {"accounts": [ACCOUNT], "selectedAccount": ACCOUNT}
PORTFOLIO_ACCOUNTS = [{"id": ACCOUNT, "accountId": ACCOUNT}]

Answer = HttpAnswer | GatewayError | Callable[["Call"], HttpAnswer]


class Call:
    """One exchange as it arrived."""

    def __init__(self, verb: str, path: str, query: Mapping[str, str], body: bytes | None, at: float) -> None:
        self.verb = verb
        self.path = path
        self.query = query
        self.body = body
        self.at = at

    def __repr__(self) -> str:
        return f"{self.verb} {self.path}"


class StillClock:
    """Time that moves only by waiting; an `impatient` one returns from every wait at once, as for a stop request."""

    def __init__(self, *, impatient: bool = False) -> None:
        self.elapsed = 0.0
        self.waits: list[float] = []
        self.impatient = impatient

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed

    def wait(self, until: datetime) -> None:
        seconds = max(0.0, (until - self.now()).total_seconds())
        self.waits.append(seconds)
        if not self.impatient:
            self.elapsed += seconds


class ScriptedTransport:
    """Answers each call by the script of its verb and path: one answer after the other, the last one for ever."""

    def __init__(self, clock: StillClock, answer_s: float = 0.0) -> None:
        self.calls: list[Call] = []
        self._clock = clock
        self._answer_s = answer_s
        self._scripts: dict[str, list[Answer]] = {}
        self.script("GET /iserver/accounts", good(ACCOUNTS))
        self.script("GET /portfolio/accounts", good(PORTFOLIO_ACCOUNTS))

    def script(self, call: str, *answers: Answer) -> None:
        self._scripts[call] = list(answers)

    def count(self, call: str) -> int:
        return sum(repr(each) == call for each in self.calls)

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        assert limit_s > 0.0
        call = Call(verb, path, query or {}, body, self._clock.monotonic())
        self.calls.append(call)
        self._clock.elapsed += self._answer_s
        script = self._scripts.get(repr(call))
        if not script:
            return HttpAnswer(404, b"<html><body><h1>Resource not found</h1></body></html>")
        answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, GatewayError):
            raise answer
        return answer if isinstance(answer, HttpAnswer) else answer(call)

    def close(self) -> None:
        """There is nothing to close."""


def good(value: object, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(value).encode())


def raw(body: bytes, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, body)


def failing(text: str, status: int = 400) -> HttpAnswer:
    return good({"error": text, "statusCode": status}, status)


class Desk:
    """A gateway over the script, with its clock."""

    def __init__(
        self,
        *,
        paced: bool = False,
        impatient: bool = False,
        answer_s: float = 0.0,
        memory: GatewayMemory | None = None,
    ) -> None:
        self.clock = StillClock(impatient=impatient)
        # The process has been quiet for as long as it has to be at its start.
        self.clock.elapsed = -QUIET_AT_START_S - 1.0
        self.transport = ScriptedTransport(self.clock, answer_s)
        self.script = self.transport.script
        self.count = self.transport.count
        self.gateway: Gateway = connect(
            "https://localhost:5055",
            ca_bundle=None,
            clock=self.clock,
            rng=seeded(),
            paced=paced,
            transport_to=lambda _url, _ca_bundle: self.transport,
            memory=memory,
        )
        self.clock.elapsed = 0.0
        self.session = self.gateway.session
        self.market_data = self.gateway.market_data
        self.api = self.gateway.api
        self.broker = self.gateway.broker(ACCOUNT)
