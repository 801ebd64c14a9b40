from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.webapp.desk import NOON
from trading.model.account import AccountKind
from trading.model.mode import Mode
from trading.model.status import SessionState
from trading.monitoring.health import Facts
from trading.monitoring.sign_of_life import Beat
from webapp.situation import Button, Tone, account_kind, duration, judge, moment

WELL = Facts(Beat(), SessionState.READY, Mode.ACTIVE)
SILENT = Beat(age_s=61.0)


def test_all_is_well_only_when_nothing_is_wrong() -> None:
    situation = judge(WELL)
    assert (situation.key, situation.tone, situation.todo) == ("ready", Tone.GOOD, "Nothing.")


@pytest.mark.parametrize(
    ("facts", "key", "step"),
    [
        (replace(WELL, mode=Mode.HALTED), "halted", Button.RESUME),
        (replace(WELL, mode=Mode.REDUCING), "reducing", Button.RESUME),
        (replace(WELL, session=SessionState.WAITING_LOGIN, mode=Mode.HALTED), "waiting_login", Button.LOGIN),
        (replace(WELL, beat=SILENT, session=SessionState.WAITING_LOGIN), "silent", Button.LOG),
        (replace(WELL, uncovered_shares=5), "uncovered", Button.LOG),
        (replace(WELL, unknown_orders=2), "unknown_orders", Button.NONE),
    ],
)
def test_what_needs_a_person_most_comes_with_its_button(facts: Facts, key: str, step: Button) -> None:
    situation = judge(facts)
    assert (situation.key, situation.step) == (key, step)
    assert situation.tone is not Tone.GOOD
    assert situation.todo


def test_before_there_is_a_database_it_is_the_first_start() -> None:
    assert judge(None).key == "first_start"
    waiting = judge(None, "waiting for the gateway")
    assert (waiting.key, waiting.cause, waiting.tone) == ("not_started", "waiting for the gateway", Tone.INFO)


def test_times_that_make_no_sense_do_not_break_the_page() -> None:
    assert moment("soon") is moment(None) is moment("2026-03-03T10:00:00") is None
    assert moment(NOON.isoformat()) == NOON


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
    ("seconds", "said"),
    [(0, "0 s"), (41.9, "41 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (172_800, "2 days")],
)
def test_lengths_of_time(seconds: float, said: str) -> None:
    assert duration(seconds) == said
