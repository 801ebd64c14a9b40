"""Codes of the decision as plain sentences, with what was measured and what it is held against."""

from __future__ import annotations

from dataclasses import dataclass

from trading.model.decision import Denied, Reason
from webapp.numbers import number

BELOW = "below the least allowed"
ABOVE = "above the most allowed"


@dataclass(frozen=True, slots=True)
class Wording:
    """How one code is said: `title` in lists, `what` was measured, in which unit and with how many decimals.

    `without_value` is the whole sentence where nothing could be measured, `explained` what the rule is for.
    """

    title: str
    what: str
    unit: str
    decimals: int
    without_value: str
    explained: str


_WORDINGS = {
    "warm_up": Wording(
        "Too little history",
        "Bars of history",
        "",
        0,
        "Not enough bars for every indicator.",
        "Every indicator needs its whole window of bars.",
    ),
    "trend": Wording(
        "No uptrend",
        "Trend measure",
        "",
        2,
        "No breakout above the channel within the window.",
        "A recent breakout above the yearly channel, a close above its middle, and a rising middle.",
    ),
    "pullback": Wording(
        "Pullback out of range",
        "Pullback from the recent high",
        " ATR",
        2,
        "The pullback can't be measured.",
        "The close must be a little below the recent high: neither at it nor in free fall.",
    ),
    "price": Wording("Price too low", "Close", " USD", 2, "No close.", "Cheap stocks are left out."),
    "volume": Wording(
        "Volume out of range",
        "Volume measure",
        "",
        2,
        "The volume can't be measured.",
        "Enough dollars must change hands each day, and today's volume must not be extraordinary.",
    ),
    "volatility": Wording(
        "Volatility out of range",
        "Daily range (ATR)",
        " % of price",
        2,
        "The daily range can't be measured.",
        "Neither asleep nor wild.",
    ),
    "gap": Wording(
        "Gapped down",
        "Open",
        " USD",
        2,
        "It opened below the low of the day before.",
        "No gap down into the pullback.",
    ),
    "bad_prices": Wording(
        "Prices make no sense",
        "Stop",
        " USD",
        2,
        "Stop, entry and target are not in order.",
        "Stop below entry below target.",
    ),
    "max_positions": Wording(
        "No free slot", "Positions with this one", "", 0, "All slots are taken.", "The number of positions is limited."
    ),
    "size_zero": Wording(
        "Too small to buy",
        "Shares that fit",
        "",
        2,
        "Less than one share fits the size limits.",
        "The smallest of four caps sets the size, and it allows less than one share.",
    ),
    "buying_power": Wording(
        "Not enough cash",
        "Cost with commission",
        " USD",
        2,
        "The cash does not cover it.",
        "Nothing is bought on credit.",
    ),
    "exposure": Wording(
        "Fully invested",
        "Money in stocks with this one",
        " USD",
        2,
        "The exposure limit is reached.",
        "Exposure is limited.",
    ),
    "drawdown_halt": Wording(
        "Drawdown limit",
        "Drawdown",
        "",
        3,
        "The drawdown limit was reached; no entries until a person resumes.",
        "After a large loss the system stops buying until a person looks.",
    ),
    "daily_loss": Wording(
        "Daily loss limit", "Loss of the day", "", 3, "The daily loss limit was reached.", "One bad day is enough."
    ),
    "concentration": Wording(
        "Too much in one name", "Value in this name", " USD", 2, "Too much in one name.", "One name is limited."
    ),
    "open_risk": Wording(
        "Too much at risk",
        "Loss if every stop is hit",
        " USD",
        2,
        "The open risk limit is reached.",
        "All stops together are limited.",
    ),
    "max_value": Wording(
        "Order too large", "Order value", " USD", 2, "The order is too large.", "A single order is limited."
    ),
    "max_quantity": Wording(
        "Too many shares", "Shares", "", 0, "Too many shares.", "The broker questions large orders."
    ),
    "repeat": Wording(
        "Stopped out lately",
        "Stop-outs",
        "",
        0,
        "Stopped out lately; entries are off.",
        "Repeated stop-outs pause entries.",
    ),
    "cooldown": Wording(
        "Cooling down", "Bars since the stop-out", "", 0, "Stopped out lately.", "A pause after a stop-out."
    ),
    "no_stop": Wording(
        "Stop too near or too far",
        "Stop distance",
        "",
        3,
        "The stop is not in its range.",
        "Every entry needs a sensible stop.",
    ),
    "max_per_sector": Wording(
        "Sector full", "Positions in the sector", "", 0, "The sector is full.", "A sector is limited."
    ),
    "account": Wording(
        "Observing only",
        "",
        "",
        0,
        "A live account without LIVE_TRADING: shown, not sent.",
        "The first step before going live.",
    ),
}

EXIT_REASONS = {
    "stop": "Stop reached",
    "target": "Target reached",
    "trend_broken": "Trend broken: closed below the channel's middle",
    "time_stop": "Held long enough",
    "delisted": "No longer traded",
    "operator": "Sold by a person",
    "protection": "Sold because its stop could not be kept",
}
CAPS = {
    "allocation": "the amount per trade",
    "risk": "the risk per trade",
    "concentration": "the most for one name",
    "liquidity": "the stock's own volume",
}


def title(code: str) -> str:
    """Return a code in a few words."""
    wording = _WORDINGS.get(_base(code))
    return wording.title if wording is not None else code.replace("_", " ").capitalize()


def explained(code: str) -> str:
    """Return what the rule is for, empty where that is not known."""
    wording = _WORDINGS.get(_base(code))
    return "" if wording is None else wording.explained


def sentence(reason: Reason | Denied) -> str:
    """Return why not, with the measured value and the threshold."""
    wording = _WORDINGS.get(_base(reason.code))
    what = reason.code.replace("_", " ").capitalize() if wording is None else wording.what
    unit, decimals = ("", 2) if wording is None else (wording.unit, wording.decimals)
    if reason.value is None:
        return f"{what}." if wording is None else wording.without_value
    value = f"{number(reason.value, decimals)}{unit}"
    if reason.limit is None:
        return f"{what} {value}."
    limit = f"{number(reason.limit, decimals)}{unit}"
    return f"{what} {value} is {BELOW if reason.value < reason.limit else ABOVE}, {limit}."


def _base(code: str) -> str:
    """Return the rule of a code that names one of its conditions too."""
    return code.partition(".")[0].partition(":")[0]
