"""What is known of the login and the brokerage session, and what is to be done about them: a pure state machine.

A look at the gateway (`Sight`) and the time lead from one `KnownSession` to the next, with the calls to be made.
Nobody is asked for what comes back by itself: a brokerage session that was lost while the login lives is asked for
again, unless another program of the same user wants it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from trading.config import SessionSettings
from trading.cycle.outage import Outage, outage_after
from trading.execution.windows import in_reset
from trading.model.account import SessionStatus
from trading.model.status import SessionState

# The broker answers `ssodh/init` at once and opens the session within half a minute.
ASK_AGAIN_S = 60.0
ASK_AGAIN_LATER_S = 120.0
_ASKED_OFTEN = 3
# From one minute to more than an hour.
_DOUBLINGS = 6
_ASKED_IN_VAIN = 2
# A session that we opened and that somebody else wants as well is gone within minutes.
CONTESTED_WITHIN_S = 600.0
MOST_YIELD_S = 3_600.0
# One that has lasted so long is nobody else's.
UNDISPUTED_AFTER_S = 3_600.0
SELECT_AGAIN_S = 60.0
MOST_SELECTIONS = 3
# How long a login lasts at most, as the broker documents it.
LOGIN_LASTS = timedelta(hours=24)
# When it began is asked for once a session has lasted: the gateway program asks the same after a login, and more than
# one such call a minute is too many. Sooner again while it is not known.
ASK_LOGIN_AFTER = timedelta(seconds=90)
ASK_LOGIN_AGAIN = timedelta(minutes=5)
ASK_LOGIN_ANEW = timedelta(hours=1)
# The broker's clock need not be ours; a login that is further ahead is no time.
_MOST_AHEAD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Sight:
    """One look: what the gateway says of the session and its accounts, or why it could not be asked.

    `refused` is an answer that there is no brokerage session, whatever `status` says: to the question for the accounts,
    or to another one since the last look.
    `suspended`: nothing can be asked because there were too many requests.
    `denied`: what answers says no, and not for want of a login: this machine, or this program, is not let in.
    `again` is a further look of the same turn, after something was done: whether the session serves is not known yet.
    `login_at` is when a person logged in, None where that was not asked for or is not known.
    """

    status: SessionStatus | None
    accounts: tuple[str, ...] = ()
    refused: bool = False
    problem: str = ""
    suspended: bool = False
    denied: bool = False
    again: bool = False
    login_at: datetime | None = None

    @property
    def usable(self) -> bool:
        """Whether orders and market data may be asked for."""
        return self.status is not None and self.status.usable and bool(self.accounts)

    @property
    def logged_out(self) -> bool:
        """Whether there is an answer that nobody is logged in."""
        return self.status is not None and not self.status.logged_in

    @property
    def closed(self) -> bool:
        """Whether there is a login without its brokerage session, and nobody else is said to have that."""
        if self.status is None or self.status.competing or self.logged_out:
            return False
        return self.refused or not self.status.usable


@dataclass(frozen=True, slots=True)
class SessionMemory:
    """What has to survive a restart; times are the market clock's.

    `asked` counts the calls for a brokerage session since the last one that served for a turn, `opened_at` is when one
    came that we had asked for, `yield_s` is how long another program has precedence, where that is longer than
    the settings say.
    `logged_out` says that there has been no login since nobody was said to be logged in.
    """

    asked_at: datetime | None = None
    asked: int = 0
    opened_at: datetime | None = None
    competed_at: datetime | None = None
    yield_s: float | None = None
    contested: bool = False
    login_at: datetime | None = None
    selected_at: datetime | None = None
    logged_out: bool = False
    login_asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownSession:
    """The session as of the last look, which was `at` that time.

    `was_ours` says that our account was the selected one in this session.
    `refusal` is what was refused in a session that looked good, until a turn goes through. Each refused turn ends an
    epoch; `was_ours` and `selections` outlast it. `reopens` says that such a session was asked for anew and is not
    there yet: what comes counts as the same one.
    """

    state: SessionState
    cause: str
    since: datetime
    memory: SessionMemory = field(default_factory=SessionMemory)
    epoch: int = 0
    usable: bool = False
    accounts: tuple[str, ...] = ()
    selections: int = 0
    was_ours: bool = False
    refusal: str = ""
    reopens: bool = False
    logged_in: bool = False
    outage: Outage | None = None
    at: datetime | None = None

    @property
    def login_until(self) -> datetime | None:
        """Return when a person has to have logged in again, None where it is not known when the last login was."""
        return None if self.memory.login_at is None else self.memory.login_at + LOGIN_LASTS

    def selected(self) -> str:
        """Return the id of the account that is selected, "" for none."""
        return self.accounts[0] if self.accounts else ""


@dataclass(frozen=True, slots=True)
class Open:
    """Ask for the brokerage session (`ssodh/init`)."""


@dataclass(frozen=True, slots=True)
class Select:
    """Make an account the selected one."""

    account_id: str


@dataclass(frozen=True, slots=True)
class AskLogin:
    """Ask when a person logged in (`/sso/validate`)."""


Action = Open | Select | AskLogin


def next_state(
    before: KnownSession, sight: Sight, now: datetime, settings: SessionSettings, account_id: str | None
) -> tuple[KnownSession, tuple[Action, ...]]:
    """Return the session after a look, and what is to be done at once; the doing is counted in it already.

    `account_id` is the account that is traded, None while that is not known.
    """
    memory = _remember(before, sight, now, settings)
    actions: tuple[Action, ...] = ()
    was_ours = before.was_ours
    reopens = before.reopens and not sight.usable and (sight.status is None or sight.closed)
    if sight.closed and now >= opens_at(memory, settings, now, shown=sight.usable):
        # One that we had opened ends with it, and nobody has taken it away.
        memory = replace(memory, asked_at=now, asked=memory.asked + 1, opened_at=None)
        actions = (Open(),)
        # Only somebody's choice outlasts it: another account that is selected after it may be the broker's.
        was_ours = was_ours and (reopens or (sight.usable and sight.accounts[0] != account_id))
        reopens = reopens or sight.usable
    logged_in = _is_logged_in(before, sight, memory, now, settings)
    state = _word(sight, memory, now, settings, logged_in=logged_in)
    after = KnownSession(
        state=state,
        cause=_cause(sight, memory, state),
        since=before.since if state is before.state else now,
        memory=memory,
        epoch=before.epoch,
        accounts=before.accounts,
        selections=before.selections,
        was_ours=was_ours,
        refusal=before.refusal if reopens or (sight.usable and not _served(before, sight)) else "",
        reopens=reopens,
        logged_in=logged_in,
        outage=outage_after(before.outage, state, now),
        at=now,
    )
    if not sight.usable or actions:
        return after, actions
    others = _named(sight.accounts) != _named(before.accounts)
    if not before.usable or others:
        after = replace(after, epoch=before.epoch + 1)
        # What is refused is the same session still: who selected what in it, and how often, goes on counting.
        if others or not before.refusal:
            after = replace(after, selections=0, was_ours=False)
    after, actions = _select(replace(after, usable=True, accounts=sight.accounts), now, account_id)
    told = sight.status is not None and sight.status.server_time_ms is not None
    # Where the gateway's clock counts for nothing, as in simulated time, neither does its time of the login.
    if not actions and told and before.usable and now >= _login_due(after):
        return replace(after, memory=replace(after.memory, login_asked_at=now)), (AskLogin(),)
    return after, actions


def opens_at(memory: SessionMemory, settings: SessionSettings, now: datetime, *, shown: bool = False) -> datetime:
    """Return when the brokerage session may be asked for: not too often, and not while another program has it.

    `shown`: the gateway says that there is one. What it refuses all the same may be refused for good, so that each
    opening that did not help makes the next one come later.
    """
    times = [now]
    if memory.asked_at is not None:
        pause_s = ASK_AGAIN_S if memory.asked < _ASKED_OFTEN else ASK_AGAIN_LATER_S
        if shown:
            pause_s = min(ASK_AGAIN_S * 2.0 ** min(max(memory.asked - 1, 0), _DOUBLINGS), MOST_YIELD_S)
        times.append(memory.asked_at + timedelta(seconds=pause_s))
    if memory.competed_at is not None:
        times.append(memory.competed_at + timedelta(seconds=yields_s(memory, settings)))
    return max(times)


def yields_s(memory: SessionMemory, settings: SessionSettings) -> float:
    """Return how long another program that uses this login has precedence."""
    return settings.yield_s if memory.yield_s is None else memory.yield_s


def _remember(before: KnownSession, sight: Sight, now: datetime, settings: SessionSettings) -> SessionMemory:
    """Return what is remembered after a look, before anything is done about it."""
    memory = _not_later_than(before.memory, now)
    if sight.logged_out:
        return replace(memory, login_at=None, opened_at=None, asked=0, contested=False, logged_out=True)
    if sight.status is None:
        return memory
    if sight.status.connected:
        logged_in = memory.logged_out or before.state is SessionState.WAITING_LOGIN
        memory = replace(memory, login_at=_login_at(memory, sight, now, logged_in=logged_in), logged_out=False)
    if sight.status.competing:
        return replace(memory, competed_at=now, opened_at=None)
    if sight.closed and not sight.status.usable and memory.opened_at is not None:
        memory = _lost(memory, now, settings)
    if sight.usable:
        opened = memory.asked > 0 and not before.usable and not sight.refused
        memory = replace(
            memory,
            asked=0 if _served(before, sight) else memory.asked,
            opened_at=now if opened else memory.opened_at,
        )
        if before.usable and now - before.since >= timedelta(seconds=UNDISPUTED_AFTER_S):
            memory = replace(memory, yield_s=None, contested=False)
    return memory


def _served(before: KnownSession, sight: Sight) -> bool:
    """Return whether a turn has gone through with the session, which is known at the next turn's first look."""
    return before.usable and not (sight.refused or sight.again)


