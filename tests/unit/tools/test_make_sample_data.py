"""Making the bundled bars: the chosen symbols under today's names, the same to the byte each time."""

from __future__ import annotations

import gzip
from pathlib import Path

from tools.make_sample_data import BARS_OF_EVERY_SESSION, chosen_rows, incomplete, write_compressed

HEAD = "symbol,date,open,high,low,close,volume,extra\n"


def test_chosen_symbols_are_taken_in_the_order_of_the_file_and_renamed(tmp_path: Path) -> None:
    path = tmp_path / "all.csv.gz"
    lines = ("FB,2014-03-03,1,2,0.5,1.5,100,x", "ZZZ,2014-03-03,1,2,0.5,1.5,100,x", "AAPL,2014-03-03,9,9,9,9,7,x")
    path.write_bytes(gzip.compress((HEAD + "\n".join(lines)).encode()))
    assert list(chosen_rows(path)) == [
        ("META", "2014-03-03", "1", "2", "0.5", "1.5", "100"),
        ("AAPL", "2014-03-03", "9", "9", "9", "9", "7"),
    ]


def test_symbol_that_lacks_a_session_is_named() -> None:
    rows = [("AAPL", "d", "1", "1", "1", "1", "1")] * BARS_OF_EVERY_SESSION
    assert "AAPL" not in incomplete(rows)
    assert "AAPL" in incomplete(rows[1:])


def test_file_is_the_same_to_the_byte_whenever_it_is_written(tmp_path: Path) -> None:
    rows = [("AAPL", "2014-03-03", "1", "1", "1", "1", "1")]
    first, second = tmp_path / "one.csv.gz", tmp_path / "two.csv.gz"
    assert write_compressed(rows, first) == write_compressed(rows, second)
    assert first.read_bytes() == second.read_bytes()
    assert gzip.decompress(first.read_bytes()).startswith(b"symbol,date,open,high,low,close,volume\nAAPL,")
