"""What a simulator is started with, and how its broker behaves where the real one's ways are unknown or a choice."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec


class SettingError(ValueError):
    """Something that a simulator is started with can't be used; the text is one line."""

    def __init__(self, setting: str, problem: str) -> None:
        """Name the setting and what is wrong with it."""
        super().__init__(f"{setting}: {problem}")


class Questions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which orders raise which precautionary question; 0 or false switches one off."""

    without_market_data: bool = False
    """o354"""
    percent_from_market: float = 3.0
    """o163: a limit price further than this from the last price"""
    market_order: bool = True
    """o10151"""
    stop_order: bool = True
    """o10152"""
    size_limit: int = 500
    """o383: more shares than this"""
    value_limit: float = 0.0
    """o451: a value above this, USD"""
    merged: bool = True
    """one question with all messages, or one after another"""


class Behaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The broker's choices; each value has been reported by somebody, or can't be ruled out."""

    questions: Questions = Questions()
    slippage_bps: float = 5.0
    duplicate_coid: Literal["none", "session", "day"] = "day"
    """scope of the check on cOID"""
    decline_spends_coid: bool = False
    child_coid: Literal["drop", "refuse", "keep"] = "drop"
    """a cOID on a bracket child"""
    child_activation: Literal["whole", "proportional", "full"] = "whole"
    """children when their parent fills in part: at once, for what is filled, or after the whole"""
    order_id_in_trades: bool = True
    parent_id_in_orders: bool = True
    order_ref_in_orders: Literal["never", "sometimes", "always"] = "always"
    split_keeps_orders: bool = False
    """GTC orders over a split"""
    bracket_children_cancel_each_other: bool = True
    unanswered_question_expires_s: float = 0.0
    """0: it waits until another order is sent"""
    visible_after_s: float = 0.0
    """from acceptance until an order is in the list"""
    partial_fill_fraction: float = 0.0
    """what share of a session's volume our orders get in one fill; 0: everything at once"""
    snapshot_calls_before_data: int = 1
    cold_order_list_calls: int = 1
    cold_trades_calls: int = 1
    cold_pnl_calls: int = 1
    cold_positions_calls: int = 1
    tickle_without_login: Literal["unauthorized", "no_session"] = "unauthorized"
    """401 with an empty body, or 200 with {"error": "no session"}"""
    session_clock: Literal["real", "simulated"] = "real"
    """which time idle time-out and session lifetime are counted in"""
    idle_timeout_s: float = 360.0
    sso_lifetime_s: float = 86_400.0
    nightly_reset: bool = False
    """whether the brokerage session ends at midnight in New York, by the simulated clock"""
    reauthentication_s: float = 0.0
    """from ssodh/init until authenticated is true"""


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """Everything that the pure core needs; the server's own settings are in `simulator.cli`."""

    account_id: str = "DU1234567"
    cash: float = 10_000.0
    start: str | None = None
    """first day, YYYY-MM-DD; the clock begins at the open of the first session from it on"""
    speed: float = 0.0
    auto_login: bool = False
    pacing: bool = True
    seed: int = 1
    state_dir: Path | None = None
    behaviour: Behaviour = field(default_factory=Behaviour)


def apply_settings(behaviour: Behaviour, settings: tuple[str, ...]) -> Behaviour:
    """Return `behaviour` with each `name=value` (dotted for the questions) put in.

    Raises:
        SettingError: a name that isn't one, or a value of another type; the text names it.
    """
    tree = msgspec.to_builtins(behaviour)
    for setting in settings:
        name, equals, text = setting.partition("=")
        *parents, last = name.strip().split(".")
        branch = tree
        for parent in parents:
            branch = branch.get(parent)
            if not isinstance(branch, dict):
                break
        if not equals or not isinstance(branch, dict) or last not in branch:
            problem = f"no such setting; there are {', '.join(_names(tree))}"
            raise SettingError(f"--set {setting}".strip(), problem)
        branch[last] = text.strip()
    try:
        return msgspec.convert(tree, Behaviour, strict=False)
    except msgspec.ValidationError as fault:
        raise SettingError("--set", str(fault)) from fault


def _names(tree: dict[str, object], prefix: str = "") -> list[str]:
    names: list[str] = []
    for name, value in tree.items():
        names += _names(value, f"{prefix}{name}.") if isinstance(value, dict) else [prefix + name]
    return names
