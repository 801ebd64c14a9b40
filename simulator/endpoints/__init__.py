"""The calls of the API, a module for each chapter of its documentation; all paths are below /v1/api."""

from __future__ import annotations

from simulator.endpoints import (
    accounts,
    alerts,
    algorithms,
    contracts,
    currencies,
    history_farm,
    lookup,
    market_data,
    notices,
    orders,
    performance,
    portfolio,
    scanner,
    session,
    trades,
    watchlists,
)

ROUTES = (
    *session.ROUTES,
    *accounts.ROUTES,
    *alerts.ROUTES,
    *notices.ROUTES,
    *watchlists.ROUTES,
    *portfolio.ROUTES,
    *lookup.ROUTES,
    *contracts.ROUTES,
    *algorithms.ROUTES,
    *currencies.ROUTES,
    *market_data.ROUTES,
    *history_farm.ROUTES,
    *orders.ROUTES,
    *trades.ROUTES,
    *scanner.ROUTES,
    *performance.ROUTES,
)
