"""Questions that the broker asks of an order: ordinary, forbidden, without end; replies that get lost."""

from __future__ import annotations

from simulator.fault_plan import Calls
from simulator.faults.context import Firing
from simulator.faults.declaration import ORDERS, REPLIES, FaultKind, Parameter, Texts, flag, text
from simulator.messages import Response, error

NOT_FOUND = "reply id not found: '{}'"
ORDINARY = "The following order has something that you should know of.\nAre you sure you want to submit this order?"
FORBIDDEN = "The value of this order is above the limit of your settings.\nAre you sure you want to submit this order?"
_BOTH = Calls("POST", ORDERS.paths + REPLIES.paths)


def asked(firing: Firing) -> Response:
    """Ask before everything else; the order waits for the answer."""
    broker = firing.broker
    broker.extra_questions = [(message_id, firing.text("text")) for message_id in firing.value("ids")]
    try:
        return firing.proceed()
    finally:
        broker.extra_questions = []


def asked_for_ever(firing: Firing) -> Response:
    """Ask the same question again after each answer."""
    pending = firing.broker.session.caches.pending.get(_reply_id(firing))
    if pending is None:
        return asked(firing)
    [message_id] = firing.value("ids")[:1]
    if not pending.left:
        pending.left = ((message_id, firing.text("text")),)
    return firing.proceed()


def reply_lost(firing: Firing) -> Response:
    """The reply's id is not found; with `applied` the order is live all the same."""
    if firing.flag("applied"):
        firing.proceed()
    return error(400, NOT_FOUND.format(_reply_id(firing)))


def epoch_changed(firing: Firing) -> Response:
    """The brokerage session starts anew between question and reply."""
    session = firing.broker.session
    session.open_brokerage(firing.broker.session_us)
    session.caches.accounts_called = True
    return firing.proceed()


def _reply_id(firing: Firing) -> str:
    return firing.request.path.rpartition("/")[2]


def _ids(*default: str) -> Parameter:
    return Parameter("ids", list(default), Texts(), "message ids of the questions")


KINDS = (
    FaultKind(
        "O01",
        "Ordinary questions",
        asked,
        (_ids("o10331", "o10332"), text("text", ORDINARY, "their text")),
        calls=ORDERS,
    ),
    FaultKind(
        "O02",
        "The same question for ever",
        asked_for_ever,
        (_ids("o10331"), text("text", ORDINARY, "its text; of several ids the first counts")),
        calls=_BOTH,
    ),
    FaultKind(
        "O03",
        "Unknown or forbidden questions",
        asked,
        (_ids("o451"), text("text", FORBIDDEN, "their text")),
        calls=ORDERS,
    ),
    FaultKind(
        "O04",
        "Reply id not found",
        reply_lost,
        (flag("applied", "the order is live all the same"),),
        calls=REPLIES,
    ),
    FaultKind("O05", "New brokerage session between question and reply", epoch_changed, calls=REPLIES),
)
