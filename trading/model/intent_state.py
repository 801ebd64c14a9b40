"""The life of one intent: which state may follow which. Every other step is a bug and halts the system.

    PLANNED    -> SENDING | DENIED
    SENDING    -> WORKING | QUESTIONED | UNKNOWN | REJECTED | PLANNED (nothing left this machine)
    QUESTIONED -> REPLYING | DECLINED | UNKNOWN
    REPLYING   -> WORKING | QUESTIONED (the next question) | UNKNOWN | REJECTED | DECLINED
    UNKNOWN    -> WORKING | FILLED | CANCELLED | EXPIRED | REJECTED | LOST | DECLINED
    WORKING    -> FILLED | CANCELLED | EXPIRED | REJECTED | UNKNOWN (gone without a terminal status)
    LOST, DECLINED, REJECTED -> WORKING | FILLED (resurrected: it was live after all)
    FILLED, CANCELLED, EXPIRED -> WORKING (resurrected: a live row, or an execution was taken back)

A terminal state may be entered again (a late execution raises what is filled), and is never left towards sending.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from trading.errors import InvariantBroken
from trading.model.order import TERMINAL, IntentState

_S = IntentState

# No order came of these: they were not sent.
NEVER_LEFT = frozenset({_S.PLANNED, _S.DENIED})
# Declared absent by us: an own execution or live order of these proves otherwise. REDUCING and an alarm follow.
DECLARED_ABSENT = frozenset({_S.LOST, _S.DECLINED, _S.REJECTED})
_COME_BACK = {
    **dict.fromkeys(DECLARED_ABSENT, frozenset({_S.WORKING, _S.FILLED})),
    **dict.fromkeys((_S.FILLED, _S.CANCELLED, _S.EXPIRED), frozenset({_S.WORKING})),
}

EDGES: Mapping[IntentState, frozenset[IntentState]] = MappingProxyType(
    {
        _S.PLANNED: frozenset({_S.SENDING, _S.DENIED}),
        _S.SENDING: frozenset({_S.WORKING, _S.QUESTIONED, _S.UNKNOWN, _S.REJECTED, _S.PLANNED}),
        _S.QUESTIONED: frozenset({_S.REPLYING, _S.DECLINED, _S.UNKNOWN}),
        _S.REPLYING: frozenset({_S.WORKING, _S.QUESTIONED, _S.UNKNOWN, _S.REJECTED, _S.DECLINED}),
        _S.UNKNOWN: frozenset({_S.WORKING, _S.FILLED, _S.CANCELLED, _S.EXPIRED, _S.REJECTED, _S.LOST, _S.DECLINED}),
        _S.WORKING: frozenset({_S.FILLED, _S.CANCELLED, _S.EXPIRED, _S.REJECTED, _S.UNKNOWN}),
        **{state: frozenset({state}) | _COME_BACK.get(state, frozenset()) for state in TERMINAL},
    }
)


def check_edge(current: IntentState, new: IntentState) -> None:
    """Let an allowed step pass.

    Raises: InvariantBroken (I17), the state machine has no such edge; the system halts.
    """
    if new not in EDGES[current]:
        raise InvariantBroken("I17", f"an intent can't go from {current} to {new}")
