"""Whose money an account holds, and when a session is usable: there, connected, and nobody else fights for it."""

from __future__ import annotations

import itertools

import pytest

from trading.model.account import AccountKind, SessionStatus, kind_of, mask_account


def test_a_session_is_usable_in_exactly_one_of_the_eight_combinations() -> None:
    usable = [
        (authenticated, connected, competing)
        for authenticated, connected, competing in itertools.product((True, False), repeat=3)
        if SessionStatus(authenticated, connected, competing, message="").usable
    ]
    assert usable == [(True, True, False)]


@pytest.mark.parametrize(
    ("account_id", "kind"),
    [
        ("DU1234567", AccountKind.PAPER),
        ("DF1234567", AccountKind.PAPER),
        ("U1234567", AccountKind.LIVE),
        ("F1234567", AccountKind.LIVE),
        ("I1234567", AccountKind.LIVE),
        ("", AccountKind.LIVE),
    ],
)
def test_only_ids_that_begin_with_d_are_paper_accounts(account_id: str, kind: AccountKind) -> None:
    assert kind_of(account_id) is kind


@pytest.mark.parametrize(
    ("account", "shown"), [("U1234567", "U***4567"), ("DU1234567", "DU***4567"), ("U123", "U***"), ("", "")]
)
def test_account_ids_are_mask_account(account: str, shown: str) -> None:
    assert mask_account(account) == shown
