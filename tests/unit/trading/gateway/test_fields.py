from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.gateway import fields
from trading.gateway.fields import FieldError, LastPrice


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        (1.5, 1.5),
        ("1.5", 1.5),
        ("1,300", 1300.0),
        ("1,234,567.89", 1234567.89),
        ("-3", -3.0),
        (" 2 ", 2.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        (-0.0, 0.0),
    ],
)
def test_numbers_come_as_such_or_as_text(value: object, expected: float) -> None:
    assert fields.number(value, "x") == expected


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "abc",
        "1,30",
        "12,34",
        "C187.20",
        "H12",
        "1.2M",
        "--1",
        "1.2.3",
        "nan",
        "inf",
        "Infinity",
        "١٢",
        True,
        False,
        [],
        {},
        math.inf,
        math.nan,
        10**400,
        "1e400",
        "0x10",
        "1_000",
    ],
)
def test_what_is_no_number_is_an_error(value: object) -> None:
    with pytest.raises(FieldError):
        fields.number(value, "x")


def test_a_missing_number_is_none_and_not_zero() -> None:
    assert fields.optional_number(None, "x") is None
    assert fields.optional_number("", "x") is None
    assert fields.optional_number("0", "x") == 0.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        (0, None),
        ("0.0", None),
        ("-1", None),
        (-1, None),
        ("187.2", 187.2),
        ("1,300.5", 1300.5),
    ],
)
def test_a_price_that_the_broker_has_not_got_is_none(value: object, expected: float | None) -> None:
    assert fields.optional_price(value, "x") == expected


def test_a_negative_price_is_an_error() -> None:
    with pytest.raises(FieldError):
        fields.optional_price("-2.5", "x")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("C187.20", LastPrice(187.2, is_prior_close=True, halted=False)),
        ("H12", LastPrice(12.0, is_prior_close=False, halted=True)),
        ("1,300.10", LastPrice(1300.1, is_prior_close=False, halted=False)),
        (187.2, LastPrice(187.2, is_prior_close=False, halted=False)),
        ("", LastPrice(None, is_prior_close=False, halted=False)),
        (None, LastPrice(None, is_prior_close=False, halted=False)),
        ("-1", LastPrice(None, is_prior_close=False, halted=False)),
        ("C", LastPrice(None, is_prior_close=True, halted=False)),
    ],
)
def test_the_last_price_is_taken_apart_from_its_marks(value: object, expected: LastPrice) -> None:
    assert fields.last_price(value) == expected


@pytest.mark.parametrize("value", ["X12", "CH12", "C12C", "12C", "Cabc", [], True])
def test_an_unknown_mark_is_an_error(value: object) -> None:
    with pytest.raises(FieldError):
        fields.last_price(value)


@pytest.mark.parametrize(("value", "expected"), [(5, 5), ("5", 5), (5.0, 5), ("5.0", 5), (-1, -1)])
def test_whole_numbers_come_in_three_spellings(value: object, expected: int) -> None:
    assert fields.integer(value, "x") == expected


@pytest.mark.parametrize("value", [5.5, "5.5", None, "", True, "abc", 1e300])
def test_what_is_no_whole_number_is_an_error(value: object) -> None:
    with pytest.raises(FieldError):
        fields.integer(value, "x")


@pytest.mark.parametrize("value", [0, -1, "-1", None])
def test_a_contract_id_is_positive(value: object) -> None:
    with pytest.raises(FieldError):
        fields.conid(value)


def test_foreign_text_shows_no_account_id() -> None:
    assert fields.plain("of U7654321,\nDUH724521") == "of U***4321, DUH***4521"


@given(st.text())
def test_foreign_text_is_one_line_without_control_signs(text: str) -> None:
    shown = fields.plain(text)
    assert len(shown) <= 500
    assert not any(ord(sign) < 32 or ord(sign) == 127 for sign in shown)
    shown.encode("utf-8")


def test_hostile_text_is_shown_flat() -> None:
    assert fields.plain("a\r\nb\x1b[2Jc\u202ed\x00e\ud800f") == "a b [2Jc d e f"
    assert len(fields.plain("x" * 100_000)) == 500


@pytest.mark.parametrize("value", [None, "", "  ", 5, []])
def test_missing_text_is_an_error(value: object) -> None:
    with pytest.raises(FieldError):
        fields.text(value, "x")


@pytest.mark.parametrize("value", ["a b", "a\n", "é", "x" * 200, 5, ""])
def test_an_identifier_has_no_signs_that_none_has(value: object) -> None:
    with pytest.raises(FieldError):
        fields.identifier(value, "x")


def test_the_first_member_that_holds_something_is_taken() -> None:
    assert fields.member({"a": "", "b": None, "c": 0, "d": 1}, "a", "b", "c", "d") == 0
    assert fields.member({}, "a") is None