def _login_at(memory: SessionMemory, sight: Sight, now: datetime, *, logged_in: bool) -> datetime | None:
    """Return when the present login began: as the broker says it, else as it was seen, which may be a look too late."""
    login_at = memory.login_at
    if sight.login_at is not None and sight.login_at <= now + _MOST_AHEAD:
        login_at = min(sight.login_at, now)
    elif login_at is None and logged_in:
        login_at = now
    if login_at is not None and sight.usable and now - login_at >= LOGIN_LASTS:
        # That one is over by now: there was another, which nobody saw.
        return None
    return login_at


def _login_due(session: KnownSession) -> datetime:
    """Return when the broker may be asked for the time of the login: rarely, and not right after one."""
    memory = session.memory
    settled = session.since + ASK_LOGIN_AFTER
    if memory.login_asked_at is None:
        return settled
    known = memory.login_at is not None and memory.login_at <= memory.login_asked_at
    return max(settled, memory.login_asked_at + (ASK_LOGIN_ANEW if known else ASK_LOGIN_AGAIN))


def _lost(memory: SessionMemory, now: datetime, settings: SessionSettings) -> SessionMemory:
    """Return what is remembered of a session that we had opened: gone so soon, somebody else took it."""
    opened_at = memory.opened_at or now
    memory = replace(memory, opened_at=None)
    if now - opened_at > timedelta(seconds=CONTESTED_WITHIN_S) or in_reset(now, settings):
        return memory
    longer_s = min(max(2 * yields_s(memory, settings), ASK_AGAIN_S), MOST_YIELD_S)
    return replace(memory, competed_at=now, yield_s=max(longer_s, yields_s(memory, settings)), contested=True)


