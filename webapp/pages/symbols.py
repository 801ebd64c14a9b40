"""One symbol: its chart, what was decided about it last, its position, its orders, its trades."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import NotFound

from trading.model.decision_words import EXIT_REASONS
from webapp import funnel
from webapp import overview as model
from webapp.charts import fill_mark, line_keys, refusal_mark, strategy_lines, symbol_chart
from webapp.frame import make_frame, render
from webapp.parameters import accepts
from webapp.parameters import symbol as parse_symbol
from webapp.services import state

blueprint = Blueprint("symbols", __name__)


# A symbol may hold a slash, and a server undoes %2F before anybody looks at the path.
@blueprint.get("/symbols/<path:symbol>")
@accepts()
def symbol_page(symbol: str) -> str:
    """Show everything about one symbol."""
    wanted = parse_symbol(symbol)
    frame, read = make_frame(), state()
    known = read.charts.symbols()
    if wanted not in known:
        raise NotFound(description=f"No bars are kept for {wanted}.")
    index = known.index(wanted)
    newest = read.decisions.newest_on(wanted)
    lines = () if newest is None else funnel.lines(newest.decision)
    return render(
        "symbol.html",
        frame,
        symbol=wanted,
        decision=None if newest is None else newest.decision,
        keys=() if newest is None else line_keys(newest.decision.words),
        line=next((line for line in lines if line.symbol == wanted), None),
        position=next(iter(read.positions.open(wanted)), None),
        trades=read.positions.trades(wanted),
        story=read.orders.story_of(wanted),
        previous=known[index - 1] if index else None,
        following=known[index + 1] if index + 1 < len(known) else None,
        reasons=EXIT_REASONS,
        model=model,
    )


@blueprint.get("/api/symbols/<path:symbol>/chart")
@accepts()
def chart(symbol: str) -> Response:
    """Return bars, lines, levels and marks of one symbol."""
    wanted = parse_symbol(symbol)
    read = state()
    bars = read.charts.bars_of(wanted)
    if not bars:
        raise NotFound(description=f"No bars are kept for {wanted}.")
    position = next(iter(read.positions.open(wanted)), None)
    marks = (
        *(refusal_mark(session, denied) for session, denied in read.decisions.denials_of(wanted)),
        *map(fill_mark, read.orders.fills_of(wanted)),
    )
    newest = read.decisions.newest_outcome()
    lines = () if newest is None else strategy_lines(newest.decision.words, read.charts.values_of(wanted))
    return jsonify(symbol_chart(wanted, bars, lines, position, marks))
