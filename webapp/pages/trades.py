"""Closed trades, as a page and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io

from flask import Blueprint, Response, request

from trading.model.decision_words import EXIT_REASONS
from trading.model.trade import TRADE_COLUMNS
from trading.store.readers.positions import TradeLine
from webapp.frame import make_frame, render
from webapp.parameters import accepts, symbol
from webapp.services import state

blueprint = Blueprint("trades", __name__)

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@blueprint.get("/trades")
@accepts(query=("symbol",))
def trades() -> str:
    """Show closed trades, newest first, with their sums."""
    wanted = request.args.get("symbol")
    chosen = symbol(wanted) if wanted else None
    frame, closed = make_frame(), state().positions
    return render(
        "trades.html",
        frame,
        trades=closed.trades(chosen),
        totals=closed.trade_totals(chosen),
        chosen=chosen,
        reasons=EXIT_REASONS,
    )


@blueprint.get("/trades.csv")
@accepts()
def trades_csv() -> Response:
    """Return all closed trades, oldest first, in the columns of the backtest's trades.csv."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(TRADE_COLUMNS)
    for row in sorted(state().positions.trades(), key=lambda r: (r.exit_session, r.symbol)):
        writer.writerow(_cells(row))
    return Response(
        text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="trades.csv"'},
    )


def harmless(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _cells(row: TradeLine) -> tuple[str, ...]:
    """Return a row; numbers are ours and stay numbers, texts came from outside. A result in doubt is left empty."""
    return (
        harmless(row.symbol),
        str(row.quantity),
        row.entry_session.isoformat(),
        f"{row.entry_price:.4f}",
        row.exit_session.isoformat(),
        f"{row.exit_price:.4f}",
        harmless(row.exit_reason),
        f"{row.commission:.2f}",
        "" if row.doubt else f"{row.pnl:.2f}",
    )
