from __future__ import annotations

import threading

from trading.background import repeated


def test_it_is_looked_again_and_again_in_a_thread_of_that_name_until_the_block_ends() -> None:
    names: list[str] = []
    often = threading.Event()

    def look() -> None:
        names.append(threading.current_thread().name)
        if len(names) == 3:
            often.set()

    with repeated(look, 0.001, "looker"):
        assert often.wait(10)
    seen = len(names)
    assert set(names) == {"looker"}
    assert not any(thread.name == "looker" for thread in threading.enumerate())
    assert len(names) == seen


def test_look_that_hangs_holds_the_end_up_for_no_longer_than_it_may() -> None:
    begun, release = threading.Event(), threading.Event()

    def look() -> None:
        begun.set()
        release.wait(10)

    with repeated(look, 0.001, "hanging", end_within_s=0.01):
        assert begun.wait(10)
    release.set()
