from __future__ import annotations

from collections.abc import Iterator

import pytest

from trading.errors import ConfigError
from trading.execution import failpoints
from trading.execution.failpoints import arm, failpoint


@pytest.fixture(autouse=True)
def _nothing_stays_armed() -> Iterator[None]:
    yield
    failpoints.disarm()


def test_failpoint_does_nothing_unless_it_is_armed() -> None:
    failpoint("K05")


def test_armed_failpoint_springs_once() -> None:
    sprung: list[str] = []
    arm("K05", lambda: sprung.append("K05"))
    failpoint("K06")
    failpoint("K05")
    failpoint("K05")
    assert sprung == ["K05"]


def test_failpoint_springs_at_the_hit_that_was_asked_for() -> None:
    sprung: list[int] = []
    arm("K05:3", lambda: sprung.append(len(sprung)))
    for passed in range(1, 5):
        failpoint("K05")
        assert len(sprung) == (passed >= 3)


@pytest.mark.parametrize("text", ["", "K5", "X05", "K05:", "K05:0", "K05:-1", "K05 "])
def test_misspelled_failpoint_is_a_wrong_setting(text: str) -> None:
    with pytest.raises(ConfigError, match="TRADING_FAILPOINT"):
        arm(text, lambda: None)
