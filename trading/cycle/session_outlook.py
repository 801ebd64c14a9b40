"""What happens next with the session, and what a person has to do about it, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from trading.config import SessionSettings
from trading.cycle.session_state import MOST_SELECTIONS, KnownSession, opens_at, yields_s
from trading.execution.windows import in_reset, next_reset_end
from trading.model.account import mask_account
from trading.model.alarm import CONTESTED, Alarm, AlarmCode
from trading.model.status import SessionState

# A gateway that is away for longer does not come back by itself.
_PATIENCE = timedelta(minutes=5)
# The broker says a quarter of an hour.
_PENALTY_ENDS_WITHIN = timedelta(minutes=30)
_LOG_IN_SOON = timedelta(hours=1)
_ASKED_IN_VAIN = 5
_OPENED_IN_VAIN = 2

LOG_IN = "Log in on {}."
LOG_IN_AGAIN = "Log in again on {}."
LOG_IN_THEN = "Log in again once it has ended, on {}."
RESTART = (
    "Look whether the gateway runs and whether this machine reaches IBKR. If so, restart the gateway, then log in "
    "again."
)
_TRIES_AGAIN = "The system tries again by itself, at least once a minute."
LET_IN = (
    "If it refuses this machine's address, add that to ips.allow in the gateway's conf.yaml and restart it. Else look "
    "for a firewall, a proxy or a VPN on the way to IBKR."
)
LOG_OUT_ELSEWHERE = "To trade sooner, log out of TWS, IBKR Mobile or the website with this user."


_OUTAGES: Mapping[SessionState, str] = MappingProxyType(
    {
        SessionState.GATEWAY_DOWN: f"the gateway does not answer, and nothing can be sent. {RESTART[:-1]}",
        SessionState.STALE: f"the broker does not answer, and nothing can be sent. {RESTART[:-1]}",
        SessionState.REFUSED: f"the gateway refuses this system, and nothing can be sent. {LET_IN[:-1]}",
    }
)
_PENALTY = (
    "the broker has answered nothing for more than 30 minutes because it was asked too often; perhaps another program "
    "at this address goes on asking: stop it"
)


@dataclass(frozen=True, slots=True)
class Outlook:
    """`happens` is what the system does by itself, `person` what a person has to do; None where that is nothing.

    Readers show what a person has to do first.
    """

    happens: str | None
    person: str | None = None


def on_page(words: str, page: str) -> str:
    """Return words about a login with the address of the gateway's page in them."""
    return words.format(f"the gateway's page, {page}, on the machine where it runs")


def outlook(
    session: KnownSession, now: datetime, settings: SessionSettings, account_id: str | None, page: str
) -> Outlook:
    """Return what comes next; people log in on `page`."""
    memory, happens, person = session.memory, None, None
    match session.state:
        case SessionState.GATEWAY_DOWN | SessionState.STALE:
            happens = _TRIES_AGAIN
            since = session.since if session.outage is None else session.outage.since
            person = RESTART if now - since >= _PATIENCE else None
        case SessionState.REFUSED:
            happens, person = _TRIES_AGAIN, LET_IN
        case SessionState.SUSPENDED:
            happens = (
                "The system asks once a minute until the broker answers again, usually after 10 to 15 minutes. Perhaps "
                "another program at this address asks as well."
            )
            # What was so before still is.
            person = on_page(LOG_IN, page) if memory.logged_out and not session.logged_in else None
        case SessionState.WAITING_LOGIN:
            happens, person = "The system goes on by itself after the login.", on_page(LOG_IN, page)
        case SessionState.CONNECTED:
            at = opens_at(memory, settings, now, shown=session.usable)
            happens = f"The system next asks the broker to open its session {_at(at)}."
            in_vain = memory.asked >= _ASKED_IN_VAIN or _opened_in_vain(session)
            person = on_page(LOG_IN_AGAIN, page) if in_vain else None
        case SessionState.COMPETING:
            free = (memory.competed_at or now) + timedelta(seconds=yields_s(memory, settings))
            happens = (
                f"The system asks for the session {_at(free)} at the earliest, and only if no other program has it."
            )
            person = LOG_OUT_ELSEWHERE
        case SessionState.RESET:
            end = next_reset_end(now, settings) if in_reset(now, settings) else now
            happens = f"The reset should be over {_at(end)}; the system then opens its session again by itself."
        case SessionState.READY:
            return _ready(session, now, account_id, page)
        case _:
            pass
    return Outlook(happens, person)


