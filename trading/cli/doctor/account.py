"""Judging what the gateway says of login, account, money and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from trading.cli.doctor.findings import Finding, bad, note, ok
from trading.config import Settings
from trading.errors import ConfigError
from trading.execution.planning.checks import MAX_SKEW_S
from trading.execution.reading.dollars import DOLLARS
from trading.model.account import AccountKind, AccountState, SessionStatus, kind_of, mask_account
from trading.model.status import SessionState, StatusKey
from trading.monitoring.verdicts import SESSION_WORDS

NOTED_SKEW_S = 2.0
_OURS = "the trading process does that by itself"
_PERSONS = frozenset(
    {SessionState.GATEWAY_DOWN, SessionState.REFUSED, SessionState.WAITING_LOGIN, SessionState.COMPETING}
)
"""states that do not end without a person, or may not"""


def login(status: SessionStatus, settings: Settings) -> Finding:
    """Judge the session as the gateway shows it."""
    if not status.logged_in:
        any_name = " (any name and password will do)" if settings.simulated else ""
        return bad("login", "nobody is logged in", f"log in at {settings.gateway.url}{any_name}")
    if status.competing:
        fix = "log out of TWS, IBKR Mobile or the website with this user"
        return bad("login", "another program uses this login, so there is no session for orders", fix)
    if not status.usable:
        why = f" ({status.message})" if status.message else ""
        return note("login", f"logged in, without a brokerage session{why}", f"start trading: {_OURS}")
    return ok("login", "logged in, with a brokerage session")


def login_told(facts: Mapping[str, str]) -> Finding:
    """Judge the session as the trading process tells it, whose it is while it runs."""
    word = facts.get(StatusKey.SESSION_STATE, "")
    state = SessionState(word) if word in frozenset(SessionState) else SessionState.STARTING
    text = f"{SESSION_WORDS[state]}, says the trading process"
    if state is SessionState.READY:
        return ok("login", text)
    detail = facts.get(StatusKey.SESSION_DETAIL, "")
    text = f"{text}: {detail}" if detail else text
    person = facts.get(StatusKey.SESSION_PERSON, "") or facts.get(StatusKey.SESSION_NEXT, "")
    if state in _PERSONS:
        return bad("login", text, person or "see what python -m trading status says")
    return note("login", text, person)


def account(accounts: Sequence[str], settings: Settings) -> Finding:
    """Judge whether the account to trade is among those of the login, whose first is the selected one.

    Raises: ConfigError, none is configured and the login's is not chosen without.
    """
    wanted = chosen(accounts, settings)
    kind = AccountKind.SIMULATED if settings.simulated else kind_of(wanted)
    text = f"{kind} account {mask_account(wanted)}"
    if wanted not in accounts:
        others = ", ".join(mask_account(name) for name in accounts if name) or "none"
        fix = "log in as its user, or correct IBKR_ACCOUNT_ID"
        return bad("account", f"{text} is not among those of this login: {others}", fix)
    if kind is AccountKind.LIVE:
        traded = settings.live_trading == wanted
        text += ", traded with real money" if traded else ", only observed: LIVE_TRADING does not name it"
    if accounts[0] != wanted:
        return note("account", f"{text}; another one is selected", f"nothing: {_OURS}")
    return ok("account", f"{text}, selected")


def chosen(accounts: Sequence[str], settings: Settings) -> str:
    """Return the account to trade: the configured one, else the login's only paper account.

    Raises: ConfigError, a person has to name it.
    """
    if settings.account_id:
        return settings.account_id
    from trading.bootstrap import chosen_account

    return chosen_account(tuple(accounts))


def account_unknown(error: ConfigError) -> Finding:
    """Judge that nobody knows which account is meant."""
    return bad("account", "none is configured", error.fix)


def currency(state: AccountState) -> Finding:
    """Judge the currency that the account is kept in: only dollars are traded."""
    if state.currency == DOLLARS:
        return ok("currency", f"kept in USD; {state.cash:,.2f} USD cash of {state.net_liquidation:,.2f}")
    dollars = state.cash + (state.stock_value or 0.0)
    text = f"kept in {state.currency}"
    if dollars <= 0.0:
        return bad("currency", f"{text}, and holds no US dollars", "convert some first: only dollars are traded")
    fix = "convert more where these are not enough"
    return note("currency", f"{text}; only its dollars are traded: {state.cash:,.2f} USD cash", fix)


def clock(skew_s: float | None) -> Finding:
    """Judge the gateway's clock minus this machine's."""
    if skew_s is None:
        return note(
            "clock", "the gateway's answers state no time: not compared", "see that this machine keeps time (NTP)"
        )
    text = f"this clock is {abs(skew_s):.1f} s {'behind' if skew_s > 0.0 else 'ahead of'} the gateway's"
    if abs(skew_s) > MAX_SKEW_S:
        return bad("clock", text, f"let NTP set it: beyond {MAX_SKEW_S:g} s no order is sent")
    if abs(skew_s) > NOTED_SKEW_S:
        return note("clock", text, f"let NTP set it: beyond {MAX_SKEW_S:g} s no order is sent")
    return ok("clock", "agrees with the gateway's to 2 s")


def simulated_clock(now: datetime, *, ended: bool) -> Finding:
    """Judge the time of a simulated market."""
    text = f"the simulated market's: {now:%Y-%m-%d %H:%M} UTC"
    if ended:
        return note("clock", f"{text}, the end of its data", "to start over: make demo-reset, then make demo")
    return ok("clock", text)
