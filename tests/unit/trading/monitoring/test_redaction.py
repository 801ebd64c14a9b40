from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.monitoring.redaction import HIDDEN, clean_field, clean_text


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


def test_account_that_is_known_is_masked_in_every_part_of_a_field_however_it_is_written() -> None:
    assert clean_field("a", {"acct u1234": ["xU-1234", "U12345"]}, "U1234") == {"acct U***": ["xU***", "U***"]}


def test_numbers_and_absence_stay_and_the_rest_is_text() -> None:
    assert clean_field("a", [1, 2.5, None, True, "U7651234", ValueError("\n")]) == [
        1,
        2.5,
        None,
        True,
        "U***1234",
        r"\x0a",
    ]