def alarms(session: KnownSession, account_id: str | None, page: str) -> tuple[Alarm, ...]:
    """Return what a person should be told of, beyond the state that every page shows."""
    found = [*_outage(session)]
    if session.memory.contested:
        text = "another program takes this login's session again and again, and the system yields to it"
        found.append(Alarm(AlarmCode.SESSION, CONTESTED, f"{text}: {_lower(LOG_OUT_ELSEWHERE)}"))
    if session.state is SessionState.CONNECTED and session.memory.asked >= _ASKED_IN_VAIN and not session.refusal:
        text = "the broker opens no session though somebody is logged in"
        found.append(Alarm(AlarmCode.SESSION, "closed", f"{text}: {_lower(on_page(LOG_IN_AGAIN, page))}"))
    if _opened_in_vain(session):
        text = f"opening the broker's session again does not help: {session.refusal}; log in again"
        found.append(Alarm(AlarmCode.SESSION, "refused", f"{text}, or ask the broker what is not allowed"))
    problem = _not_ours(session, account_id)
    if problem is not None:
        text = f"select the account that is traded, {mask_account(account_id or '')}: {problem}"
        found.append(Alarm(AlarmCode.SESSION, "account", text))
    return tuple(found)


def _outage(session: KnownSession) -> Iterator[Alarm]:
    """Yield what does not come back by itself: one alarm for one outage, whoever it is that does not answer now."""
    outage, at = session.outage, session.at or session.since
    if outage is not None and at - outage.since >= _PATIENCE:
        yield Alarm(AlarmCode.SESSION, "outage", _OUTAGES[outage.state])
    elif session.state is SessionState.SUSPENDED and at - session.since >= _PENALTY_ENDS_WITHIN:
        yield Alarm(AlarmCode.SESSION, "suspended", _PENALTY)


def _opened_in_vain(session: KnownSession) -> bool:
    """Return whether something is refused though the session was opened again for it, more than once."""
    return bool(session.refusal) and session.memory.asked >= _OPENED_IN_VAIN


def _ready(session: KnownSession, now: datetime, account_id: str | None, page: str) -> Outlook:
    problem = _not_ours(session, account_id)
    if problem is not None:
        return Outlook("Nothing is sent until then.", f"Select the account that is traded: {problem}.")
    if session.login_until is None:
        return Outlook(None)
    person = on_page(LOG_IN_THEN, page) if session.login_until - now <= _LOG_IN_SOON else None
    return Outlook(f"This login ends {_at(session.login_until)} at the latest.", person)


def _not_ours(session: KnownSession, account_id: str | None) -> str | None:
    """Return why our account is not the selected one and does not become it by itself."""
    if not session.usable or account_id is None or session.selected() == account_id:
        return None
    if account_id not in session.accounts:
        return "it is not among the accounts of this login, so log in with a user who may trade it"
    if session.was_ours:
        return "somebody selected another one, and the system leaves that alone until the next login"
    return "selecting it has no effect" if session.selections >= MOST_SELECTIONS else None


def _lower(sentence: str) -> str:
    """Return a sentence as the part of another one."""
    return sentence[:1].lower() + sentence[1:].removesuffix(".")


def _at(moment: datetime) -> str:
    return f"at {moment:%H:%M} UTC"
