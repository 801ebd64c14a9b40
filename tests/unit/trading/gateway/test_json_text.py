from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.gateway import fields
from trading.gateway.fields import FieldError
from trading.gateway.json_text import MAX_DEPTH, Flaw, JsonError, read_json, write_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read_back_and_written_the_same(value: object) -> None:
    written = write_json(value)
    assert read_json(written) == value
    assert write_json(read_json(written)) == written


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (b"", Flaw.EMPTY),
        (b" \r\n", Flaw.EMPTY),
        (b"<html></html>", Flaw.HTML),
        (b"  <!DOCTYPE html>", Flaw.HTML),
        (b'{"a":1', Flaw.SYNTAX),
        (b'{"a":1}}', Flaw.SYNTAX),
        (b"Success", Flaw.SYNTAX),
        (b'{"a":1,"a":2}', Flaw.TWICE),
        (b'[{"b":{"a":1,"c":2,"a":1}}]', Flaw.TWICE),
        (b"1" * 5000, Flaw.NUMBER),
        (b'"\xff"', Flaw.ENCODING),
        (b"\xef\xbb\xbf{}", Flaw.SYNTAX),
        (b"[" * 10_000 + b"]" * 10_000, Flaw.DEEP),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, Flaw.DEEP),
        (b"[" * 1_000_000, Flaw.DEEP),
    ],
)
def test_doubtful_text_is_refused(body: bytes, flaw: Flaw) -> None:
    with pytest.raises(JsonError) as caught:
        read_json(body)
    assert caught.value.flaw is flaw


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_a_number_that_is_not_finite_spoils_its_own_field_alone(text: bytes) -> None:
    row = read_json(b'{"a":1,"b":' + text + b"}")
    assert isinstance(row, dict)
    assert fields.number(row["a"], "a") == 1.0
    for read in (fields.number, fields.integer, fields.optional_price, fields.order_price, fields.quantity):
        with pytest.raises(FieldError):
            read(row["b"], "b")
    assert fields.number_or_none(row["b"]) is None


def test_brackets_inside_a_text_are_no_nesting() -> None:
    text = '[{"' * 1000 + "\\"
    assert read_json(json.dumps([text]).encode()) == [text]


def test_nesting_is_read_to_its_limit_and_no_further() -> None:
    assert read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None
    with pytest.raises(JsonError):
        read_json(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_keys_keep_the_order_they_were_given() -> None:
    assert write_json({"b": 1, "a": "é", "c": [1.5, True, None]}) == b'{"b":1,"a":"\\u00e9","c":[1.5,true,null]}'


def test_what_is_not_finite_is_not_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(float("nan"))
