from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest

from webapp import parameters


@given(st.text())
def test_no_text_gets_past_the_parsers_as_something_else(text: str) -> None:
    for parse in (parameters.symbol, parameters.idempotency_key):
        try:
            assert parse(text) == text
        except BadRequest:
            continue
        assert text.isascii()
        assert not set(text) & set("/<>\"'&;%\x00\r\n ")


@pytest.mark.parametrize(
    "text", ["2026-13-01", "2026-02-30", "20260301", "2026-03-01T00:00", "²026-03-01", " 2026-03-01", ""]
)
def test_a_day_is_a_real_day(text: str) -> None:
    with pytest.raises(BadRequest):
        parameters.day(text)


def test_good_values_are_taken() -> None:
    assert parameters.day("2026-03-02") == date(2026, 3, 2)
    assert parameters.symbol("BRK.B") == "BRK.B"
    assert parameters.choice("show", "", {"": "All"}) == ""
    assert parameters.search_text("find", "AAPL stop") == "AAPL stop"


@pytest.mark.parametrize("text", ["x" * 101, "a\nb", "\x00"])
def test_a_search_is_one_short_line(text: str) -> None:
    with pytest.raises(BadRequest):
        parameters.search_text("find", text)
