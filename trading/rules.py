"""The decision rules, each once, as compiled scalar functions: sell signal, size, verdict of one candidate.

The classes of the decision are shells around these, and a compiled backtest calls the same ones. A limit that is NaN,
or is compared with NaN, refuses.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trading.market.compiled import compiled
from trading.market.fills import cents, commission, round_down_to, round_up_to
from trading.market.panel import Panel

MONEY_TOLERANCE = 1e-9
DELISTED_AFTER_SESSIONS = 10

# Price increments by the price's lower edge: those of US stocks, where the broker has not told the contract's own.
US_EDGES = np.array([0.0, 1.0])
US_STEPS = np.array([0.0001, 0.01])

NO_SELL, SELL_TREND_BROKEN, SELL_TIME_STOP = 0, 1, 2

CAPS = ("allocation", "risk", "concentration", "liquidity")

# The order in which a candidate is refused; 0 is accepted.
CODES = (
    "accepted",
    "drawdown_halt",
    "bad_prices",
    "max_positions",
    "size_zero",
    "buying_power",
    "exposure",
    "max_per_sector",
    "max_value",
    "max_quantity",
    "repeat",
    "daily_loss",
    "concentration",
    "open_risk",
    "no_stop",
    "day_trades",
)
ACCEPTED = 0
_NUMBER = {code: number for number, code in enumerate(CODES)}
DRAWDOWN_HALT, BAD_PRICES, MAX_POSITIONS = (_NUMBER[c] for c in ("drawdown_halt", "bad_prices", "max_positions"))
SIZE_ZERO, BUYING_POWER, EXPOSURE = (_NUMBER[c] for c in ("size_zero", "buying_power", "exposure"))
MAX_PER_SECTOR, MAX_VALUE, MAX_QUANTITY = (_NUMBER[c] for c in ("max_per_sector", "max_value", "max_quantity"))
REPEAT, DAILY_LOSS, CONCENTRATION = (_NUMBER[c] for c in ("repeat", "daily_loss", "concentration"))
OPEN_RISK, NO_STOP, DAY_TRADES = (_NUMBER[c] for c in ("open_risk", "no_stop", "day_trades"))


class BracketRules(NamedTuple):
    """Distances of a bracket's prices: two in ATRs, the target's in percent."""

    entry_atr: float
    stop_atr: float
    profit_percent: float


class SizeRules(NamedTuple):
    """The caps of a position: `allocation` in USD (0 = none), the others as fractions."""

    allocation: float
    risk_per_trade: float
    max_position_size: float
    max_participation: float


class EntryLimits(NamedTuple):
    """The limits that an entry must keep; `standard` switches those that the strategy's rules don't name.

    `max_day_trades` holds an account that is worth less than `day_trade_equity` (0: none).
    """

    standard: bool
    max_positions: int
    max_exposure: float
    max_per_sector: int
    max_position_size: float
    max_order_value: float
    max_order_quantity: int
    max_stop_outs: int
    cooldown_bars: int
    max_daily_loss: float
    max_open_risk: float
    min_stop_distance: float
    max_stop_distance: float
    max_day_trades: int
    day_trade_equity: float


class Proposal(NamedTuple):
    """One candidate: `size` is its quantity before rounding down to whole shares.

    `sector_positions` counts positions and accepted entries of its sector, `bars_since_stop_out` its own bars since its
    last stop-out (infinite: none).
    """

    quantity: int
    size: float
    limit: float
    stop: float
    target: float
    sector_positions: int
    bars_since_stop_out: float


class Portfolio(NamedTuple):
    """The account as the walk down the candidates sees it, entries accepted so far included.

    `cash` is what entries may use; `stop_outs` the count that pauses entries; `daily_loss` a fraction of the prior
    equity; `day_trades` those that the broker would count, had each entry become one.
    """

    halted: bool
    drawdown: float
    max_drawdown: float
    equity: float
    cash: float
    positions: int
    exposure: float
    open_risk: float
    stop_outs: int
    daily_loss: float
    day_trades: int


LimitResult = tuple[bool, float, float]
"""Whether a limit refuses, what was asked for and what is allowed. What makes no sense is refused: no number, no bound,
or less than nothing where there can't be."""


