from __future__ import annotations

from trading.store.boot_time import boot_time


def test_this_boot_goes_on() -> None:
    first, second = boot_time(), boot_time()
    assert first.boot_id == second.boot_id
    age_s = second.since(first.boot_id, first.seconds)
    assert age_s is not None
    assert age_s >= 0.0
