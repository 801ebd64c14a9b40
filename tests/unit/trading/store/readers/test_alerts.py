from __future__ import annotations

from pathlib import Path

from tests.fakes.orders import LATER, NOW
from trading.store.alerts import SqliteAlerts
from trading.store.database import Database
from trading.store.readers.state import read_state


class Deaf:
    def alert(self, code: str, text: str) -> None:
        """Tell nobody."""


def test_what_is_so_comes_oldest_first_and_all_there_was_newest_first(database: Database, path: Path) -> None:
    alerts = SqliteAlerts(database, Deaf())
    for symbol in ("AAPL", "MSFT", "XOM"):
        alerts.present("uncovered", symbol, f"{symbol} has no stop", NOW)
    alerts.over("uncovered", {"MSFT", "XOM"}, LATER)
    with read_state(path) as state:
        assert [alert.subject for alert in state.alerts.present()] == ["MSFT", "XOM"]
        assert [alert.subject for alert in state.alerts.all()] == ["XOM", "MSFT", "AAPL"]
        (oldest,) = state.alerts.all(limit=1, offset=2)
    assert (oldest.since, oldest.told_at, oldest.over_at, oldest.times) == (NOW, NOW, LATER, 1)


def test_before_the_first_start_there_is_nothing_to_know(tmp_path: Path) -> None:
    with read_state(tmp_path / "trading.db") as state:
        assert state.alerts.present() == ()
        assert state.alerts.all() == ()
