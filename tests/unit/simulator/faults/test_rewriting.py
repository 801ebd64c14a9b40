from __future__ import annotations

import pytest

from simulator.faults.rewriting import encode, raw, rows_of
from tests.unit.simulator.support import Json


def test_raw_tokens_stand_unquoted() -> None:
    assert encode({"a": raw("1e400"), "b": [raw("-0"), "x"]}) == b'{"a":1e400,"b":[-0,"x"]}'


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ([{"a": 1}, 5], [{"a": 1}]),
        ({"orders": [{"a": 1}]}, [{"a": 1}]),
        ({"data": [{"t": 1}]}, [{"t": 1}]),
        ({"ABC": [{"a": 1}], "XYZ": []}, [{"a": 1}]),
        ({"a": 1}, [{"a": 1}]),
        ("text", []),
    ],
)
def test_rows_are_found_wherever_an_answer_lists_them(value: Json, rows: Json) -> None:
    assert rows_of(value) == rows