def _not_later_than(memory: SessionMemory, now: datetime) -> SessionMemory:
    """Return the memory without times to come, which a clock that was set back leaves behind."""

    def past(moment: datetime | None) -> datetime | None:
        return None if moment is None else min(moment, now)

    return replace(
        memory,
        asked_at=past(memory.asked_at),
        opened_at=past(memory.opened_at),
        competed_at=past(memory.competed_at),
        login_at=past(memory.login_at),
        selected_at=past(memory.selected_at),
        login_asked_at=past(memory.login_asked_at),
    )


def _is_logged_in(
    before: KnownSession, sight: Sight, memory: SessionMemory, now: datetime, settings: SessionSettings
) -> bool:
    """Return whether somebody is logged in, as far as anybody has said.

    A gateway that can't be asked ends no login, and the reset hides one that comes back by itself.
    """
    if sight.status is None:
        return before.logged_in
    if sight.logged_out or _has_no_bridge(sight, memory):
        return before.logged_in and in_reset(now, settings)
    return True


def _word(
    sight: Sight, memory: SessionMemory, now: datetime, settings: SessionSettings, *, logged_in: bool
) -> SessionState:
    if sight.status is not None and sight.status.usable and not sight.refused:
        return SessionState.READY if sight.usable else _unanswered(sight)
    if _is_taken(sight, memory, now, settings):
        return SessionState.COMPETING
    if sight.suspended:
        return SessionState.SUSPENDED
    # What nobody was logged in to is not away for the night.
    if logged_in and in_reset(now, settings):
        return SessionState.RESET
    if sight.logged_out or _has_no_bridge(sight, memory):
        return SessionState.WAITING_LOGIN
    return _unanswered(sight) if sight.status is None else SessionState.CONNECTED


