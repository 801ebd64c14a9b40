"""The numbers of the overview, gathered from rows; no database and no request in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trading.model.decision import Decision
from webapp.queries import EquityPoint, OrderRow, PositionRow

_PROTECTIVE_ROLES = frozenset({"stop", "target"})


@dataclass(frozen=True, slots=True)
class Money:
    """What the account holds at the newest close; `change` is against the close before, None on the first."""

    equity: float
    cash: float
    drawdown: float
    change: float | None
    change_fraction: float | None
    invested_fraction: float
    open_risk: float
    open_result: float


@dataclass(frozen=True, slots=True)
class Protection:
    """How many positions there are and which of them a working stop does not cover fully."""

    positions: int
    uncovered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the newest decision sends into the next session, and how many symbols it said no to."""

    entries: int
    exits: int
    denied: int
    judged: int


def money(points: Sequence[EquityPoint], positions: Sequence[PositionRow]) -> Money | None:
    """Return the account in numbers, None before the first close."""
    if not points:
        return None
    last = points[-1]
    prior = points[-2] if len(points) > 1 else None
    change = None if prior is None else last.equity - prior.equity
    worth = sum(row.quantity * price_of(row) for row in positions)
    return Money(
        equity=last.equity,
        cash=last.cash,
        drawdown=last.drawdown,
        change=change,
        change_fraction=None if change is None or prior is None or prior.equity <= 0 else change / prior.equity,
        invested_fraction=worth / last.equity if last.equity > 0 else 0.0,
        open_risk=sum(row.quantity * max(0.0, price_of(row) - row.stop_price) for row in positions),
        open_result=sum(result_of(row) for row in positions),
    )


def protection(positions: Sequence[PositionRow]) -> Protection:
    """Return which positions are not fully covered; one that is being sold needs no stop."""
    uncovered = tuple(row.symbol for row in positions if row.protected < row.quantity and not row.exit_pending)
    return Protection(len(positions), uncovered)


def plan(decision: Decision | None) -> Plan | None:
    """Return what the newest decision leads to, None before the first."""
    if decision is None:
        return None
    return Plan(len(decision.entries), len(decision.exits), len(decision.denials), len(decision.verdicts))


def price_of(row: PositionRow) -> float:
    """Return the newest close, or what was paid where there is none."""
    return row.entry_price if row.last_price is None else row.last_price


def result_of(row: PositionRow) -> float:
    """Return the gain or loss of an open position, before commission."""
    return row.quantity * (price_of(row) - row.entry_price)


def progress(row: PositionRow) -> float:
    """Return where the price stands between stop (0) and target (1), held inside that range."""
    span = row.target_price - row.stop_price
    if span <= 0:
        return 0.0
    return min(1.0, max(0.0, (price_of(row) - row.stop_price) / span))


def entry_mark(row: PositionRow) -> float:
    """Return where the entry price stands on the same scale as `progress`."""
    span = row.target_price - row.stop_price
    return min(1.0, max(0.0, (row.entry_price - row.stop_price) / span)) if span > 0 else 0.0


def split_orders(orders: Sequence[OrderRow]) -> tuple[tuple[OrderRow, ...], tuple[OrderRow, ...]]:
    """Return entries and exits, and apart from them the stops and targets that wait at the broker."""
    acting = tuple(row for row in orders if row.role not in _PROTECTIVE_ROLES)
    return acting, tuple(row for row in orders if row.role in _PROTECTIVE_ROLES)
