"""The two sessions of a login: the outer SSO session, and the brokerage session that everything below /iserver needs.

What a brokerage session has already been asked (its caches are cold at first: first order list, first trades, first
snapshot of a contract) is kept here and gone with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from simulator.config import Behaviour
from simulator.exchange.orders import Ticket


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


@dataclass(slots=True)
class Caches:
    """What this brokerage session was asked before."""

    accounts_called: bool = False
    order_list_calls: int = 0
    trades_calls: int = 0
    pnl_calls: int = 0
    snapshot_calls: dict[int, int] = field(default_factory=dict)
    coids: set[str] = field(default_factory=set)
    suppressed: set[str] = field(default_factory=set)
    pending: dict[str, PendingQuestion] = field(default_factory=dict)
    invalidated: set[str] = field(default_factory=set)


class BrokerSession:
    """Who is logged in, and what the session remembers."""

    def __init__(self, behaviour: Behaviour, username: str = "user1234") -> None:
        """Start with nobody logged in."""
        self.behaviour = behaviour
        self.username = username
        self.sso = False
        self.authenticated = False
        self.connected = False
        self.competing = False
        self.fail = ""
        self.epoch = 0
        """how many brokerage sessions there have been"""
        self.login_us = 0
        self.shown_login_us = 0
        self.accessed_us = 0
        self.authenticated_after_us = 0
        self.caches = Caches()
        self.portfolio_calls: dict[str, int] = {}
        self.day: date | None = None
        """the day in New York that the brokerage session belongs to"""
        self.waiting_for_second_factor = False

    def login(self, now_us: int, market_us: int) -> None:
        """Open both sessions, as a browser login does; `market_us` is the simulated time that the answers show."""
        self.sso = True
        self.shown_login_us = market_us
        self.waiting_for_second_factor = False
        self.login_us = now_us
        self.portfolio_calls = {}
        self.open_brokerage(now_us)

    def open_brokerage(self, now_us: int, *, ready_us: int | None = None) -> None:
        """Open the brokerage session anew; everything that it was asked before is forgotten."""
        self.epoch += 1
        self.caches = Caches()
        self.portfolio_calls = {}
        self.competing = False
        self.connected = True
        self.authenticated = ready_us is None
        self.authenticated_after_us = ready_us or 0
        self.fail = ""
        self.accessed_us = now_us

    def reset_at_midnight(self, day: date) -> None:
        """Let the brokerage session end when it was opened on another day than `day`."""
        if self.authenticated and self.day is not None and day != self.day:
            self.lose_brokerage()
        if not self.authenticated or self.day is None:
            self.day = day

    def lose_brokerage(self, *, competing: bool = False) -> None:
        """Lose the brokerage session; the SSO session stays."""
        self.authenticated = False
        self.competing = competing
        self.authenticated_after_us = 0
        self.caches = Caches()

    def logout(self) -> None:
        """Close both sessions."""
        self.sso = False
        self.connected = False
        self.waiting_for_second_factor = False
        self.lose_brokerage()

    def touch(self, now_us: int) -> None:
        """Let time-outs take effect, then count the call as activity."""
        self.expire(now_us)
        self.accessed_us = now_us

    def expire(self, now_us: int) -> None:
        """Let time-outs take effect."""
        if not self.sso:
            return
        if self.authenticated_after_us and now_us >= self.authenticated_after_us:
            self.authenticated, self.authenticated_after_us = True, 0
        idle_us = self.behaviour.idle_timeout_s * 1_000_000
        if self.behaviour.sso_lifetime_s and now_us - self.login_us >= self.behaviour.sso_lifetime_s * 1_000_000:
            self.logout()
            return
        if idle_us and self.authenticated and now_us - self.accessed_us >= idle_us:
            self.lose_brokerage()
