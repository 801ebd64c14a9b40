"""What a plan wants, in few words."""

from __future__ import annotations

from trading.execution.planning.plan import Cancel, Forgo, Plan, Refuse, Submit
from trading.model.command import Step
from trading.model.order import OrderIntent


def steps(plan: Plan) -> list[str]:
    """Return the kinds of its commands, in their order."""
    return [type(command).__name__ for command in plan.commands]


def cancels(plan: Plan) -> list[tuple[str, Step]]:
    """Return the orders that it cancels, and as a step of what."""
    return [(command.record.coid, command.step) for command in plan.commands if isinstance(command, Cancel)]


def sent(plan: Plan, step: Step | None = None) -> list[OrderIntent]:
    """Return the orders that it sends, or those of one step."""
    return [
        intent
        for command in plan.commands
        if isinstance(command, Submit) and step in {None, command.step}
        for intent in command.group
    ]


def sold(plan: Plan) -> list[tuple[int, float | None]]:
    """Return size and limit of what it sends, None for a market order."""
    return [(intent.quantity, intent.limit_price) for intent in sent(plan)]


def refused(plan: Plan) -> list[tuple[str, str]]:
    """Return the orders that it closes without sending them, each with the code of the reason; "" for none made."""
    return [
        (c.group[0].coid if isinstance(c, Refuse) else "", c.denied.code)
        for c in plan.commands
        if isinstance(c, Refuse | Forgo)
    ]


def waits(plan: Plan) -> dict[str, str]:
    """Return by symbol the code of what an order waits for."""
    return {symbol: denied.code for symbol, denied in plan.waiting.items()}
