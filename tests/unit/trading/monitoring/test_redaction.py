from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.monitoring.redaction import HIDDEN, clean_field, clean_text, mask_accounts


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("account U7651234 is selected", "account U***1234 is selected"),
        ("DU1234567", "DU***4567"),
        ("/iserver/account/U7651234/orders", "/iserver/account/U***1234/orders"),
        ("F1234567,I7654321", "F***4567,I***4321"),
        ("U7651234 U7655678", "U***1234 U***5678"),
        ("DUH724521, DF1234567 and UXX12345678", "DUH***4521, DF***4567 and UXX***5678"),
        ("SHA256 o10152 K01 1205123456 GTC", "SHA256 o10152 K01 1205123456 GTC"),
        ("TS-a6i9-0001-zwysf8", "TS-a6i9-0001-zwysf8"),
        ("AAPL U2 D100", "AAPL U2 D100"),
    ],
)
def test_account_ids_are_masked_and_nothing_else(text: str, shown: str) -> None:
    assert mask_accounts(text) == shown


def test_control_characters_are_spelled_out() -> None:
    assert clean_text("A\r\n2026 INFO fake\x1b[31m\x7f\u202e") == r"A\x0d\x0a2026 INFO fake\x1b[31m\x7f\x202e"


@given(st.text())
def test_cleaned_text_is_one_line_without_control_characters(text: str) -> None:
    cleaned = clean_text(text)
    assert len(cleaned.splitlines()) <= 1
    assert all(ord(sign) >= 32 and not 0x7F <= ord(sign) <= 0x9F for sign in cleaned)


@pytest.mark.parametrize("name", ["password", "DASHBOARD_PASSWORD", "metrics_token", "Cookie", "session_id"])
def test_what_a_secrets_name_goes_with_is_hidden(name: str) -> None:
    assert clean_field(name, "hunter2") == HIDDEN
    assert clean_field("headers", {name: "hunter2"}) == {name: HIDDEN}


def test_numbers_and_absence_stay_and_the_rest_is_text() -> None:
    assert clean_field("a", [1, 2.5, None, True, "U7651234", ValueError("\n")]) == [
        1,
        2.5,
        None,
        True,
        "U***1234",
        r"\x0a",
    ]
