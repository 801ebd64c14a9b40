"""Everything that is asked of the gateway, one thing after the other; what needs an answer that did not come is left.

Nothing is changed there, and little is asked: a running trading process, whose session it is, needs the API's limits
for itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from trading.cli.doctor import account, connection, market, processes
from trading.cli.doctor.connection import Reached, Shown
from trading.cli.doctor.findings import Finding, Look, bad, guarded, note
from trading.cli.doctor.limited_transport import LimitedTransport, Limits, Times
from trading.config import Settings
from trading.errors import ConfigError, GatewayError, Refused, SessionLost, Suspended
from trading.gateway import Gateway, connect
from trading.gateway.clocks import LockstepClock, WakeUp
from trading.gateway.inspection import DayQuote, Inspection
from trading.gateway.transport import HttpTransport, Transport, TransportTo
from trading.market.calendar import TradingCalendar, calendar_around
from trading.model.contract import ContractPin
from trading.model.exchange_time import exchange_date
from trading.monitoring.wall_clock import WallClock
from trading.store.gateway_memory import StoredGatewayMemory

ALL_S, ANSWER_S = 12.0, 4.0
_MOST_CALLS, _FEW_CALLS, _FEW_APART_S = 40, 6, 1.0
_MOST_SYMBOLS = 250
_QUOTE_LOOKS, _QUOTE_PAUSE_S = 4, 0.5
_LEFT_ALONE = "a running trading process needs the gateway for itself"
_ASK_AGAIN = "ask again in a minute"


def _real_times() -> Times:
    clock = WallClock()
    return Times(clock.now, clock.monotonic, clock.pause)


@dataclass(frozen=True, slots=True)
class Outside:
    """What is met outside of this process; tests bring their own."""

    times: Times
    transport_to: TransportTo = HttpTransport
    reach: Callable[[str], Reached] = connection.reach
    shake_hands: Callable[[Reached, Path | None], Shown] = connection.shake_hands
    calendar: Callable[[date], TradingCalendar] = calendar_around


def real() -> Outside:
    """Return the network and the clocks of this machine."""
    return Outside(_real_times())


class BrokerLook:
    """One look at the gateway and what is behind it."""

    def __init__(self, settings: Settings, user: int, outside: Outside) -> None:
        """Look as `user`, whose files alone are read."""
        self._settings = settings
        self._outside = outside
        self._times = outside.times
        self._facts, _ = processes.kept_facts(settings, user)
        # A simulated gateway has no limits that somebody could use up.
        self._stands_back = not settings.simulated and processes.runs(settings)
        self._limits = Limits(
            until=self._times.monotonic() + ALL_S,
            calls=_FEW_CALLS if self._stands_back else _MOST_CALLS,
            apart_s=_FEW_APART_S if self._stands_back else 0.0,
            answer_s=ANSWER_S,
        )
        self._made: list[LimitedTransport] = []
        self._stop = ""
        questions = {
            "login": self._login,
            "account": self._account,
            "currency": self._currency,
            "clock": self._clock,
            "symbols": self._symbols,
            "data": self._data,
            "volume": self._volume,
        }
        # A simulated market's clock was asked for already.
        self._questions = [each for each in questions.items() if each[0] != "clock" or not settings.simulated]
        self._skipped: dict[str, list[str]] = {}
        self._now: datetime | None = None
        self._account_id: str | None = None
        self._no_account = "which account is meant could not be found out"
        self._pin: ContractPin | None = None
        self._quote: DayQuote | None = None

    def findings(self) -> Iterator[Finding]:
        """Look at one thing after the other."""
        yield from self._way()
        if self._settings.simulated:
            yield from self._steps((("clock", self._simulated_clock), ("calendar", self._calendar)))
        if self._stop:
            self._skip(self._stop, *(name for name, _ in self._questions))
        else:
            gateway = self._connected()
            yield from self._steps([(name, partial(ask, gateway)) for name, ask in self._questions])
        for transport in self._made:
            transport.close()
        if self._skipped:
            listed = "; ".join(f"{', '.join(names)}: {why}" for why, names in self._skipped.items())
            yield note("broker", f"not looked at: {listed}")

    def _steps(self, steps: Sequence[tuple[str, Look]]) -> Iterator[Finding]:
        for name, look in steps:
            self._stop = self._stop or next((transport.over for transport in self._made if transport.over), "")
            if self._stop:
                self._skip(self._stop, name)
            else:
                yield from guarded(name, partial(self._answered, name, look))

    def _skip(self, why: str, *names: str) -> None:
        self._skipped.setdefault(why, []).extend(names)

    def _answered(self, name: str, look: Look) -> Iterator[Finding]:
        try:
            yield from look()
        except GatewayError as error:
            yield unanswered(name, error, self._settings.gateway.url)
            if name in {"login", "clock"}:
                self._stop = "the gateway gave no usable answer"

    # ---- the way there

    def _way(self) -> Iterator[Finding]:
        url = self._settings.gateway.url
        reached = self._outside.reach(url)
        yield connection.listening(reached)
        if not reached.open:
            self._stop = "the gateway does not answer"
            return
        shown = self._outside.shake_hands(reached, self._settings.trusted_certificates)
        yield connection.certificate(shown, self._times.now())
        if shown.distrust is not None:
            self._stop = "there is no trusted connection"

    def _transport(self, url: str, ca_bundle: Path | None) -> Transport:
        made = LimitedTransport(self._outside.transport_to(url, ca_bundle), self._limits, self._times)
        self._made.append(made)
        return made

    def _connected(self) -> Gateway:
        return connect(
            self._settings.gateway.url,
            ca_bundle=self._settings.trusted_certificates,
            clock=_LookClock(self._times, self._limits.until, self._now),
            rng=secrets.SystemRandom(),
            paced=not self._settings.simulated,
            parallel=False,
            read_s=ANSWER_S,
            transport_to=self._transport,
            memory=StoredGatewayMemory(_Kept(self._facts)),
        )

    # ---- what is asked there

    def _simulated_clock(self) -> Iterator[Finding]:
        url = self._settings.gateway.url.rstrip("/") + "/sim"
        told = LockstepClock(self._transport(url, self._settings.trusted_certificates), WakeUp(), 0.0)
        self._now = told.now()
        yield account.simulated_clock(self._now, ended=told.ended)

    def _calendar(self) -> Iterator[Finding]:
        yield from calendar(self._outside, self._now)

    def _login(self, gateway: Gateway) -> Iterator[Finding]:
        if self._stands_back:
            found = account.login_told(self._facts)
        else:
            found = account.login(gateway.session.keep_alive(), self._settings)
        yield found
        if found.verdict != "ok":
            self._stop = "without a session nothing is answered"

    def _account(self, gateway: Gateway) -> Iterator[Finding]:
        accounts = gateway.session.accounts()
        try:
            found = account.account(accounts, self._settings)
        except ConfigError as error:
            self._no_account = "no account is configured"
            yield account.account_unknown(error)
            return
        yield found
        wanted = account.chosen(accounts, self._settings)
        if wanted in accounts:
            self._account_id = wanted
        else:
            self._no_account = "the account is not among those of this login"

    def _currency(self, gateway: Gateway) -> Iterator[Finding]:
        if self._stands_back:
            self._skip(_LEFT_ALONE, "currency")
        elif self._account_id is None:
            self._skip(self._no_account, "currency")
        else:
            yield account.currency(gateway.broker(self._account_id).account())

    def _clock(self, _gateway: Gateway) -> Iterator[Finding]:
        yield account.clock(next((made.skew_s for made in self._made if made.skew_s is not None), None))

    def _symbols(self, gateway: Gateway) -> Iterator[Finding]:
        if not self._settings.simulated and not self._settings.tickers:
            self._skip("TICKERS names none", "symbols")
            return
        from trading.bootstrap import symbols_of

        wanted = symbols_of(self._settings)
        asked = wanted[:_MOST_SYMBOLS]
        pins, reasons = gateway.market_data.pins(asked)
        self._pin = market.first(pins, asked)
        guesses = {name: other for name in reasons if (other := market.spelled_otherwise(name)) is not None}
        known = gateway.market_data.pins(sorted(guesses.values()))[0] if guesses else {}
        others = {name: other for name, other in guesses.items() if other in known}
        yield market.symbols(pins, reasons, others, len(wanted) - len(asked))

    def _data(self, gateway: Gateway) -> Iterator[Finding]:
        if self._pin is None:
            self._skip("no symbol means a contract", "data")
            return
        inspection = Inspection(gateway.session)
        for look in range(_QUOTE_LOOKS):
            if look:
                self._times.pause(_QUOTE_PAUSE_S)
            self._quote = inspection.quote(self._pin.conid)
            if self._quote.complete:
                break
        yield market.permission(
            self._pin.symbol,
            None if self._quote is None else self._quote.availability,
            require_realtime=self._settings.execution.require_realtime,
        )

    def _volume(self, gateway: Gateway) -> Iterator[Finding]:
        if self._stands_back or self._pin is None:
            self._skip(_LEFT_ALONE if self._stands_back else "no symbol means a contract", "volume")
            return
        now = self._now or self._times.now()
        today = exchange_date(now)
        day_volume = None if self._quote is None else self._quote.volume
        bar = Inspection(gateway.session).newest_bar(self._pin.conid)
        session = self._outside.calendar(today).session(today)
        yield market.volumes(self._pin.symbol, bar, day_volume, session, now)


def calendar(outside: Outside, now: datetime | None = None) -> Iterator[Finding]:
    """Look at the exchange's calendar as of `now`, by default this machine's time.

    It reaches as far as that of a trading system, which goes by this machine's year.
    """
    known = outside.calendar(outside.times.now().date())
    yield market.calendar(known, now or outside.times.now())


def unanswered(name: str, error: GatewayError, page: str) -> Finding:
    """Judge why there was no answer."""
    match error:
        case Suspended():
            return note(name, error.cause, "nothing: ask again in a quarter of an hour")
        case SessionLost():
            return bad(name, error.reason, f"log in at {page}")
        case Refused():
            return bad(
                name, f"refused: {error}", "see ips.allow in the gateway's conf.yaml, a firewall, or the account"
            )
        case _ if name in {"login", "clock"}:
            fix = "see that there is a way to IBKR's servers; after five minutes restart the gateway and log in again"
            return bad(name, f"the gateway takes requests and gives no answer of use: {error}", fix)
        case _:
            return note(name, f"could not be read: {error}", _ASK_AGAIN)


class _LookClock:
    """Time for the gateway's client: the market's stands still where it is simulated, and waiting is real and short."""

    def __init__(self, times: Times, until: float, told: datetime | None) -> None:
        self._times = times
        self._until = until
        self._told = told

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        return self._told or self._times.now()

    def monotonic(self) -> float:
        """Return real seconds."""
        return self._times.monotonic()

    def wait(self, until: datetime) -> None:
        """Wait in real time, no longer than anything may be asked."""
        left = timedelta(seconds=max(self._until - self._times.monotonic(), 0.0))
        seconds = min(until - self.now(), left).total_seconds()
        if seconds > 0.0:
            self._times.pause(seconds)


class _Kept:
    """What the trading process has kept, for reading alone."""

    def __init__(self, facts: Mapping[str, str]) -> None:
        self._facts = facts

    def keep(self, facts: Mapping[str, str]) -> None:
        """Keep nothing: that is for the trading process."""

    def value(self, key: str) -> str | None:
        """Return a small fact."""
        return self._facts.get(key)
