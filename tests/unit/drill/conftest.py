"""The bundled market, loaded once for all tests of the drill, and schedules on it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from drill.schedule import Schedule
from drill.world import World


@pytest.fixture(autouse=True)
def voices() -> Iterator[None]:
    """Give the lines of libraries back, which the drill's own processes do without."""
    logger = logging.getLogger()
    level, handlers = logger.level, list(logger.handlers)
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


@pytest.fixture(scope="session")
def world() -> World:
    """The market of the bundled bars."""
    return World()


@pytest.fixture
def ordinary() -> Schedule:
    """Four sessions in which two entries are sent, one is filled at once, and nothing goes wrong."""
    return Schedule(
        seed=1,
        symbols=["BAC", "MSFT"],
        start="2014-04-22",
        faults_at="2014-04-23T12:00:00+00:00",
        heals_at="2014-04-24T20:30:00+00:00",
        ends_at="2014-04-25T20:30:00+00:00",
    )
