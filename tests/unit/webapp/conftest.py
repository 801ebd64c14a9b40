"""A dashboard for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.webapp.desk import Dashboard, make_dashboard, make_ready

Maker = Callable[..., Dashboard]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Maker]:
    """Make dashboards with environment variables of one's own."""
    made: list[Dashboard] = []

    def make_one(**environ: str) -> Dashboard:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(make_dashboard(folder, **environ))
        return made[-1]

    yield make_one
    for dashboard in made:
        dashboard.close()


@pytest.fixture
def dashboard(make: Maker) -> Dashboard:
    """A dashboard before the first start of the trading process."""
    return make()


@pytest.fixture(scope="session")
def ready_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a trading process that runs well, made once: each of its commits waits for the disk."""
    made = make_dashboard(tmp_path_factory.mktemp("ready"))
    make_ready(made)
    made.close()
    return made.state / "trading.db"


@pytest.fixture
def ready(dashboard: Dashboard, ready_database: Path) -> Dashboard:
    """A dashboard over a trading process that runs well."""
    shutil.copy(ready_database, dashboard.state)
    dashboard.beat()
    return dashboard