@compiled
def increment_at(price: float, edges: NDArray[np.float64], steps: NDArray[np.float64]) -> float:
    """Return the increment of `price`: that of the highest edge at or below it, the first one below all edges."""
    place = 0
    for i in range(1, len(edges)):
        if price >= edges[i]:
            place = i
    step: float = steps[place]
    return step


@compiled
def order_down(price: float, edges: NDArray[np.float64], steps: NDArray[np.float64]) -> float:
    """Return an order price rounded down to its own increment."""
    return round_down_to(price, increment_at(price, edges, steps))


@compiled
def order_up(price: float, edges: NDArray[np.float64], steps: NDArray[np.float64]) -> float:
    """Return an order price rounded up to its own increment."""
    return round_up_to(price, increment_at(price, edges, steps))


@compiled
def bracket_prices(
    close: float,
    atr: float,
    target_base: float,
    offsets: BracketRules,
    edges: NDArray[np.float64],
    steps: NDArray[np.float64],
) -> tuple[float, float, float]:
    """Return entry limit, stop and target; stop and target start from the rounded limit.

    limit = close - entry_atr x ATR and stop = limit - stop_atr x ATR, rounded down; target = max(target_base, limit)
    plus `profit_percent`, rounded up.
    """
    limit = order_down(close - offsets.entry_atr * atr, edges, steps)
    stop = order_down(limit - offsets.stop_atr * atr, edges, steps)
    target = order_up(max(target_base, limit) * (1.0 + offsets.profit_percent / 100.0), edges, steps)
    return limit, stop, target


@compiled
def sell_signal(close: float, exit_level: float, bars_held: int, max_holding_bars: int) -> int:
    """Return why a held position is sold: SELL_TREND_BROKEN (close below the level), SELL_TIME_STOP or NO_SELL."""
    if close < exit_level:
        return SELL_TREND_BROKEN
    if bars_held >= max_holding_bars:
        return SELL_TIME_STOP
    return NO_SELL


@compiled
def position_size(
    limit: float, stop: float, equity: float, mean_volume: float, rules: SizeRules
) -> tuple[int, float, int]:
    """Return the whole shares to buy, the size before rounding, and which of CAPS was the smallest.

    0 shares where any input makes no sense.
    """
    smallest, binding = math.inf, 0
    if rules.allocation != 0.0:
        smallest = rules.allocation / limit if limit > 0.0 else math.nan
    risk = rules.risk_per_trade * equity / (limit - stop) if limit > stop else math.nan
    concentration = rules.max_position_size * equity / limit if limit > 0.0 else math.nan
    liquidity = rules.max_participation * mean_volume
    for number, cap in ((1, risk), (2, concentration), (3, liquidity)):
        if math.isnan(cap) or cap < smallest:
            smallest, binding = cap, number
        if math.isnan(smallest):
            break
    if not 0.0 < smallest < 1e15:  # noqa: PLR2004 - whole numbers beyond have no exact double
        return 0, smallest, binding
    return math.floor(smallest + MONEY_TOLERANCE), smallest, binding


@compiled
def bad_prices(limit: float, stop: float, target: float) -> LimitResult:
    """Refuse a stop at or below 0 or at or above the limit, and a target at or below the limit."""
    if not stop > 0.0:
        return True, stop, 0.0
    if not stop < limit:
        return True, stop, limit
    return not target > limit, target, limit


@compiled
def drawdown_halt(portfolio: Portfolio) -> LimitResult:
    """Refuse entries while a latch holds, or the equity is `max_drawdown` or more below its peak."""
    refused = portfolio.halted or not portfolio.drawdown < portfolio.max_drawdown
    return refused, portfolio.drawdown, portfolio.max_drawdown


