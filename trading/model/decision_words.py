"""Codes of a decision as plain sentences: why a limit of ours refused, why a position is sold, what set a size.

What a strategy's own checks say is the strategy's: `trading.model.strategy_words`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from trading.model.decision import Denied, ExitReason, Reason
from trading.model.strategy_words import StrategyWords, Unit, WriteNumber, plain, written


@dataclass(frozen=True, slots=True)
class Wording:
    """How a code is said: `{v}` is what was measured and `{l}` the limit, written by `unit`; `{d}` the detail.

    `above` is for a value over its limit, where that is another fault; `missing` is said where nothing
    was measured.
    """

    below: str
    unit: Unit
    above: str = ""
    missing: str = ""


TITLES: Mapping[str, str] = {
    "no_bar": "No bar",
    "warm_up": "Too little history",
    "bad_prices": "Prices make no sense",
    "max_positions": "No free slot",
    "size_zero": "Too small to buy",
    "buying_power": "Not enough cash",
    "exposure": "Fully invested",
    "drawdown_halt": "Drawdown limit",
    "daily_loss": "Daily loss limit",
    "concentration": "Too much in one name",
    "open_risk": "Too much at risk",
    "max_value": "Order too large",
    "max_quantity": "Too many shares",
    "repeat": "Stopped out lately",
    "no_stop": "Stop out of range",
    "max_per_sector": "Sector full",
    "day_trades": "Too many day trades",
    "account": "Observing only",
    "state": "Not possible now",
    "too_old": "Too late to send",
    "market_closed": "Outside its hours",
    "reset": "Broker's reset",
    "halted_symbol": "Trading is halted",
    "price_collar": "Price too far off",
    "fat_finger": "Price not allowed",
    "duplicate": "Sent already",
    "not_sent": "Gateway not reached",
    "rate": "Too many entries",
    "instrument": "Contract not as checked",
    "restricted": "Symbol is blocked",
    "stale": "No fresh price",
    "split": "Split suspected",
    "short": "More than is ours",
    "equity_unknown": "Account value in doubt",
    "equity": "Account value in doubt",
    "flow": "Money came or went",
}

_WORDINGS: Mapping[str, Wording] = {
    "no_bar": Wording("", Unit.COUNT, missing="It has no bar in this session."),
    "warm_up": Wording(
        "It has {v} bars of history; {l} are needed.", Unit.COUNT, missing="It has too few bars for every indicator."
    ),
    "skipped": Wording("Its data can't be used now.", Unit.COUNT, missing="Its data can't be used now."),
    "bad_prices": Wording("Stop, entry and target are not in order.", Unit.NUMBER),
    "max_positions": Wording(
        "All {l} slots are taken.", Unit.COUNT, above="All {l} slots are taken.", missing="All slots are taken."
    ),
    "size_zero": Wording("Less than one share fits: {v}, held down by {d}.", Unit.NUMBER),
    "buying_power": Wording("", Unit.USD, above="It would cost {v} with commission; {l} of cash is left."),
    "exposure": Wording("", Unit.USD, above="It would bring the money in stocks to {v}; at most {l} is allowed."),
    "drawdown_halt": Wording(
        "No entries since the drawdown limit, {l}, was reached, until a person resumes. The drawdown is {v} now.",
        Unit.PERCENT,
        above="The drawdown, {v}, is past the limit, {l}. No entries until a person resumes.",
        missing="No entries since the drawdown limit was reached, until a person resumes.",
    ),
    "daily_loss": Wording("", Unit.PERCENT, above="The loss since the close before, {v}, is past the limit, {l}."),
    "concentration": Wording("", Unit.USD, above="It would put {v} into one name; at most {l} is allowed."),
    "open_risk": Wording("", Unit.USD, above="All stops together would lose {v}; at most {l} is allowed."),
    "max_value": Wording("", Unit.USD, above="The order's value, {v}, is more than {l}."),
    "max_quantity": Wording("", Unit.COUNT, above="{v} shares are more than the {l} that one order may have."),
    "repeat": Wording(
        "It was stopped out {v} bars ago; the pause is {l}.",
        Unit.COUNT,
        above="{v} positions were stopped out lately, so entries pause; {l} would do.",
        missing="Entries pause after several stop-outs.",
    ),
    "no_stop": Wording(
        "Its stop is {v} below the entry, nearer than {l}.",
        Unit.PERCENT,
        above="Its stop is {v} below the entry, farther than {l}.",
        missing="It has no usable stop.",
    ),
    "max_per_sector": Wording("", Unit.COUNT, above="Its sector would have {v} positions; at most {l} are allowed."),
    "day_trades": Wording(
        "Its stop or target could make it day trade number {v}; {l} are allowed.",
        Unit.COUNT,
        above="Its stop or target could make it day trade number {v}; a small margin account may make {l}.",
    ),
    "equity_unknown": Wording(
        "", Unit.USD, missing="What the account is worth can't be relied on now, so nothing is bought."
    ),
    "account": Wording("A live account without LIVE_TRADING: shown, not sent.", Unit.COUNT),
}

EXIT_REASONS: Mapping[str, str] = {
    "stop": "Stop reached",
    "target": "Target reached",
    "trend_broken": "Trend broken",
    "time_stop": "Held long enough",
    "delisted": "No longer traded",
    "operator": "Sold by a person",
}
CAPS: Mapping[str, str] = {
    "allocation": "the amount per trade",
    "risk": "the risk per trade",
    "concentration": "the most for one name",
    "liquidity": "the stock's own volume",
}


def exit_sentence(reason: str, words: StrategyWords) -> str:
    """Return why a position is sold, in the words of the strategy that decided it."""
    text = EXIT_REASONS.get(reason, reason)
    return f"{text}: closed below {words.exit_level}." if reason == ExitReason.TREND_BROKEN else f"{text}."


def title(code: str) -> str:
    """Return a code in a few words."""
    return TITLES.get(code, plain(code))


def sentence(reason: Reason | Denied, write: WriteNumber) -> str:
    """Return why not, with the measured value and the threshold."""
    detail = reason.detail if isinstance(reason, Denied) else ""
    wording = _WORDINGS.get(reason.code)
    value, limit = _finite(reason.value), _finite(reason.limit)
    if wording is None:
        return _unknown(reason.code, value, limit, detail, write)
    if value is None or (limit is None and wording.missing):
        return wording.missing or f"{title(reason.code)}."
    over = limit is None or value > limit
    text = wording.above if wording.above and (over or not wording.below) else wording.below
    shown_limit = "its limit" if limit is None else written(limit, wording.unit, write)
    return text.format(
        v=written(value, wording.unit, write), l=shown_limit, d=CAPS.get(detail, detail) or "the size limits"
    )


def _unknown(code: str, value: float | None, limit: float | None, detail: str, write: WriteNumber) -> str:
    """Return a sentence for a code without words of its own."""
    said = plain(code)
    if value is not None:
        said += f": {written(value, Unit.COUNT, write)}"
    if value is not None and limit is not None:
        said += f", limit {written(limit, Unit.COUNT, write)}"
    return f"{said}. {detail}".strip() if detail else f"{said}."


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
