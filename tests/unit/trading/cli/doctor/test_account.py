from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trading.cli.doctor import account
from trading.config import GatewaySettings, Settings
from trading.errors import ConfigError
from trading.model.account import AccountState, SessionStatus
from trading.model.status import SessionState, StatusKey

PAPER, LIVE = "DU1234567", "U7654321"
SIMULATED = Settings(account_id=PAPER, gateway=GatewaySettings(kind="simulated"))


def status(
    *, authenticated: bool = True, connected: bool = True, competing: bool = False, logged_in: bool = True
) -> SessionStatus:
    return SessionStatus(authenticated, connected, competing, "a reason", None, logged_in)


def money(currency: str, cash: float, stocks: float | None = None) -> AccountState:
    return AccountState(PAPER, currency, 10_000.0, cash, cash, cash, stocks)


@pytest.mark.parametrize(
    ("seen", "verdict", "text", "fix"),
    [
        (status(), "ok", "with a brokerage session", ""),
        (status(logged_in=False, authenticated=False), "bad", "nobody", "log in at https://localhost:5055"),
        (status(competing=True), "bad", "another program uses this login", "log out of TWS"),
        (status(authenticated=False), "note", "without a brokerage session (a reason)", "by itself"),
        (status(connected=False), "note", "without a brokerage session (a reason)", "by itself"),
    ],
)
def test_login_is_judged_by_what_a_person_has_to_do(seen: SessionStatus, verdict: str, text: str, fix: str) -> None:
    found = account.login(seen, Settings())
    assert found.verdict == verdict
    assert text in found.text
    assert fix in found.fix


def test_simulated_gateway_takes_any_name() -> None:
    assert "any name and password" in account.login(status(logged_in=False), SIMULATED).fix


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (SessionState.READY, "ok"), (SessionState.WAITING_LOGIN, "bad"), (SessionState.COMPETING, "bad"),
        (SessionState.REFUSED, "bad"), (SessionState.GATEWAY_DOWN, "bad"), (SessionState.RESET, "note"),
        (SessionState.SUSPENDED, "note"), (SessionState.CONNECTED, "note"), (SessionState.STARTING, "note"),
    ],
)  # fmt: skip
def test_session_of_a_running_trader_is_told_in_its_words(state: SessionState, verdict: str) -> None:
    facts: dict[str, str] = {
        StatusKey.SESSION_STATE: state,
        StatusKey.SESSION_DETAIL: "the cause",
        StatusKey.SESSION_PERSON: "Do it.",
    }
    found = account.login_told(facts)
    assert found.verdict == verdict
    assert "says the trading process" in found.text
    assert ("the cause" in found.text, found.fix) == ((False, "") if verdict == "ok" else (True, "Do it."))


def test_trader_that_says_nothing_is_connecting() -> None:
    assert account.login_told({}).verdict == "note"


@pytest.mark.parametrize(
    ("settings", "accounts", "verdict", "text"),
    [
        (Settings(account_id=PAPER), (PAPER,), "ok", "paper account DU***4567, selected"),
        (Settings(), (PAPER,), "ok", "paper account DU***4567, selected"),
        (SIMULATED, (PAPER,), "ok", "simulated account DU***4567, selected"),
        (Settings(account_id=PAPER), (LIVE, PAPER), "note", "another one is selected"),
        (Settings(account_id=PAPER), ("", PAPER), "note", "another one is selected"),
        (Settings(account_id=PAPER), (LIVE,), "bad", "not among those of this login: U***4321"),
        (Settings(account_id=LIVE), (LIVE,), "ok", "only observed: LIVE_TRADING does not name it, selected"),
        (Settings(account_id=LIVE, live_trading=LIVE), (LIVE,), "ok", "traded with real money, selected"),
    ],
)
def test_account_has_to_be_one_of_the_login(
    settings: Settings, accounts: tuple[str, ...], verdict: str, text: str
) -> None:
    found = account.account(accounts, settings)
    assert found.verdict == verdict
    assert text in found.text
    assert PAPER not in found.text + found.fix
    assert LIVE not in found.text + found.fix


@pytest.mark.parametrize("accounts", [(LIVE,), (PAPER, LIVE)])
def test_account_that_nobody_named_is_told_with_the_setting(accounts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        account.account(accounts, Settings())
    found = account.account_unknown(caught.value)
    assert (found.verdict, "set IBKR_ACCOUNT_ID to the id" in found.fix) == ("bad", True)


@pytest.mark.parametrize(
    ("state", "verdict", "text"),
    [
        (money("USD", 5_000.0), "ok", "5,000.00 USD cash of 10,000.00"),
        (money("USD", 0.0), "ok", "kept in USD"),
        (money("EUR", 250.0), "note", "kept in EUR; only its dollars are traded: 250.00 USD"),
        (money("EUR", 0.0, 900.0), "note", "kept in EUR"),
        (money("EUR", 0.0), "bad", "holds no US dollars"),
        (money("EUR", -20.0, 10.0), "bad", "holds no US dollars"),
    ],
)
def test_only_dollars_are_traded(state: AccountState, verdict: str, text: str) -> None:
    found = account.currency(state)
    assert found.verdict == verdict
    assert text in found.text
    assert ("convert some first" in found.fix) is (verdict == "bad")


@pytest.mark.parametrize(
    ("skew_s", "verdict", "text"),
    [
        (None, "note", "state no time"),
        (0.0, "ok", "agrees"), (2.0, "ok", "agrees"), (-2.0, "ok", "agrees"),
        (2.1, "note", "2.1 s behind the gateway's"), (-2.1, "note", "2.1 s ahead of the gateway's"),
        (10.0, "note", "10.0 s behind"), (10.1, "bad", "10.1 s behind"), (-10.1, "bad", "10.1 s ahead of"),
    ],
)  # fmt: skip
def test_clocks_may_differ_by_two_seconds_and_must_not_by_more_than_ten(
    skew_s: float | None, verdict: str, text: str
) -> None:
    found = account.clock(skew_s)
    assert found.verdict == verdict
    assert text in found.text


def test_clock_of_a_simulated_market_is_its_own() -> None:
    now = datetime(2014, 3, 3, 14, 30, tzinfo=UTC)
    assert "2014-03-03 14:30 UTC" in account.simulated_clock(now, ended=False).text
    assert account.simulated_clock(now, ended=False).verdict == "ok"
    assert account.simulated_clock(now, ended=True).verdict == "note"
