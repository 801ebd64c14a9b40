from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest

from trading.config.checks import symbols
from webapp import parameters


@given(st.text())
def test_no_text_gets_past_the_parsers_as_something_else(text: str) -> None:
    for parse, more in ((parameters.symbol, "/ "), (parameters.idempotency_key, "")):
        try:
            assert parse(text) == text
        except BadRequest:
            continue
        assert text.isascii()
        assert not set(text) & (set("/<>\"'&;%\x00\r\n ") - set(more))


@pytest.mark.parametrize(
    "text", ["2026-13-01", "2026-02-30", "20260301", "2026-03-01T00:00", "²026-03-01", " 2026-03-01", ""]
)
def test_a_day_is_a_real_day(text: str) -> None:
    with pytest.raises(BadRequest):
        parameters.day(text)


def test_good_values_are_taken() -> None:
    assert parameters.day("2026-03-02") == date(2026, 3, 2)
    assert parameters.choice("show", "", {"": "All"}) == ""
    assert parameters.search_text("find", "AAPL stop") == "AAPL stop"


@pytest.mark.parametrize("text", ["AAPL", "BRK.B", "BRK B", "BRK/B", "BF-B", "3M", "A" * 15])
def test_symbol_is_what_can_be_set_as_one(text: str) -> None:
    assert parameters.symbol(text) == text
    assert symbols([text]) == (text,)


@pytest.mark.parametrize("text", ["", "aapl", " AAPL", "AAPL ", "A,B", "/A", "A" * 16, "A\nB", "Ä", "<A>", "A%20B"])
def test_what_can_not_be_set_as_a_symbol_is_none(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parameters.symbol(text)
    assert str(caught.value.description).startswith("symbol: ")


@pytest.mark.parametrize("text", ["x" * 101, "a\nb", "\x00"])
def test_a_search_is_one_short_line(text: str) -> None:
    with pytest.raises(BadRequest):
        parameters.search_text("find", text)
