"""Whether what the last turn of the loop read of the broker still holds now: positions, orders and their stops."""

from __future__ import annotations

from trading.model.status import SessionState
from trading.monitoring.health import OVERDUE_S, Facts

GOOD_SESSIONS = frozenset({SessionState.READY, SessionState.ENDED})
"""in these the account is read as often as it has to be; at the end of simulated data nothing changes any more"""


def reads_the_broker(facts: Facts) -> bool:
    """Return whether a trading process that lives reads the account again and again; else that reading is old."""
    if facts.session not in GOOD_SESSIONS or facts.hangs or facts.trouble:
        return False
    return facts.beat is not None and facts.beat.overdue_s <= OVERDUE_S and not facts.beat.unstored
