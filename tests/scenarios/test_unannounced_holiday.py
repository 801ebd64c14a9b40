"""A day that the calendar calls a session and on which the exchange stays closed, seen by the real processes."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scenarios.real_system import RealSystem
from trading.cycle.missing_bars import PATIENT_TRIES, SAMPLE

CLOSED = "2014-03-06"
SYMBOLS = 60
# From the close of that Thursday to the close of Friday, see tests/unit/trading/cycle/test_missing_bars.py.
MOST_QUESTIONS = (PATIENT_TRIES + 1) * SYMBOLS + SAMPLE * 58


def begin(folder: Path, bundled_bars: Path, left_out: Callable[[str], bool]) -> RealSystem:
    """Start gateway and trading on the bundled bars, without the lines that are to be left out."""
    bars = folder / "bars.csv.gz"
    with gzip.open(bundled_bars, "rt", encoding="utf-8") as source:
        kept = "".join(line for line in source if not left_out(line))
    bars.write_bytes(gzip.compress(kept.encode(), compresslevel=1))
    system = RealSystem(folder, SIM_BARS=str(bars), SIM_SECONDS_PER_DAY="1")
    system.begin_gateway()
    system.begin_trading()
    return system


@pytest.fixture
def ended() -> Iterator[list[RealSystem]]:
    systems: list[RealSystem] = []
    yield systems
    for system in systems:
        system.close()


def test_closed_exchange_is_named_asked_sparingly_and_the_next_session_goes_on(
    tmp_path: Path, bundled_bars: Path, ended: list[RealSystem]
) -> None:
    system = begin(tmp_path, bundled_bars, lambda line: f",{CLOSED}," in line)
    ended.append(system)
    system.until(lambda: "session=2014-03-10" in system.said("trader"))
    said = system.said("trader")
    words = "no stock has a bar of Thu 6 Mar: perhaps the exchange was closed"
    alerts = [line for line in said.splitlines() if "alert" in line and "code=trouble" in line]
    assert len(alerts) == 1
    assert f'missing="{words}"' in said
    assert f"session={CLOSED}  mode=" not in said, "nothing is decided on it"
    assert "session=2014-03-07  mode=" in said
    asked = [int(number) for number in re.findall(r"asked=([0-9]+)", said)]
    assert PATIENT_TRIES * SYMBOLS < sum(asked) <= MOST_QUESTIONS
    shown = system.status()
    assert (shown["mode"], shown["halts"], shown["alerts"]) == ("ACTIVE", [], [])


def test_day_that_some_stocks_have_is_decided_on(tmp_path: Path, bundled_bars: Path, ended: list[RealSystem]) -> None:
    system = begin(tmp_path, bundled_bars, lambda line: f",{CLOSED}," in line and line < "M")
    ended.append(system)
    system.until(lambda: "session=2014-03-07" in system.said("trader"))
    assert f"session={CLOSED}  mode=" in system.said("trader")
    assert "no decision yet" not in system.said("trader")
