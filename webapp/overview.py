"""The numbers of the overview, gathered from rows; no database and no request in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trading.model.account import EquityPoint
from trading.model.order import Role
from trading.store.readers.decisions import DecisionEntry
from trading.store.readers.orders import OrderLine
from trading.store.readers.positions import PositionLine

_PROTECTIVE_ROLES = frozenset({Role.STOP, Role.TARGET})


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """What the account holds at the newest close; `change` is against the close before, None on the first.

    What was paid in or out is no part of it.
    """

    equity: float
    cash: float
    drawdown: float
    change: float | None
    change_fraction: float | None
    invested_fraction: float
    open_risk: float
    open_result: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Positions by how they are protected: with a stop, on their way out, or not fully covered by a working stop."""

    covered: int
    selling: int
    uncovered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the newest decision sends into the next session, and how many symbols it said no to."""

    entries: int
    exits: int
    denied: int
    judged: int


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders that trade, and apart from them those that protect; `selling` are the symbols on their way out."""

    acting: tuple[OrderLine, ...]
    protecting: tuple[OrderLine, ...]
    selling: frozenset[str]


def money(points: Sequence[EquityPoint], positions: Sequence[PositionLine]) -> AccountFigures | None:
    """Return the account in numbers, None before the first close."""
    if not points:
        return None
    last = points[-1]
    prior = points[-2] if len(points) > 1 else None
    change = None if prior is None else last.equity - prior.equity - last.paid
    base = 0.0 if prior is None else prior.equity + max(last.paid, 0.0)
    worth = sum(row.quantity * price_of(row) for row in positions)
    return AccountFigures(
        equity=last.equity,
        cash=last.cash,
        drawdown=last.drawdown,
        change=change,
        change_fraction=None if change is None or base <= 0.0 else change / base,
        invested_fraction=worth / last.equity if last.equity > 0 else 0.0,
        open_risk=sum(row.quantity * max(0.0, price_of(row) - row.stop_price) for row in positions),
        open_result=sum(result_of(row) for row in positions),
    )


def protection(positions: Sequence[PositionLine], orders: Orders) -> Coverage:
    """Return which positions are not fully covered; one that is being sold needs no stop."""
    kept = [row for row in positions if row.symbol not in orders.selling]
    uncovered = tuple(row.symbol for row in kept if row.covered < row.quantity)
    return Coverage(len(kept) - len(uncovered), len(positions) - len(kept), uncovered)


def plan(newest: DecisionEntry | None) -> Plan | None:
    """Return what the newest decision leads to, None before the first."""
    if newest is None:
        return None
    decision = newest.decision
    return Plan(len(decision.entries), len(decision.exits), len(decision.denials), newest.judged)


def split(orders: Sequence[OrderLine]) -> Orders:
    """Return the open orders by what they are for. A child whose entry has not filled yet protects nothing."""
    entering = {row.coid for row in orders if row.role == Role.ENTRY and row.filled == 0}
    protecting = tuple(
        row for row in orders if row.role in _PROTECTIVE_ROLES and row.coid.rpartition("-")[0] not in entering
    )
    acting = tuple(row for row in orders if row.role not in _PROTECTIVE_ROLES)
    return Orders(acting, protecting, frozenset(row.symbol for row in acting if row.role == Role.EXIT))


def price_of(row: PositionLine) -> float:
    """Return the newest close, or what was paid where there is none."""
    return row.entry_price if row.last_close is None else row.last_close


def result_of(row: PositionLine) -> float:
    """Return the gain or loss of an open position, before commission."""
    return row.quantity * (price_of(row) - row.entry_price)


def progress(row: PositionLine) -> float:
    """Return where the price stands between stop (0) and target (1), held inside that range."""
    return _between(row, price_of(row))


def entry_mark(row: PositionLine) -> float:
    """Return where the entry price stands on the same scale as `progress`."""
    return _between(row, row.entry_price)


def _between(row: PositionLine, price: float) -> float:
    span = row.target_price - row.stop_price
    return min(1.0, max(0.0, (price - row.stop_price) / span)) if span > 0 else 0.0
