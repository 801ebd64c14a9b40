"""Fixtures of the scenarios with ibind; a module says with its own `simulator` what the client meets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ibind import IbkrClient

from tests.scenarios.simulator.ibind_client import connected
from tests.scenarios.simulator.process import Running


@pytest.fixture
def client(simulator: Running) -> Iterator[IbkrClient]:
    with connected(simulator) as made:
        yield made
