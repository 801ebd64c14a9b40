from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import pytest

from trading.cli.output import decimal, json_text, money, say, table


def test_columns_are_aligned_text_left_numbers_right() -> None:
    assert (
        table(("Symbol", "Shares"), [("A", "10"), ("GOOGL", "5")]) == "Symbol  Shares\nA           10\nGOOGL        5"
    )


def test_table_without_rows_is_its_header() -> None:
    assert table(("A", "B"), []) == "A  B"


def test_no_line_ends_in_blanks() -> None:
    text = table(("A", "Note"), [("x", ""), ("y", "long note")], left=frozenset({0, 1}))
    assert all(line == line.rstrip() for line in text.splitlines())


def test_json_is_indented_and_knows_dates_and_dataclasses() -> None:
    @dataclass(frozen=True)
    class Point:
        session: date
        equity: float

    text = json_text(Point(date(2014, 3, 3), 10_000.5))
    assert json.loads(text) == {"session": "2014-03-03", "equity": 10_000.5}
    assert "\n  " in text


@pytest.mark.parametrize(("amount", "shown"), [(None, "–"), (0.0, "0.00"), (1234567.891, "1,234,567.89")])
def test_money_has_two_decimals_or_is_a_dash(amount: float | None, shown: str) -> None:
    assert money(amount) == shown


def test_colour_is_for_terminals(capsys: pytest.CaptureFixture[str]) -> None:
    say("bad news", bad=True)
    assert capsys.readouterr().out == "bad news\n"


def test_decimals_are_as_many_as_asked_for() -> None:
    assert (decimal(1234.567, 2), decimal(60.0, 0)) == ("1,234.57", "60")
