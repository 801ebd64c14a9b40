"""Calls to the API: paced, limited in time, reads repeated, writes never.

What an answer can mean whatever was asked (no session, too many requests, a failing server) is told apart here.
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import tenacity

from trading.errors import GatewayError, NotSent, OutcomeUnknown, OutOfTime, Refused, SessionLost, Suspended
from trading.gateway.fields import plain
from trading.gateway.json_text import JsonError, read_json, write_json
from trading.gateway.pacing import CutShort, Pacing
from trading.gateway.transport import HttpAnswer, Transport
from trading.model.account import mask_accounts
from trading.ports import Clock

log = logging.getLogger(__name__)

READ_S = 15.0

_ATTEMPTS = 3
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 4.0
_NEARLY = 0.9
_LATE = "not asked in the time that these reads may take"
# The texts by which the API says that nobody is logged in or that the brokerage session is gone.
_SESSION_TEXTS = ("no bridge", "no session", "init session first", "not authenticated", "unauthorized")
_ACCOUNTS_TEXT = "query /accounts first"
_BUSY_TEXTS = ("chart data unavailable", "too many history charts")


class AccountsFirst(Refused):
    """The API wants its list of accounts to be read first in this session."""


class Busy(Refused):
    """The API has not got the data at hand yet; asking again helps."""


@dataclass(slots=True)
class SessionCache:
    """What this session has asked for already: the API's first answers are empty, incomplete or refused until then."""

    accounts: tuple[str, ...] = ()
    portfolio: Mapping[str, object] | None = None
    """our account's row among those whose portfolio may be read"""
    trades: bool = False
    paged: bool = False
    """the gateway is an old one, which has only the paged list of positions"""
    silent: set[int] = field(default_factory=set)
    """contracts whose quote did not come whole in the time that it may take: nobody waits for it again"""

    def forget(self) -> None:
        """Forget it all: the session is another one."""
        self.accounts = ()
        self.portfolio = None
        self.trades = self.paged = False
        self.silent.clear()


