"""How long an answer is under way: a client that asks one call after the other is never faster than the real API.

At the speed of one machine a loop of a dozen calls would be over the limit of ten a second, and in the penalty box for
a quarter of an hour, though the same program can't reach that limit against the real one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from simulator.messages import Response

ANSWER_S = 0.11
"""the way of a call through the gateway and back, at its shortest"""
HISTORY_S = 0.55
"""a chart takes longer: as many at once as are allowed stay below ten a second"""
MOST_HISTORIES = 5
_HISTORY_PATHS = ("/v1/api/iserver/marketdata/history", "/v1/portal/iserver/marketdata/history")
_CONTROL = "/sim/"


class Tempo:
    """Delays answers where the limits on calls are real, and refuses charts above the number allowed at once."""

    def __init__(self, *, enabled: bool, wait: Callable[[float], object] = time.sleep) -> None:
        """Delay only if `enabled`; `wait` takes seconds."""
        self._enabled = enabled
        self._wait = wait
        self._histories = threading.BoundedSemaphore(MOST_HISTORIES)

    def answer(self, path: str, proceed: Callable[[], Response], refuse: Callable[[], Response]) -> Response:
        """Return what `proceed` answers, after the time that it takes; `refuse` answers for a chart too many."""
        if not self._enabled or path.startswith(_CONTROL):
            return proceed()
        if path.rstrip("/") not in _HISTORY_PATHS:
            return self._after(ANSWER_S, proceed)
        if not self._histories.acquire(blocking=False):
            return refuse()
        try:
            return self._after(HISTORY_S, proceed)
        finally:
            self._histories.release()

    def _after(self, seconds: float, proceed: Callable[[], Response]) -> Response:
        response = proceed()
        self._wait(seconds)
        return response
