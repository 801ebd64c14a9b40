"""The bundled bars are what data/README.md says, so that results which rest on them stay what they were."""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
from collections import Counter
from pathlib import Path

import pytest

SESSIONS = 1259


@pytest.fixture(scope="module")
def text(bundled_bars: Path) -> str:
    return gzip.decompress(bundled_bars.read_bytes()).decode()


@pytest.fixture(scope="module")
def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_digest_is_the_one_of_the_readme(text: str, project_root: Path) -> None:
    readme = (project_root / "data" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\b[0-9a-f]{64}\b", readme) == [hashlib.sha256(text.encode()).hexdigest()]


def test_every_symbol_has_every_session(rows: list[dict[str, str]]) -> None:
    counts = Counter(row["symbol"] for row in rows)
    assert len(counts) == 60
    assert set(counts.values()) == {SESSIONS}
    assert len({row["date"] for row in rows}) == SESSIONS


def test_rows_stand_in_order_of_symbol_and_date(rows: list[dict[str, str]]) -> None:
    keys = [(row["symbol"], row["date"]) for row in rows]
    assert keys == sorted(keys)


def test_table_of_the_readme_names_the_symbols(rows: list[dict[str, str]], project_root: Path) -> None:
    readme = (project_root / "data" / "README.md").read_text(encoding="utf-8")
    listed = [symbol for cells in re.findall(r"^\| [^|]+ \| ([A-Z ]+) \|$", readme, re.M) for symbol in cells.split()]
    assert sorted(listed) == sorted({row["symbol"] for row in rows})


def test_prices_are_positive_and_lie_within_the_range_of_the_day(rows: list[dict[str, str]]) -> None:
    wrong = []
    for row in rows:
        low, high = float(row["low"]), float(row["high"])
        inside = all(low <= float(row[name]) <= high for name in ("open", "close"))
        if not (low > 0 and inside and float(row["volume"]) > 0):
            wrong.append(row)
    assert wrong == []