@compiled
def max_positions(portfolio: Portfolio, limits: EntryLimits) -> LimitResult:
    """Refuse the entry that would make one position too many; positions with a sell signal count."""
    inside = 0 <= portfolio.positions < limits.max_positions
    return not inside, portfolio.positions + 1.0, float(limits.max_positions)


@compiled
def size_zero(proposal: Proposal) -> LimitResult:
    """Refuse less than one share."""
    return proposal.quantity < 1, proposal.size, 1.0


@compiled
def entry_cost(quantity: int, limit: float) -> float:
    """Return what an entry takes from the cash at its limit: value and commission, each in cents."""
    return cents(cents(quantity * limit) + commission(quantity, limit))


@compiled
def buying_power(proposal: Proposal, portfolio: Portfolio) -> LimitResult:
    """Refuse an entry whose value and commission the cash does not cover."""
    cost = entry_cost(proposal.quantity, proposal.limit)
    return not cost <= portfolio.cash + MONEY_TOLERANCE < math.inf, cost, portfolio.cash


@compiled
def exposure(proposal: Proposal, portfolio: Portfolio, limits: EntryLimits) -> LimitResult:
    """Refuse an entry that would take gross exposure past `max_exposure` of the equity."""
    asked = portfolio.exposure + proposal.quantity * proposal.limit
    allowed = limits.max_exposure * portfolio.equity
    inside = portfolio.exposure >= 0.0 and asked <= allowed + MONEY_TOLERANCE < math.inf
    return not inside, asked, allowed


@compiled
def max_per_sector(proposal: Proposal, limits: EntryLimits) -> LimitResult:
    """Refuse one position too many of a sector; a limit of 0 is off."""
    asked, allowed = proposal.sector_positions + 1.0, float(limits.max_per_sector)
    return limits.max_per_sector > 0 and not 1.0 <= asked <= allowed, asked, allowed


@compiled
def max_value(proposal: Proposal, portfolio: Portfolio, limits: EntryLimits) -> LimitResult:
    """Refuse an order of more value than min(max_position_size x equity, max_order_value)."""
    asked = proposal.quantity * proposal.limit
    allowed = min(limits.max_position_size * portfolio.equity, limits.max_order_value)
    return not asked <= allowed + MONEY_TOLERANCE, asked, allowed


@compiled
def max_quantity(proposal: Proposal, limits: EntryLimits) -> LimitResult:
    """Refuse an order of more shares than `max_order_quantity`."""
    return proposal.quantity > limits.max_order_quantity, float(proposal.quantity), float(limits.max_order_quantity)


@compiled
def repeat(proposal: Proposal, portfolio: Portfolio, limits: EntryLimits) -> LimitResult:
    """Refuse entries while too many stop-outs pause them, and a symbol that is cooling down after its own."""
    if not 0 <= portfolio.stop_outs < limits.max_stop_outs:
        return True, float(portfolio.stop_outs), float(limits.max_stop_outs)
    over = proposal.bars_since_stop_out >= max(limits.cooldown_bars, 0)
    return not over, proposal.bars_since_stop_out, float(limits.cooldown_bars)


@compiled
def daily_loss(lost: float, limits: EntryLimits) -> LimitResult:
    """Refuse entries once the equity lost more than `max_daily_loss` of what it was at the close before."""
    return not lost <= limits.max_daily_loss + MONEY_TOLERANCE, lost, limits.max_daily_loss


@compiled
def concentration(proposal: Proposal, portfolio: Portfolio, limits: EntryLimits) -> LimitResult:
    """Refuse a position of more than `max_position_size` of the equity in one name."""
    asked = proposal.quantity * proposal.limit
    allowed = limits.max_position_size * portfolio.equity
    return not asked <= allowed + MONEY_TOLERANCE < math.inf, asked, allowed


@compiled
def open_risk(proposal: Proposal, portfolio: Portfolio, limits: EntryLimits) -> LimitResult:
    """Refuse an entry that would take the money between prices and stops past `max_open_risk` of the equity."""
    asked = portfolio.open_risk + proposal.quantity * (proposal.limit - proposal.stop)
    allowed = limits.max_open_risk * portfolio.equity
    inside = portfolio.open_risk >= 0.0 and asked <= allowed + MONEY_TOLERANCE < math.inf
    return not inside, asked, allowed


