"""What a simulator is started with, and how its broker behaves where the real one's ways are unknown or a choice."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

import msgspec

Duration = Annotated[float, msgspec.Meta(ge=0.0, le=1e9)]
Amount = Annotated[float, msgspec.Meta(ge=0.0, le=1e12)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class SettingError(ValueError):
    """Something that a simulator is started with can't be used; the text is one line."""

    def __init__(self, setting: str, problem: str) -> None:
        """Name the setting and what is wrong with it."""
        super().__init__(f"{setting}: {problem}")


class Questions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which orders raise which precautionary question; 0 or false switches one off."""

    without_market_data: bool = False
    """o354"""
    percent_from_market: Amount = 3.0
    """o163: a limit price further than this from the last price"""
    market_order: bool = True
    """o10151"""
    stop_order: bool = True
    """o10152"""
    size_limit: Count = 500
    """o383: more shares than this"""
    value_limit: Amount = 0.0
    """o451: a value above this, USD"""
    ticks_from_market: Count = 0
    """o382: a limit price more ticks than this from the last price"""
    percent_legs: Literal["all", "parent", "children"] = "all"
    """which orders of a bracket raise o163"""
    percent_of_stops: bool = False
    """whether a stop order further than that from the last price raises o163 as well"""
    until_open: Literal["no", "question", "text"] = "no"
    """the notice that an order is not placed until the open: none, a question (o399), a text in the answer's row"""
    price_management_percent: Amount = 0.0
    """p12: the prompt about a limit further than this from the last price that is not marketable"""
    merged: bool = True
    """one question with all messages, or one after another"""


class Behaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The broker's choices; each value has been reported by somebody, or can't be ruled out."""

    questions: Questions = Questions()
    slippage_bps: Amount = 5.0
    """how much worse than its price a market or stop order fills"""
    duplicate_coid: Literal["none", "session", "day"] = "day"
    """scope of the check on cOID"""
    decline_spends_coid: bool = False
    """whether the cOID of an order whose question was declined is taken"""
    rejection_spends_coid: bool = False
    """whether the cOID of an order that the broker refused as it arrived is taken"""
    child_coid: Literal["drop", "refuse", "keep"] = "drop"
    """a cOID on a bracket child"""
    child_activation: Literal["whole", "proportional", "full"] = "whole"
    """children when their parent fills in part: at once, for what is filled, or after the whole"""
    child_refusal_refuses_parent: bool = True
    """whether a bracket of which a child is refused is inactive as a whole; else the others live"""
    day_after_close: Literal["next_session", "until_20:00"] = "next_session"
    """how long a DAY order lives that is sent after the close"""
    acknowledged_after_s: Duration = 0.0
    """from acceptance until an order works: PendingSubmit, from the half of it on PreSubmitted"""
    cancelled_after_s: Duration = 0.0
    """from a cancel until it takes effect: PendingCancel, and the order can still fill"""
    cancel_out_of_hours: Literal["at_once", "at_open"] = "at_once"
    """when a cancel takes effect that is sent while the market is closed: PendingCancel until then"""
    account_type: Literal["margin", "cash"] = "margin"
    """a cash account buys with settled cash only and does not sell short"""
    base_currency: Literal["USD", "EUR", "GBP", "CHF", "CAD", "JPY"] = "USD"
    """what the account is kept in: its worth is told in it, and its money is dollars all the same"""
    order_id_in_trades: bool = True
    """whether a trade names its order's id"""
    parent_id_in_orders: bool = True
    """whether a child in the list of orders names its parent"""
    order_ref_in_orders: Literal["never", "sometimes", "always"] = "always"
    """whether an order in the list names its cOID"""
    split_keeps_orders: bool = False
    """orders over a split: adjusted in price and quantity, or cancelled"""
    bracket_children_cancel_each_other: bool = True
    """whether the fill of one child cancels the others"""
    unanswered_question_expires_s: Duration = 0.0
    """how long a question waits for its reply; 0: until another order is sent"""
    visible_after_s: Duration = 0.0
    """from acceptance until an order is in the list"""
    partial_fill_fraction: Amount = 0.0
    """what share of a session's volume our orders in a symbol get each minute; 0: everything at once"""
    snapshot_calls_before_data: int = 1
    """first snapshots of a contract that only open its stream"""
    cold_order_list_calls: int = 1
    """first lists of orders in a session that are empty"""
    cold_trades_calls: int = 1
    """first lists of trades that are empty"""
    cold_pnl_calls: int = 1
    """first answers about profit and loss that are empty"""
    cold_positions_calls: int = 1
    """first reads of positions that lack most fields"""
    dynamic_accounts: bool = False
    """whether the user has so many accounts that they are looked up"""
    tickle_without_login: Literal["unauthorized", "no_session"] = "unauthorized"
    """401 with an empty body, or 200 with {"error": "no session"}"""
    session_clock: Literal["real", "simulated"] = "real"
    """which time a session ages in; resets and maintenance are always the market's"""
    second_factor_s: Duration = 120.0
    """how long a login waits for its second factor"""
    login_opens_brokerage: bool = True
    """false: a login is followed by ssodh/init"""
    idle_timeout_s: Duration = 360.0
    """without a call until the brokerage session is lost; 0: never"""
    sso_idle_timeout_s: Duration = 600.0
    """without a call or ping until the login is over; 0: never"""
    gateway_pings: bool = True
    """the gateway program keeps the login alive by itself, every 5 minutes"""
    gateway_tickles: bool = False
    """it also tickles every 30 seconds, and logs out when it finds the brokerage session lost"""
    sso_lifetime_s: Duration = 86_400.0
    """the longest life of a login; 0: none"""
    logout_ends_login: bool = True
    """false: a logout ends the brokerage session only, and reauthenticate opens it again"""
    reauthentication_s: Duration = 0.0
    """from ssodh/init until authenticated is true"""
    established_s: Duration = 0.0
    """from authenticated until established, and ready for calls"""
    init_needs_publish: bool = False
    """ssodh/init without "publish": true is answered with 500"""
    init_challenges: bool = False
    """ssodh/init of the gateway program is answered with a challenge first"""
    competitor_returns_s: Duration = 0.0
    """from taking the session back from a competing login until that one takes it again; 0: it stays away"""
    nightly_reset: bool = False
    """whether the brokerage session ends at each midnight of the market's clock"""
    reset_region: Literal["new_york", "zug", "hong_kong"] = "new_york"
    """whose midnight"""
    reset_minutes: Duration = 0.0
    """how long every call is answered with 503 from then on"""
    reset_ends_login: bool = False
    """whether the reset ends the login too"""
    saturday_maintenance_minutes: Duration = 0.0
    """how long every call is answered with 500 from Saturday, 00:00 in New York, on; 0: no maintenance"""


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
        shown = f"--set {setting}".strip()
        name, equals, text = setting.partition("=")
        *parents, last = name.strip().split(".")
        branch = tree
        for parent in parents:
            branch = branch.get(parent)
            if not isinstance(branch, dict):
                break
        if not equals or not isinstance(branch, dict) or last not in branch:
            raise SettingError(shown, _unknown(name.strip(), _names(tree)))
        branch[last] = text.strip()
        try:
            behaviour = msgspec.convert(tree, Behaviour, strict=False)
        except msgspec.ValidationError as fault:
            problem = str(fault).partition(" - at ")[0]
            raise SettingError(shown, problem) from fault
    return behaviour


def _unknown(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, n=1)
    return f"no such setting{f'; {near[0]}?' if near else ''} (--list-settings lists them; NAME=VALUE)"


def _names(tree: dict[str, object], prefix: str = "") -> list[str]:
    names: list[str] = []
    for name, value in tree.items():
        names += _names(value, f"{prefix}{name}.") if isinstance(value, dict) else [prefix + name]
    return names
