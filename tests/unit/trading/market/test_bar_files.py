"""The files that bars are read from and written to."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.bars import random_panel
from trading.errors import DataError
from trading.market.bar_files import load_bars, write_bars

HEAD = "symbol,date,open,high,low,close,volume\n"
TWO = HEAD + "BB,2020-01-03,2,2,2,2,20\nAA,2020-01-02,1.1,1.2,1,1.15,10\nBB,2020-01-02,3,3,3,3,30\n"


def written(tmp_path: Path, text: str, name: str = "bars.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_bars_in_any_order_become_a_sorted_panel_with_gaps(tmp_path: Path) -> None:
    panel = load_bars(written(tmp_path, TWO))
    assert panel.symbols == ("AA", "BB")
    assert panel.sessions.tolist() == [date(2020, 1, 2), date(2020, 1, 3)]
    assert panel.close[0].tolist() == [1.15, 3.0]
    assert np.isnan(panel.close[1, 0])
    assert panel.volume[1, 1] == 20


def test_gzip_bom_crlf_and_further_columns_are_read(tmp_path: Path) -> None:
    plain = load_bars(written(tmp_path, TWO))
    other = written(tmp_path, "\ufeff" + TWO.replace("\n", "\r\n"), "dos.csv")
    assert load_bars(other).digest() == plain.digest()
    zipped = tmp_path / "bars.dat"
    zipped.write_bytes(gzip.compress(TWO.encode()))
    assert load_bars(zipped).digest() == plain.digest()
    wide = "\n".join(line + ",x" for line in TWO.splitlines()) + "\n"
    assert load_bars(written(tmp_path, wide, "wide.csv")).digest() == plain.digest()


@pytest.mark.parametrize("name", ["bars.csv", "bars.csv.gz"])
def test_written_bars_read_back_equal_to_the_bit(tmp_path: Path, name: str) -> None:
    panel = random_panel(3)
    write_bars(panel, tmp_path / name)
    assert load_bars(tmp_path / name).digest() == panel.digest()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "can't be read as CSV"),
        (HEAD, "holds no bars"),
        ("symbol,date,open,high,low,close\nA,2020-01-02,1,1,1,1\n", "no column volume"),
        (HEAD + "A,2020-01-02,1,1,1,1,1\nA,2020-01-03,1,x,1,1,1\n", "line 3, high 'x': not a number"),
        (HEAD + "A,2020-01-02,1,1,1,,1\n", "line 2, close '': not a number"),
        (HEAD + "A,2020-01-02,1,1,1,nan,1\n", "line 2, close 'nan': a price is a number above 0"),
        (HEAD + "A,2020-01-02,0,1,1,1,1\n", "line 2, open '0': a price is a number above 0"),
        (HEAD + "A,2020-01-02,1,1e999,1,1,1\n", "line 2, high '1e999': a price is a number above 0"),
        (HEAD + "A,2020-01-02,1,1,1,1,-1\n", "line 2, volume '-1': a volume is a number of 0 or more"),
        (HEAD + "A,02.01.2020,1,1,1,1,1\n", "line 2, date '02.01.2020': a day is written YYYY-MM-DD"),
        (HEAD + "A,2020-02-30,1,1,1,1,1\n", "line 2, date '2020-02-30': a day is written"),
        (HEAD + ",2020-01-02,1,1,1,1,1\n", "line 2, symbol '': a symbol is text"),
        (HEAD + "A,2020-01-02,1,1,1,1,1\nA,2020-01-02,1,1,1,1,1\n", "line 3, date '2020-01-02': a second bar of A"),
    ],
)
def test_unusable_file_is_one_line_that_names_the_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        load_bars(written(tmp_path, text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        load_bars(tmp_path / "nothing.csv")
    (tmp_path / "half.csv.gz").write_bytes(gzip.compress(TWO.encode())[:-12])
    (tmp_path / "flipped.csv.gz").write_bytes(gzip.compress(TWO.encode())[:20] + b"\xff" * 40)
    (tmp_path / "latin.csv").write_bytes(HEAD.encode() + b"\xe9,2020-01-02,1,1,1,1,1\n")
    for name in ("half.csv.gz", "flipped.csv.gz", "latin.csv"):
        with pytest.raises(DataError, match="can't be read as CSV"):
            load_bars(tmp_path / name)


def test_symbol_that_looks_like_a_missing_value_is_a_symbol(tmp_path: Path) -> None:
    panel = load_bars(written(tmp_path, HEAD + "NA,2020-01-02,1,1,1,1,1\n"))
    assert panel.symbols == ("NA",)


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_bars_come_back_as_they_were_written_in_every_format(tmp_path: Path, bundled_bars: Path, suffix: str) -> None:
    panel = load_bars(bundled_bars).select(("AAPL", "META"))
    write_bars(panel, tmp_path / f"bars{suffix}")
    assert load_bars(tmp_path / f"bars{suffix}").digest() == panel.digest()


def test_a_parquet_file_that_is_none_is_named_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "bars.parquet"
    path.write_bytes(b"symbol,date\n")
    with pytest.raises(DataError, match="Parquet") as caught:
        load_bars(path)
    assert "\n" not in str(caught.value)
