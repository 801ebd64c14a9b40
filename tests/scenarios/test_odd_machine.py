"""The whole system where the surroundings are odd: it trades, says nothing strange, and keeps its files to itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.real_start import RealStart


@pytest.fixture
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealStart]:
    made = RealStart(tmp_path, getattr(request, "param", "checkout"))
    yield made
    made.close()


def trades_and_stops(start: RealStart) -> None:
    start.trades()
    assert start.stop() == 0
    assert [path for path in start.written() if path.stat().st_mode & 0o077 and not path.is_dir()] == []
    assert [path for path in (start.checkout / "state", start.checkout / "logs") if path.stat().st_mode & 0o077] == []


def test_without_a_home_or_a_place_for_passing_files_and_with_an_open_umask(start: RealStart) -> None:
    start.begin("umask 000", TMPDIR="/etc/passwd")
    trades_and_stops(start)


@pytest.mark.parametrize("start", ["my système 株"], indirect=True)
def test_in_a_path_with_blanks_and_signs_that_the_locale_does_not_know(start: RealStart) -> None:
    locale = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TZ": "Pacific/Kiritimati"}
    start.begin("umask 077", HOME=str(start.checkout), **locale)
    trades_and_stops(start)


def test_with_few_files_a_foreign_home_and_a_time_zone_that_is_none(start: RealStart) -> None:
    locale = {"LC_ALL": "tr_TR.UTF-8", "LANG": "C", "TZ": "No/Where"}
    start.begin("ulimit -n 64", HOME="/proc/1", **locale)
    trades_and_stops(start)
