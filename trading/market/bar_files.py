"""The files that bars are read from and written to; the one module that imports pandas, so import it where you read.

Everything else of the product works on `trading.market.panel`, whose import takes a tenth of the time and the memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from trading.errors import DataError
from trading.market.panel import NUMBERS, Days, Floats, Panel

COLUMNS = ("symbol", "date", *NUMBERS)


def load_bars(path: Path) -> Panel:
    """Return the bars of a CSV (plain or gzip) or Parquet file with the columns of COLUMNS, rows in any order.

    Raises: DataError, one line that names the file and, where it can, the line, the column and the value.
    """
    if not path.is_file():
        raise DataError(str(path), "no such file")
    table = _read_parquet(path) if path.suffix in {".parquet", ".pq"} else _read_csv(path)
    return _panel_of(path, table)


def write_bars(panel: Panel, path: Path) -> None:
    """Write the panel to `path`: Parquet by its suffix, else CSV, gzip where it ends in .gz; by symbol, then date."""
    columns, rows = np.nonzero(~np.isnan(panel.close.T))
    table = pd.DataFrame(
        {
            "symbol": np.array(panel.symbols, dtype=object)[columns],
            "date": panel.sessions[rows].astype(str),
            **{name: getattr(panel, name)[rows, columns] for name in NUMBERS},
        }
    )
    if (table["volume"] % 1 == 0).all():
        table["volume"] = table["volume"].astype("int64")
    if path.suffix in {".parquet", ".pq"}:
        table.to_parquet(path, index=False)
        return
    # No time stamp inside the gzip file: the same bars give the same bytes.
    compression = {"method": "gzip", "mtime": 0} if path.suffix == ".gz" else None
    table.to_csv(path, index=False, lineterminator="\n", compression=compression)


def _bad(path: Path, line: int, column: str, value: object, wanted: str) -> DataError:
    return DataError(str(path), f"line {line}, {column} {value!r}: {wanted}")


def _missing(path: Path, found: Sequence[object]) -> DataError | None:
    lost = [name for name in COLUMNS if name not in found]
    if not lost:
        return None
    return DataError(str(path), f"no column {', '.join(lost)}; the first line must name {','.join(COLUMNS)}")


def _read_csv(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    try:
        table = pd.read_csv(
            path,
            compression="gzip" if zipped else None,
            # Text first: a bad value is then named as it stands, and numbers are read to the nearest double below.
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            skip_blank_lines=False,
            usecols=lambda name: name in COLUMNS,
        )
    except (OSError, EOFError, ValueError, zlib.error) as error:
        problem = f"can't be read as CSV: {str(error).splitlines()[0]}"
        raise DataError(str(path), problem) from error
    lost = _missing(path, list(table.columns))
    if lost is not None:
        raise lost
    return table


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_parquet(path)
    except ImportError as error:
        problem = "reading Parquet needs the package pyarrow; or give the bars as CSV"
        raise DataError(str(path), problem) from error
    except (OSError, ValueError) as error:
        problem = f"can't be read as Parquet: {str(error).splitlines()[0]}"
        raise DataError(str(path), problem) from error
    lost = _missing(path, list(table.columns))
    if lost is not None:
        raise lost
    table["date"] = table["date"].astype(str).str.slice(0, 10)
    return table


def _numbers(path: Path, table: pd.DataFrame, name: str) -> Floats:
    try:
        values = table[name].to_numpy(dtype=np.float64)
    except (ValueError, TypeError):
        values = np.full(len(table), np.nan)
        for row, text in enumerate(table[name]):
            try:
                values[row] = float(text)
            except (ValueError, TypeError):
                raise _bad(path, row + 2, name, text, "not a number") from None
    with np.errstate(invalid="ignore"):
        wrong = ~(values >= 0.0 if name == "volume" else values > 0.0) | np.isinf(values)
    if wrong.any():
        row = int(np.argmax(wrong))
        wanted = "a volume is a number of 0 or more" if name == "volume" else "a price is a number above 0"
        raise _bad(path, row + 2, name, table[name].iloc[row], wanted)
    return values


def _days(path: Path, table: pd.DataFrame) -> Days:
    codes, texts = pd.factorize(table["date"])
    days = np.empty(len(texts), dtype="datetime64[D]")
    for number, text in enumerate(texts):
        try:
            days[number] = np.datetime64(date.fromisoformat(text), "D")
        except (ValueError, TypeError):
            row = int(np.argmax(codes == number))
            raise _bad(path, row + 2, "date", text, "a day is written YYYY-MM-DD") from None
    return days[codes]


def _panel_of(path: Path, table: pd.DataFrame) -> Panel:
    if table.empty:
        raise DataError(str(path), "holds no bars")
    codes, names = pd.factorize(table["symbol"])
    for number, name in enumerate(names):
        if not isinstance(name, str) or not name or name != name.strip():
            row = int(np.argmax(codes == number))
            raise _bad(path, row + 2, "symbol", name, "a symbol is text without blanks around it")
    days = _days(path, table)
    sessions, rows = np.unique(days, return_inverse=True)
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    columns = place[codes]
    cells = rows * len(names) + columns
    _, first = np.unique(cells, return_index=True)
    if len(first) != len(cells):
        again = np.ones(len(cells), dtype=bool)
        again[first] = False
        row = int(np.argmax(again))
        raise _bad(path, row + 2, "date", str(days[row]), f"a second bar of {names[codes[row]]} on that day")
    grids = {}
    for name in NUMBERS:
        grid = np.full((len(sessions), len(names)), np.nan)
        grid[rows, columns] = _numbers(path, table, name)
        grids[name] = grid
    return Panel(tuple(names[number] for number in order), sessions, **grids)
