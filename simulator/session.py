"""The two sessions of a login: the outer SSO session, and the brokerage session that everything below /iserver needs.

What a brokerage session has already been asked (its caches are cold at first: first order list, first trades, first
snapshot of a contract) is kept here and gone with it. Every change is told to `record`, whose lines are the truth
log's: a brokerage session's `epoch` counts up with each one that is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from simulator import instants
from simulator.config import Behaviour
from simulator.exchange.orders import Ticket

GATEWAY_PING_US = 300 * instants.SECOND
"""how often the gateway program keeps the SSO session alive by itself"""
GATEWAY_TICKLE_US = 30 * instants.SECOND


class Event(StrEnum):
    """What can happen to a session."""

    LOGIN = "login"
    INIT = "init"
    """the brokerage session is opened anew"""
    AUTHENTICATED = "authenticated"
    """it is open after the time that opening takes"""
    COMPETING = "competing"
    """another login of the same user took the brokerage session"""
    LOST = "lost"
    IDLE = "idle"
    """nobody called for the time-out"""
    RESET = "reset"
    """the nightly reset, or the beginning of maintenance"""
    LOGOUT = "logout"
    EXPIRED = "expired"
    """the login is over its longest life, or nothing kept it alive"""


@dataclass(slots=True)
class PendingQuestion:
    """Orders that wait for `confirmed`; `left` are the message ids still to be asked."""

    reply_id: str
    tickets: tuple[Ticket, ...]
    message_ids: tuple[str, ...]
    messages: tuple[str, ...]
    asked_us: int
    left: tuple[tuple[str, str], ...] = ()
    modifies: bool = False
    refused: tuple[str, ...] = ()
    """why others of the same call were refused"""


@dataclass(slots=True)
class Caches:
    """What this brokerage session was asked before."""

    accounts_called: bool = False
    order_list_calls: int = 0
    trades_calls: int = 0
    pnl_calls: int = 0
    snapshot_calls: dict[int, int] = field(default_factory=dict)
    """by contract, since its stream was opened"""
    quoted: set[int] = field(default_factory=set)
    """contracts of which a snapshot was ever asked for"""
    coids: set[str] = field(default_factory=set)
    suppressed: set[str] = field(default_factory=set)
    pending: dict[str, PendingQuestion] = field(default_factory=dict)
    invalidated: set[str] = field(default_factory=set)
    prompts: dict[str, PendingQuestion] = field(default_factory=dict)
    """what waits for a choice through /iserver/notification, by request id"""


def _unrecorded(_event: Event) -> None:
    """Tell nobody."""


class BrokerSession:
    """Who is logged in, and what the session remembers; every instant is one of the session's clock."""

    def __init__(
        self, behaviour: Behaviour, username: str = "user1234", record: Callable[[Event], None] = _unrecorded
    ) -> None:
        """Start with nobody logged in."""
        self.behaviour = behaviour
        self.username = username
        self.sso = False
        self.authenticated = False
        self.established = False
        """whether it may be used: a moment later than authenticated, where the broker takes its time"""
        self.connected = False
        self.competing = False
        self.fail = ""
        self.farm_open = False
        """whether a session with the market data farm was opened"""
        self.epoch = 0
        """how many brokerage sessions there have been"""
        self.login_us = 0
        self.shown_login_us = 0
        self.shown_access_us = 0
        self.accessed_us = 0
        self.authenticated_after_us: int | None = None
        """when the session that is being opened will be open"""
        self.caches = Caches()
        self.portfolio_calls: dict[str, int] = {}
        """how often each call was asked that is sparse at first"""
        self.last_event: Event | None = None
        self._tell = record
        self._established_after_us: int | None = None
        self._contested = False
        self._taken_again_us: int | None = None
        self._kept_us = 0
        """when the SSO session was last kept alive by a call"""
        self._before_us = 0
        """how long the SSO session had been left alone before the call that is being answered"""
        self._tickled_us = 0
        self._second_factor_until_us: int | None = None

    @property
    def is_opening(self) -> bool:
        """Return whether a brokerage session is being opened."""
        return self.authenticated_after_us is not None or self._established_after_us is not None

    def _record(self, event: Event) -> None:
        self.last_event = event
        self._tell(event)

    # ---- opening

    def ask_second_factor(self, now_us: int) -> None:
        """Wait for the second factor of a login, for as long as the broker does."""
        self._second_factor_until_us = now_us + _us(self.behaviour.second_factor_s)

    def forget_second_factor(self) -> None:
        """Let a login that waits for its second factor fail."""
        self._second_factor_until_us = None

    def awaits_second_factor(self, now_us: int) -> bool:
        """Return whether a login waits for its second factor."""
        return self._second_factor_until_us is not None and now_us < self._second_factor_until_us

    def login(self, now_us: int, market_us: int) -> None:
        """Open both sessions, as a browser login does; `market_us` is the simulated time that the answers show."""
        self.forget_second_factor()
        self.sso = True
        self.shown_login_us = self.shown_access_us = market_us
        self.login_us = self.accessed_us = self._kept_us = self._tickled_us = now_us
        self._before_us = 0
        self._contested = False
        if self.behaviour.login_opens_brokerage:
            self._open(now_us, now_us)
        else:
            self._close_brokerage(competing=False)
            self.connected = True
        self._record(Event.LOGIN)

    def open_brokerage(self, now_us: int, *, ready_us: int | None = None) -> None:
        """Open the brokerage session anew, at `ready_us` where that takes time; its caches are cold."""
        self._open(now_us, now_us if ready_us is None else ready_us)
        self._record(Event.INIT)

    def _open(self, now_us: int, ready_us: int) -> None:
        self.epoch += 1
        self.caches = Caches()
        self.portfolio_calls = {}
        self.competing = self.farm_open = False
        self.connected = True
        self.fail = ""
        self.accessed_us = now_us
        wait_us = _us(self.behaviour.competitor_returns_s)
        self._taken_again_us = ready_us + wait_us if self._contested and wait_us else None
        self.established = False
        self.authenticated = ready_us <= now_us
        self.authenticated_after_us = None if self.authenticated else ready_us
        self._established_after_us = ready_us + _us(self.behaviour.established_s)
        self._settle(now_us)

    def _settle(self, now_us: int) -> None:
        """Let an opening session be open when its time has come."""
        if self.authenticated_after_us is not None and now_us >= self.authenticated_after_us:
            self.authenticated, self.authenticated_after_us = True, None
            self._record(Event.AUTHENTICATED)
        if self._established_after_us is not None and now_us >= self._established_after_us:
            self.established, self._established_after_us = True, None

    # ---- losing

    def lose_brokerage(self, *, competing: bool = False) -> None:
        """Lose the brokerage session; the SSO session stays."""
        self._lose(Event.COMPETING if competing else Event.LOST, competing=competing)

    def reset(self) -> None:
        """Lose what the nightly reset takes: the brokerage session, or the login where that is the broker's way."""
        if not self.sso:
            return
        if self.behaviour.reset_ends_login:
            self._end(Event.RESET)
        else:
            self._lose(Event.RESET)

    def logout(self) -> None:
        """Close both sessions, or the brokerage session alone where that is the broker's way."""
        if self.sso and self.behaviour.logout_ends_login:
            self._end(Event.LOGOUT)
        else:
            self._lose(Event.LOGOUT)

    def _lose(self, event: Event, *, competing: bool = False) -> None:
        changed = self.authenticated or self.is_opening or competing != self.competing
        self._contested = self._contested or competing
        self._close_brokerage(competing=competing)
        if changed and self.sso:
            self._record(event)

    def _close_brokerage(self, *, competing: bool) -> None:
        self.authenticated = self.established = False
        self.competing = competing
        self.farm_open = False
        self.authenticated_after_us = self._established_after_us = self._taken_again_us = None
        self.caches = Caches()

    def _end(self, event: Event) -> None:
        self.sso = False
        self.connected = False
        self._contested = False
        self.forget_second_factor()
        self._close_brokerage(competing=False)
        self._record(event)

    # ---- time

    def touch(self, now_us: int, market_us: int | None = None) -> None:
        """Let time-outs take effect, then count a call as activity; `market_us` is when the answers say it came."""
        self.expire(now_us)
        self._before_us = max(now_us - self._kept_us, 0)
        self.accessed_us = self._kept_us = now_us
        if market_us is not None:
            self.shown_access_us = market_us

    def ping(self, now_us: int) -> None:
        """Keep the SSO session alive, and only that."""
        self.expire(now_us)
        self._kept_us = now_us

    def left_us(self, now_us: int) -> int:
        """Return how long the SSO session had left before the call that is being answered kept it alive."""
        behaviour = self.behaviour
        alone_us = self._before_us
        if behaviour.gateway_pings:
            alone_us = min(alone_us, (now_us - self.login_us) % GATEWAY_PING_US)
        idle_us = _us(behaviour.sso_idle_timeout_s)
        lefts = [idle_us - alone_us] if idle_us else []
        if behaviour.sso_lifetime_s:
            lefts.append(self.login_us + _us(behaviour.sso_lifetime_s) - now_us)
        return max(min(lefts, default=600 * instants.SECOND), 0)

    def expire(self, now_us: int) -> None:
        """Let everything take effect that time alone brings."""
        if not self.sso:
            return
        if self._login_is_over(now_us):
            self._end(Event.EXPIRED)
            return
        self._settle(now_us)
        if self._taken_again_us is not None and now_us >= self._taken_again_us:
            self.lose_brokerage(competing=True)
        if self.behaviour.gateway_tickles and now_us - self._tickled_us >= GATEWAY_TICKLE_US:
            self._tickle_as_the_gateway(now_us)
        idle_us = _us(self.behaviour.idle_timeout_s)
        if idle_us and self.authenticated and now_us - self.accessed_us >= idle_us:
            self._lose(Event.IDLE)

    def _login_is_over(self, now_us: int) -> bool:
        behaviour = self.behaviour
        lifetime_us, idle_us = _us(behaviour.sso_lifetime_s), _us(behaviour.sso_idle_timeout_s)
        if lifetime_us and now_us - self.login_us >= lifetime_us:
            return True
        return bool(idle_us) and not behaviour.gateway_pings and now_us - self._kept_us >= idle_us

    def _tickle_as_the_gateway(self, now_us: int) -> None:
        """Do what the gateway program does every half minute: tickle, and log out where the brokerage is lost."""
        self._tickled_us = now_us
        if self.authenticated:
            self.accessed_us = self._kept_us = now_us
        elif not self.is_opening:
            self.logout()


def _us(seconds: float) -> int:
    return int(seconds * instants.SECOND)
