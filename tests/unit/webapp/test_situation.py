from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.webapp.desk import NOON
from trading.model.account import AccountKind
from trading.model.mode import Mode, ModeState
from webapp.situation import Pulse, SessionWord, account_kind, duration, judge, masked, read_pulse, silent_after_s

WELL = Pulse(1.0, SessionWord.READY, NOON, "", 0, 0)


def mode(of: Mode) -> ModeState:
    return ModeState(of, "why", "who", NOON)


def key(pulse: Pulse | None, of: Mode = Mode.ACTIVE) -> str:
    return judge(pulse, mode(of), silent_limit_s=60.0).key


def test_all_is_well_only_when_nothing_is_wrong() -> None:
    assert key(WELL) == "active"
    assert judge(WELL, mode(Mode.ACTIVE), silent_limit_s=60.0).todo == "Nothing."


@pytest.mark.parametrize(
    ("of", "expected"), [(Mode.HALTED, "halted"), (Mode.REDUCING, "reducing"), (Mode.RECONCILING, "reconciling")]
)
def test_a_mode_that_limits_trading_is_said(of: Mode, expected: str) -> None:
    assert key(WELL, of) == expected


def test_what_needs_a_person_most_comes_first() -> None:
    silent = replace(WELL, silent_s=61.0, session=SessionWord.WAITING_LOGIN)
    assert key(silent, Mode.HALTED) == "stale"
    assert key(replace(silent, uncovered_shares=5), Mode.HALTED) == "uncovered"
    assert key(replace(WELL, session=SessionWord.WAITING_LOGIN), Mode.HALTED) == "waiting-login"


def test_silence_begins_after_the_limit() -> None:
    assert key(replace(WELL, silent_s=60.0)) == "active"
    assert key(replace(WELL, silent_s=60.1)) == "stale"
    assert key(replace(WELL, silent_s=None)) == "stale"


def test_three_missed_cycles_are_silence_but_never_less_than_twenty_seconds() -> None:
    assert silent_after_s(60.0) == 180.0
    assert silent_after_s(1.0) == 20.0


def test_facts_that_make_no_sense_do_not_break_the_page() -> None:
    pulse = read_pulse(
        {"session_state": "?", "session_since": "soon", "uncovered_shares": "-3", "unknown_orders": "x"}, 1.0
    )
    assert pulse == Pulse(1.0, SessionWord.STARTING, None, "", 0, 0)
    assert read_pulse({}, None).session is SessionWord.STARTING


@pytest.mark.parametrize(
    ("account", "simulated", "kind"),
    [
        ("DU1234567", False, AccountKind.PAPER),
        ("DF1234567", False, AccountKind.PAPER),
        ("U1234567", False, AccountKind.LIVE),
        ("", False, None),
        ("DU1234567", True, AccountKind.SIMULATED),
    ],
)
def test_the_kind_of_account(account: str, simulated: bool, kind: AccountKind | None) -> None:  # noqa: FBT001
    assert account_kind(account, simulated=simulated) is kind


@pytest.mark.parametrize(
    ("account", "shown"), [("U1234567", "U***4567"), ("DU1234567", "DU***4567"), ("U123", "U***"), ("", "")]
)
def test_account_ids_are_masked(account: str, shown: str) -> None:
    assert masked(account) == shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (41.9, "41 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (172_800, "2 days")],
)
def test_lengths_of_time(seconds: float, said: str) -> None:
    assert duration(seconds) == said
