"""The broker behaviour that nobody knows for sure: each with the values for which the trading system has to hold."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import product

UNKNOWNS: Mapping[str, Sequence[str]] = {
    "cancelled_after_s": ("0", "2", "30"),
    "child_coid": ("drop", "refuse", "keep"),
    "order_id_in_trades": ("true", "false"),
    "parent_id_in_orders": ("true", "false"),
    "day_after_close": ("next_session", "until_20:00"),
    "questions.percent_legs": ("all", "parent", "children"),
    "questions.merged": ("true", "false"),
    "questions.until_open": ("no", "question", "text"),
    "duplicate_coid": ("day", "session", "none"),
    "decline_spends_coid": ("false", "true"),
    "rejection_spends_coid": ("false", "true"),
    "order_ref_in_orders": ("always", "sometimes", "never"),
    "child_activation": ("whole", "proportional", "full"),
    "child_refusal_refuses_parent": ("true", "false"),
    "visible_after_s": ("0", "5", "60"),
    "acknowledged_after_s": ("0", "1", "20"),
    "unanswered_question_expires_s": ("0", "10"),
    "split_keeps_orders": ("false", "true"),
    "bracket_children_cancel_each_other": ("true", "false"),
    "partial_fill_fraction": ("0", "0.00001"),
}
"""the simulator's settings (docs/simulator.md), the first value being its default"""
CHANGED = 0.25
"""chance of each to differ from the default"""


def draw_behaviour(rng: random.Random) -> list[str]:
    """Return settings of the simulated broker, drawn."""
    return [f"{name}={rng.choice(values[1:])}" for name, values in UNKNOWNS.items() if rng.random() < CHANGED]


def combinations(names: Sequence[str]) -> list[list[str]]:
    """Return every combination of the values of some of them."""
    return [
        [f"{name}={value}" for name, value in zip(names, values, strict=True)]
        for values in product(*(UNKNOWNS[name] for name in names))
    ]
