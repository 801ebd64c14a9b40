"""Looking after something every so often, in a thread beside whatever else goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def repeated(
    look: Callable[[], object], every_s: float, name: str, end_within_s: float | None = None
) -> Iterator[None]:
    """Call `look` every `every_s` real seconds beside the block, in a daemon thread called `name`.

    At the end of the block the last look is waited for, for at most `end_within_s` where that is given.
    """
    over = threading.Event()

    def run() -> None:
        while not over.wait(every_s):
            look()

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(end_within_s)
