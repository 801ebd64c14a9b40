"""One symbol: its chart, what was decided about it last, its position, its orders, its trades."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import NotFound

from webapp import funnel
from webapp import overview as model
from webapp.charts import fill_mark, refusal_mark, symbol_chart
from webapp.frame import make_frame, render
from webapp.parameters import accepts
from webapp.parameters import symbol as parse_symbol
from webapp.sentences import EXIT_REASONS
from webapp.services import services

blueprint = Blueprint("symbols", __name__)


@blueprint.get("/symbols/<symbol>")
@accepts()
def symbol_page(symbol: str) -> str:
    """Show everything about one symbol."""
    wanted = parse_symbol(symbol)
    frame, views = make_frame(), services().views
    known = views.symbols()
    if wanted not in known:
        raise NotFound(description=f"No bars are kept for {wanted}.")
    index = known.index(wanted)
    newest = views.decision()
    lines = () if newest is None else funnel.lines(newest.decision)
    return render(
        "symbol.html",
        frame,
        symbol=wanted,
        decision=None if newest is None else newest.decision,
        line=next((line for line in lines if line.symbol == wanted), None),
        position=next((row for row in views.positions() if row.symbol == wanted), None),
        trades=tuple(trade for trade in views.trades() if trade.symbol == wanted),
        story=views.story_of(wanted),
        previous=known[index - 1] if index else None,
        following=known[index + 1] if index + 1 < len(known) else None,
        reasons=EXIT_REASONS,
        model=model,
    )


@blueprint.get("/api/symbols/<symbol>/chart")
@accepts()
def chart(symbol: str) -> Response:
    """Return bars, lines, levels and marks of one symbol."""
    wanted = parse_symbol(symbol)
    made = services()
    bars = made.views.bars_of(wanted)
    if not bars:
        raise NotFound(description=f"No bars are kept for {wanted}.")
    position = next((row for row in made.views.positions() if row.symbol == wanted), None)
    marks = (
        *(refusal_mark(session, denied) for session, denied in made.views.denials_of(wanted)),
        *map(fill_mark, made.views.fills_of(wanted)),
    )
    return jsonify(symbol_chart(wanted, bars, made.settings.strategy, position, marks))