@compiled
def no_stop(proposal: Proposal, limits: EntryLimits) -> LimitResult:
    """Refuse an entry whose stop is nearer or farther below its limit than allowed."""
    distance = (proposal.limit - proposal.stop) / proposal.limit
    if not distance >= limits.min_stop_distance - MONEY_TOLERANCE:
        return True, distance, limits.min_stop_distance
    return not distance <= limits.max_stop_distance + MONEY_TOLERANCE, distance, limits.max_stop_distance


@compiled
def day_trades(portfolio: Portfolio, limits: EntryLimits) -> LimitResult:
    """Refuse the entry that its stop or target could make one day trade too many for a small account."""
    counted = limits.day_trade_equity > 0.0 and not portfolio.equity >= limits.day_trade_equity
    inside = 0 <= portfolio.day_trades < limits.max_day_trades
    return counted and not inside, portfolio.day_trades + 1.0, float(limits.max_day_trades)


@compiled
def _named_verdict(proposal: Proposal, portfolio: Portfolio, limits: EntryLimits) -> tuple[int, float, float]:
    checks = (
        (DRAWDOWN_HALT, drawdown_halt(portfolio)),
        (BAD_PRICES, bad_prices(proposal.limit, proposal.stop, proposal.target)),
        (MAX_POSITIONS, max_positions(portfolio, limits)),
        (SIZE_ZERO, size_zero(proposal)),
        (BUYING_POWER, buying_power(proposal, portfolio)),
        (EXPOSURE, exposure(proposal, portfolio, limits)),
        (MAX_PER_SECTOR, max_per_sector(proposal, limits)),
    )
    for code, (refused, asked, allowed) in checks:
        if refused:
            return code, asked, allowed
    return ACCEPTED, 0.0, 0.0


@compiled
def _standard_verdict(proposal: Proposal, portfolio: Portfolio, limits: EntryLimits) -> tuple[int, float, float]:
    checks = (
        (MAX_VALUE, max_value(proposal, portfolio, limits)),
        (MAX_QUANTITY, max_quantity(proposal, limits)),
        (REPEAT, repeat(proposal, portfolio, limits)),
        (DAILY_LOSS, daily_loss(portfolio.daily_loss, limits)),
        (CONCENTRATION, concentration(proposal, portfolio, limits)),
        (OPEN_RISK, open_risk(proposal, portfolio, limits)),
        (NO_STOP, no_stop(proposal, limits)),
    )
    for code, (refused, asked, allowed) in checks:
        if refused:
            return code, asked, allowed
    return ACCEPTED, 0.0, 0.0


@compiled
def verdict(proposal: Proposal, portfolio: Portfolio, limits: EntryLimits) -> tuple[int, float, float]:
    """Return the first reason that refuses the entry, as the place of its code in CODES, what was asked and allowed."""
    code, asked, allowed = _named_verdict(proposal, portfolio, limits)
    if code == ACCEPTED and limits.standard:
        code, asked, allowed = _standard_verdict(proposal, portfolio, limits)
    if code == ACCEPTED:
        refused, counted, most = day_trades(portfolio, limits)
        if refused:
            return DAY_TRADES, counted, most
    return code, asked, allowed


def last_bar_row(panel: Panel, column: int, row: int) -> int | None:
    """Return the row of the column's newest bar at or before `row`."""
    while row >= 0:
        if not np.isnan(panel.close[row, column]):
            return row
        row -= 1
    return None


def is_delisted(panel: Panel, symbol: str, row: int) -> bool:
    """Return whether `symbol` had no bar in the last DELISTED_AFTER_SESSIONS sessions, that of `row` included."""
    first = row - DELISTED_AFTER_SESSIONS + 1
    if first < 0:
        return False
    return bool(np.isnan(panel.close[first : row + 1, panel.column(symbol)]).all())
