from __future__ import annotations

import pytest

from trading.model.boot_time import BootTime

NOW = BootTime("one", 100.0)


def test_age_is_the_difference_within_one_boot() -> None:
    assert NOW.since("one", 40.0) == 60.0
    assert NOW.since("one", 100) == 0.0


@pytest.mark.parametrize(
    ("boot_id", "seconds"), [("two", 40.0), (None, 40.0), ("one", None), ("one", "40"), ("one", 101.0)]
)
def test_moment_of_another_boot_or_none_at_all_has_no_age(boot_id: object, seconds: object) -> None:
    assert NOW.since(boot_id, seconds) is None
