"""Which of the broker's order questions may be answered yes: by message id and by what was sent, all others are no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trading.config import ExecutionSettings
from trading.execution.planning import checks
from trading.execution.planning.prices import COLLARS
from trading.model.contract import Contract
from trading.model.order import OrderIntent, OrderType, Role, Side
from trading.model.outcome import Questioned

MAX_QUESTIONS = 5
# Never, whatever a person adds to the allowed ones: prices far off, prompts; and of an entry sizes, values, and orders
# that trade at once. Of own shares a split can leave more than the broker takes unasked: a no would keep them bare and
# unsold for good, and no order of ours sells more than there are.
_NEVER = frozenset({"o382", "p12"})
_NEVER_ON_ENTRIES = frozenset({"o383", "o403", "o451"})
_SIZES = frozenset({"o383", "o451"})
_PRICE_CAPS = "o163"
_MARKET_ORDER = "o10151"
_STOP_ORDERS = frozenset({"o10152", "o10331"})
_NO_MARKET_DATA = "o354"


@dataclass(frozen=True, slots=True)
class Reference:
    """Our own price of a contract, USD, and the contract where it is known."""

    price: float
    contract: Contract | None = None


def refusal(
    question: Questioned,
    group: Sequence[OrderIntent],
    references: Mapping[int, Reference],
    settings: ExecutionSettings,
) -> str | None:
    """Return why the question is answered no, None when yes is allowed.

    `references` are our own prices by conid: before the open the close that was decided on.
    """
    if not question.message_ids:
        return "the question has no message id"
    for message_id in question.message_ids:
        problem = _problem(message_id, group, references, settings)
        if problem is not None:
            texts = " / ".join(question.texts)
            return f"{message_id}: {problem}; the broker asked: {texts}"
    return None


def _problem(
    message_id: str, group: Sequence[OrderIntent], references: Mapping[int, Reference], settings: ExecutionSettings
) -> str | None:
    entry = any(intent.role is Role.ENTRY for intent in group)
    if message_id in _NEVER or (entry and message_id in _NEVER_ON_ENTRIES):
        return "never confirmed"
    if message_id not in settings.allowed_questions:
        return "not among execution.allowed_questions"
    conditions = {
        _MARKET_ORDER: (_any_type(group, {OrderType.MARKET}, Role.EXIT), "no market order of an exit was sent"),
        _NO_MARKET_DATA: (not settings.require_realtime, "execution.require_realtime is set"),
        _PRICE_CAPS: (
            all(_harmless(intent, references.get(intent.conid)) for intent in group),
            "a price far from the market that is not passive",
        ),
        **dict.fromkeys(_SIZES, (all(intent.side is Side.SELL for intent in group), "it buys")),
        **dict.fromkeys(_STOP_ORDERS, (_any_type(group, {OrderType.STOP}, Role.STOP), "no stop order was sent")),
    }
    met, problem = conditions.get(message_id, (True, ""))
    return None if met else problem


def _any_type(group: Iterable[OrderIntent], types: set[OrderType], role: Role) -> bool:
    return any(intent.order_type in types and intent.role is role for intent in group)


def _harmless(intent: OrderIntent, reference: Reference | None) -> bool:
    """Return whether an order can't trade at once at a bad price: it rests, or lies inside the price collar.

    A protective stop below the reference rests too.
    """
    if intent.order_type is OrderType.MARKET:
        return True
    if reference is None or not reference.price > 0.0:
        return False
    if intent.order_type is OrderType.STOP:
        return intent.side is Side.SELL and intent.stop_price is not None and intent.stop_price < reference.price
    if intent.limit_price is None:
        return False
    if intent.side is Side.BUY:
        return intent.limit_price <= reference.price or checks.price_collar(intent, reference.price, 0.01) is None
    # The same collar as at the door: a no to the wider of an exit's limits would refuse each one that is sent anew.
    collar = COLLARS[-1] if intent.role is Role.EXIT else checks.SELL_COLLAR
    return checks.price_collar(intent, reference.price, collar, reference.contract) is None