def _unanswered(sight: Sight) -> SessionState:
    """Return who it is that has not answered what was asked, or that refuses to."""
    if sight.denied:
        return SessionState.REFUSED
    return SessionState.GATEWAY_DOWN if sight.status is None else SessionState.STALE


def _has_no_bridge(sight: Sight, memory: SessionMemory) -> bool:
    """Return whether the login says that it is connected to nothing, and that asking for a session is of no use.

    It may be one that has ended, or one that will be connected again: a person is asked for, and the session too.
    """
    if sight.status is None or sight.status.connected or sight.status.authenticated:
        return False
    return memory.asked >= _ASKED_IN_VAIN


def _is_taken(sight: Sight, memory: SessionMemory, now: datetime, settings: SessionSettings) -> bool:
    """Return whether another program has the session, or had it a moment ago."""
    if sight.status is not None and sight.status.competing:
        return True
    if not sight.closed or memory.competed_at is None:
        return False
    return now < memory.competed_at + timedelta(seconds=yields_s(memory, settings))


def _cause(sight: Sight, memory: SessionMemory, state: SessionState) -> str:
    said = sight.problem or (sight.status.message if sight.status is not None else "")
    if state is SessionState.COMPETING and memory.contested:
        return "the session was taken away again within minutes of being opened"
    if said or sight.status is None or not sight.status.logged_in:
        return said
    if state is SessionState.CONNECTED:
        return "logged in; the broker has not opened its session"
    return "the login has no connection to the broker any more" if state is SessionState.WAITING_LOGIN else ""


def _select(session: KnownSession, now: datetime, account_id: str | None) -> tuple[KnownSession, tuple[Action, ...]]:
    """Select our account where another is selected: once a minute, three times, never against somebody's choice."""
    if account_id is None or session.selected() == account_id:
        return replace(session, was_ours=session.was_ours or account_id is not None), ()
    last = session.memory.selected_at
    if (
        account_id not in session.accounts
        or session.was_ours
        or session.selections >= MOST_SELECTIONS
        or (last is not None and now - last < timedelta(seconds=SELECT_AGAIN_S))
    ):
        return session, ()
    memory = replace(session.memory, selected_at=now)
    return replace(session, memory=memory, selections=session.selections + 1), (Select(account_id),)


def _named(accounts: tuple[str, ...]) -> frozenset[str]:
    """Return the accounts of a login, whichever is selected."""
    return frozenset(accounts) - {""}
