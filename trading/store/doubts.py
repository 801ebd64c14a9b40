"""Executions whose price or size makes no sense: the shares are counted, what they are said to have brought is not."""

from __future__ import annotations

import sqlite3

from trading.model.order import Execution, Role, Side
from trading.store.units import from_units_or_none

# An order fills at its limit or better; so far beyond it, as a fraction, no rounding and no change by hand explains it.
FAR = 0.05


def doubt_about(intent: sqlite3.Row, filled: int, execution: Execution, position: sqlite3.Row | None) -> str:
    """Return why the result of a trade with this execution can't be trusted, empty where nothing speaks against it.

    `filled` are the shares of `intent` with it, `position` is what was owned before it. A target is judged by the plan
    of its position, which a person or a split may have changed.
    """
    if execution.quantity <= 0:
        return ""
    if not execution.price > 0.0:
        return "it has no price"
    limit = from_units_or_none(intent["limit_price"])
    if intent["role"] == Role.TARGET and position is not None:
        limit = from_units_or_none(position["target_price"])
    beyond = 0.0 if limit is None else execution.price / limit - 1.0
    if execution.side is Side.SELL:
        beyond = -beyond
    if beyond > FAR:
        return f"its price, {execution.price:g}, is far beyond the limit, {limit:g}"
    if intent["role"] == Role.ENTRY and filled > intent["quantity"]:
        return f"{filled} shares were bought, {intent['quantity']} were ordered"
    return ""
