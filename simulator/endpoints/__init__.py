"""The calls of the API, a module for each chapter of its documentation; all paths are below /v1/api."""

from __future__ import annotations

from simulator.endpoints import (
    accounts,
    contracts,
    market_data,
    orders,
    performance,
    portfolio,
    scanner,
    session,
    trades,
)

ROUTES = (
    *session.ROUTES,
    *accounts.ROUTES,
    *portfolio.ROUTES,
    *contracts.ROUTES,
    *market_data.ROUTES,
    *orders.ROUTES,
    *trades.ROUTES,
    *scanner.ROUTES,
    *performance.ROUTES,
)