class ApiClient:
    """The one way to the gateway."""

    def __init__(
        self, transport: Transport, pacing: Pacing, clock: Clock, rng: random.Random, read_s: float = READ_S
    ) -> None:
        """Send over `transport` at `pacing`; pauses are waits of `clock`, their jitter comes from `rng`."""
        self._transport = transport
        self._clock = clock
        self._rng = rng
        self._read_s = read_s
        self._reads_end = math.inf
        self.pacing = pacing
        self.session_cache = SessionCache()
        self.refusal = ""
        """what was answered last that there is no session, until that is taken in"""

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let reads in the block begin within so long, whichever thread they are asked by; a later one is OutOfTime.

        One that is under way is waited for as ever, but not repeated after that.
        """
        before, self._reads_end = self._reads_end, self._clock.monotonic() + seconds
        try:
            yield
        finally:
            self._reads_end = before

    def get(self, path: str, query: Mapping[str, str] | None = None, *, repeat: bool = True) -> object:
        """Return what a GET answers, read as JSON; asked up to three times when the gateway fails.

        Raises: GatewayError, by what the caller has to do.
        """
        return self._repeated("GET", path, query, None, repeat=repeat)

    def post(self, path: str, body: object = None, *, repeat: bool = True) -> object:
        """Return what a POST answers that changes nothing but the session or a cache; repeated like a read.

        Raises: GatewayError.
        """
        return self._repeated("POST", path, None, None if body is None else write_json(body), repeat=repeat)

    def probe(self, path: str) -> tuple[object, int | None]:
        """Return what one POST answers and the server's clock; let through once a minute while requests are suspended.

        Raises: GatewayError.
        """
        # A repeated probe would have to wait for a minute, and tell that instead of why the first one failed.
        return self._retrying(repeat=not self.pacing.penalised)(self._probe_once, path)

    def write(self, verb: str, path: str, body: bytes) -> HttpAnswer:
        """Send a write once and return whatever was answered.

        Raises: NotSent, OutcomeUnknown.
        """
        with self.pacing.request(verb, path):
            answer = self._exchange(verb, path, None, body or None)
        if answer.status == _TOO_MANY:
            # Kept before the next request leaves: whatever storage says, this answer counts first.
            self._suspend()
        return answer

    def pause(self, seconds: float) -> bool:
        """Wait by the clock and return whether all of the time passed: a control may end it early."""
        started = self._clock.monotonic()
        self._clock.wait(self._clock.now() + timedelta(seconds=seconds))
        return self._clock.monotonic() - started >= _NEARLY * seconds

    def _repeated(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, *, repeat: bool
    ) -> object:
        return self._retrying(repeat=repeat)(self._once, verb, path, query, body)

    def _retrying(self, *, repeat: bool) -> tenacity.Retrying:
        return tenacity.Retrying(
            stop=lambda state: state.attempt_number >= (_ATTEMPTS if repeat else 1) or self._out_of_time(),
            wait=self._pause_before,
            sleep=self._sleep,
            retry=tenacity.retry_if_exception(_worth_repeating),
            reraise=True,
        )

    def _out_of_time(self) -> bool:
        # Where there is no end no time is asked for: a simulated clock may be as far away as the gateway.
        return self._reads_end < math.inf and self._clock.monotonic() >= self._reads_end

    def _sleep(self, seconds: float) -> None:
        self.pause(seconds)

    def _pause_before(self, state: tenacity.RetryCallState) -> float:
        """Return the next pause: doubling, capped, and anywhere between half and all of it."""
        longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** (state.attempt_number - 1))
        return longest * (0.5 + 0.5 * self._rng.random())

    def _once(self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None) -> object:
        if self._out_of_time():
            raise OutOfTime(f"{verb} {mask_accounts(path)}", _LATE)  # noqa: TRY003
        with self.pacing.request(verb, path):
            answer = self._exchange(verb, path, query, body)
        try:
            return meaning(f"{verb} {mask_accounts(path)}", answer)
        except AccountsFirst:
            self.session_cache.accounts = ()
            raise
        except SessionLost as lost:
            self.session_cache.forget()
            self.refusal = str(lost)
            raise
        except Refused as error:
            if error.status == _TOO_MANY and not isinstance(error, Busy):
                self._suspend()
                self.pacing.keep()
            raise

    def _probe_once(self, path: str) -> tuple[object, int | None]:
        with self.pacing.request("POST", path, probe=True):
            answer = self._exchange("POST", path, None, None)
        if answer.status == _TOO_MANY:
            self._suspend()
        elif self.pacing.penalised:
            self.pacing.forgive()
            log.info("requests resumed")
        self.pacing.keep()
        return meaning(f"POST {path}", answer), answer.server_time_ms

    def _exchange(self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None) -> HttpAnswer:
        try:
            return self._transport.exchange(verb, path, query, body, self._read_s)
        except NotSent:
            # The gateway may have been restarted, and then its session is another one.
            self.session_cache.forget()
            raise

    def _suspend(self) -> None:
        self.pacing.penalise()
        log.warning("too many requests: all are suspended until a probe gets through")


WITHOUT_TEXT = "an error without a text"

_TOO_MANY = 429
_OK = range(200, 300)
_REDIRECTED = range(300, 400)
_SERVER_FAILED = 500
# Not logged in; "bridge blew up". 403 is a right that is missing for what was asked, with a session that is as good.
_NOT_LOGGED_IN = (401, 410)
_FORBIDDEN = 403


_IN_VAIN = (Suspended, CutShort, OutOfTime)


def _worth_repeating(error: BaseException) -> bool:
    return isinstance(error, NotSent | OutcomeUnknown | Busy) and not isinstance(error, _IN_VAIN)


def meaning(call: str, answer: HttpAnswer) -> object:
    """Return the JSON of a good answer to a read.

    Raises: SessionLost, nobody is logged in; Refused, it said no (`Busy` and `AccountsFirst` among them);
        OutcomeUnknown, the answer is of no use.
    """
    value, problem = _parsed(answer.body)
    error = envelope(value)
    if error is not None:
        _raise_for_text(call, error, answer.status)
    if answer.status == _TOO_MANY:
        raise Refused(call, "too many requests", answer.status)
    if answer.status in _NOT_LOGGED_IN or answer.status in _REDIRECTED:
        raise SessionLost(call, "not logged in", answer.status)
    if answer.status >= _SERVER_FAILED:
        raise OutcomeUnknown(call, plain(error or "the gateway failed"), answer.status)
    if answer.status not in _OK:
        raise Refused(call, plain(error or _unsaid(answer)), answer.status)
    if error is not None:
        raise Refused(call, plain(error), answer.status)
    if problem is not None:
        raise OutcomeUnknown(call, f"the answer is of no use: {problem}", answer.status)
    return value


def unusable(path: str, problem: object) -> OutcomeUnknown:
    """Return the error of a GET whose answer is not what it has to be."""
    return OutcomeUnknown(f"GET {mask_accounts(path)}", f"the answer is of no use: {problem}")


def rows_of(path: str, value: object) -> Sequence[Mapping[str, object]]:
    """Return a GET's answer, or a part of it, that has to be a list of objects.

    Raises: OutcomeUnknown, it isn't.
    """
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise unusable(path, "no list of objects")
    return value


def _parsed(body: bytes) -> tuple[object, JsonError | None]:
    try:
        return read_json(body), None
    except JsonError as problem:
        return None, problem


def envelope(value: object) -> str | None:
    """Return the text of the API's error envelope, None when the value is none."""
    if not isinstance(value, dict) or value.get("error") is None:
        return None
    text = value["error"]
    return text if isinstance(text, str) and text.strip() else WITHOUT_TEXT


def session_gone(text: str) -> bool:
    """Return whether an error text says that the session is gone."""
    return any(mark in text.lower() for mark in _SESSION_TEXTS)


def wants_accounts(text: str) -> bool:
    """Return whether an error text asks for the list of accounts to be read first."""
    return _ACCOUNTS_TEXT in text.lower()


def _raise_for_text(call: str, text: str, status: int) -> None:
    lowered = text.lower()
    problem: type[GatewayError] | None = None
    if session_gone(text):
        problem = SessionLost
    elif wants_accounts(text):
        problem = AccountsFirst
    elif any(mark in lowered for mark in _BUSY_TEXTS):
        problem = Busy
    if problem is not None:
        raise problem(call, plain(text), status)


def _unsaid(answer: HttpAnswer) -> str:
    """Return what is meant by an answer that refuses something without the API's words for it."""
    body = answer.body.strip()
    if body == b"Access Denied":
        # The gateway program, whatever an address that it doesn't know asks for.
        return "the gateway refuses this machine's address: see ips.allow in its conf.yaml"
    if answer.status != _FORBIDDEN:
        return "not known here"
    # The API says it in JSON.
    return "not allowed, by a web page: perhaps a firewall or a proxy" if body.startswith(b"<") else "not allowed"
