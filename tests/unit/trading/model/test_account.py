"""Whose money an account holds, and when a session is usable: there, connected, and nobody else fights for it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.config.annotations import ACCOUNT
from trading.model.account import (
    AccountKind,
    SessionStatus,
    hide_accounts,
    hide_in_address,
    kind_of,
    mask_account,
    mask_accounts,
)


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
    ("account", "shown"),
    [
        ("U1234567", "U***4567"),
        ("DU1234567", "DU***4567"),
        ("DUH724521", "DUH***4521"),
        ("DF1234567", "DF***4567"),
        ("I7654321", "I***4321"),
        ("X123456", "X***3456"),
        ("U12345", "U***"),
        ("U123", "U***"),
        ("All", "A***"),
        ("", ""),
    ],
)
def test_account_ids_are_mask_account(account: str, shown: str) -> None:
    assert mask_account(account) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("account U7651234 is selected", "account U***1234 is selected"),
        ("DU1234567", "DU***4567"),
        ("/iserver/account/U7651234/orders", "/iserver/account/U***1234/orders"),
        ("F1234567,I7654321", "F***4567,I***4321"),
        ("U7651234 U7655678", "U***1234 U***5678"),
        ("DUH724521, DF1234567 and UXX12345678", "DUH***4521, DF***4567 and UXX***5678"),
        ("%2FDU1234567%3d", "%2FDU***4567%3d"),
        ("account_U7651234_old", "account_U***1234_old"),
        ("DU1234567C and X12345678901", "DU***4567C and X***8901"),
        ("I12345 U1234", "I*** U***"),
        ("accountDUH724521", "accountDUH***4521"),
        ("20140303T143100 3FAB12345678 orderId=123456789", "20140303T143100 3FAB12345678 orderId=123456789"),
        ("SHA256 o10152 K01 1205123456 GTC", "SHA256 o10152 K01 1205123456 GTC"),
        ("TS-a6i9-0001-zwysf8", "TS-a6i9-0001-zwysf8"),
        ("AAPL U2 D100", "AAPL U2 D100"),
    ],
)
def test_account_ids_are_masked_and_nothing_else(text: str, shown: str) -> None:
    assert mask_accounts(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("du7654321, u8888777 and f1234567", "DU***4321, U***8777 and F***4567"),
        ("DU-7654321 DU 7654321 du-7654321 (U 8888777)", "DU***4321 DU***4321 DU***4321 (U***8777)"),
        ("DU765 4321, u765-4321", "DU***4321, U***4321"),
        ("3DU7654321 ACCOUNTDU7654321 \\u0044U7654321", "3DU***4321 ACCOUNTDU***4321 \\u0044U***4321"),
    ],
)
def test_account_ids_are_masked_as_others_write_them_too(text: str, shown: str) -> None:
    assert mask_accounts(text) == shown
    for hidden in (hide_accounts(text), hide_accounts(shown)):
        assert not any(digits in hidden for digits in ("4321", "8777", "4567"))


@pytest.mark.parametrize(
    "text",
    [
        "id 1234567 order-id-12345678 u12345 i2c AAPL-2014", "TS-s2fe-0003-u12345 0000e0d5.f1234567.01.01 du12",
        "conid 265598 and if 123456 dif-1234567 menu1234567", "GPU1 CPU64 STU123 https://u.example/1234567",
        "F123 2014 DU12 3456 BU123 4567 u-123 4567",
        "u-turn 2014-03-03 UTC 20140303 U.S. 1234567",
    ],
)  # fmt: skip
def test_words_and_numbers_of_orders_are_no_account_ids(text: str) -> None:
    assert mask_accounts(text) == text
    assert hide_accounts(text) == text


@pytest.mark.parametrize(
    "written", ["U1234", "u1234", "U-1234", "u 1 234", "XU1234", "menu1234", "U_1234", "U.12-34", "U\n1234"]
)
def test_id_that_is_known_is_masked_however_it_is_written(written: str) -> None:
    assert mask_accounts(f"a {written}, b", "U1234").endswith("U***, b")
    assert mask_accounts("a u12345 b", "U1234") == "a u12345 b"
    assert "1" not in hide_accounts(f"a {written}, b", "U1234")


@given(st.from_regex(ACCOUNT, fullmatch=True).filter(bool))
def test_every_id_that_can_be_set_is_hidden_wherever_it_stands_and_as_by_itself(account_id: str) -> None:
    hidden = mask_account(account_id)
    assert account_id not in hidden
    for text in ("{}", "/iserver/account/{}/orders", "a={}, b", '{{"acct":"{}"}}', "accounts%2F{}%2Fledger"):
        assert mask_accounts(text.format(account_id)) == text.format(hidden)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("account U7651234 is selected", "account … is selected"),
        ("account U***1234 is selected", "account … is selected"),
        ("DU1234567C, DF1234567; DUH724521 and I7654321", "…, …; … and …"),
        ("GET /portfolio/DU***4567/ledger: no answer", "GET /portfolio/…/ledger: no answer"),
        ("%2FDU1234567%3d account_U7651234_old", "%2F…%3d account_…_old"),
        ("U*** I12345 U1234", "… … …"),
        ("SHA256 o10152 K01 1205123456 GTC AAPL U2 2014-03-03T14:31 *** 500", "SHA256 o10152 K01 1205123456 GTC AAPL U2"
         " 2014-03-03T14:31 *** 500"),
        ("3FAB12345678 TS-a6i9-0001-zwysf8 E4", "3FAB12345678 TS-a6i9-0001-zwysf8 E4"),
        ("", ""),
    ],
)  # fmt: skip
def test_nothing_of_an_account_stands_in_what_anybody_may_read(text: str, shown: str) -> None:
    assert hide_accounts(text) == shown


@pytest.mark.parametrize("account", ["F-1234", "trust account", "DU1234567", "u7654321", "A.B*C"])
def test_own_account_is_hidden_whatever_its_form(account: str) -> None:
    text = f"a {account}, b {account.lower()}, c {mask_account(account)}"
    assert hide_accounts(text, account) == "a …, b …, c …"


@given(text=st.text(), account=st.from_regex(ACCOUNT, fullmatch=True).filter(bool))
def test_no_text_around_it_brings_an_account_to_light(text: str, account: str) -> None:
    for shown in (account, mask_account(account)):
        assert account not in hide_accounts(f"{text} {shown} {text}", account)
        hidden = hide_accounts(f"the account {shown}.")
        assert hidden == "the account …."


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/tickle", "/tickle"),
        ("/portfolio/U1234567/ledger", "/portfolio/…/ledger"),
        ("/portfolio2/DUH724521/positions", "/portfolio2/…/positions"),
        ("/iserver/account/F-1234/orders", "/iserver/account/…/orders"),
        ("/iserver/account/order/status/123456789", "/iserver/account/order/status/…"),
        ("/iserver/account/client%20A/order/12", "/iserver/account/…/order/12"),
    ],
)
def test_address_is_told_in_the_words_of_the_api_alone(path: str, shown: str) -> None:
    assert hide_in_address(path) == shown
