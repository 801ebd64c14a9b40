"""One symbol: its chart, what was decided about it last, its position, its orders, its trades."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import NotFound

from webapp import funnel
from webapp import overview as model
from webapp.charts import refusal_mark, symbol_chart
from webapp.frame import make_frame, render
from webapp.parameters import accepts
from webapp.parameters import symbol as parse_symbol
from webapp.queries import Reader
from webapp.sentences import EXIT_REASONS
from webapp.services import services

blueprint = Blueprint("symbols", __name__)

STORY_LINES = 30


@blueprint.get("/symbols/<symbol>")
@accepts()
def symbol_page(symbol: str) -> str:
    """Show everything about one symbol."""
    wanted = parse_symbol(symbol)
    reader = _reader()
    with reader:
        frame = make_frame(reader)
        known = reader.symbols()
        if wanted not in known:
            raise NotFound(description=f"No bars are kept for {wanted}.")
        index = known.index(wanted)
        newest = reader.decision()
        line = None
        if newest is not None:
            line = next((found for found in funnel.lines(newest[0]) if found.symbol == wanted), None)
        return render(
            "symbol.html",
            frame,
            symbol=wanted,
            decision=None if newest is None else newest[0],
            line=line,
            position=next((row for row in reader.positions() if row.symbol == wanted), None),
            trades=reader.trades(symbol=wanted),
            story=reader.story(wanted, STORY_LINES),
            previous=known[index - 1] if index else None,
            following=known[index + 1] if index + 1 < len(known) else None,
            reasons=EXIT_REASONS,
            model=model,
        )


@blueprint.get("/api/symbols/<symbol>/chart")
@accepts()
def chart(symbol: str) -> Response:
    """Return bars, channel, levels and marks of one symbol."""
    wanted = parse_symbol(symbol)
    reader = _reader()
    with reader:
        bars = reader.bars(wanted)
        if not bars:
            raise NotFound(description=f"No bars are kept for {wanted}.")
        position = next((row for row in reader.positions() if row.symbol == wanted), None)
        refusals = tuple(refusal_mark(session, denied) for session, denied in reader.denials(wanted))
        return jsonify(symbol_chart(wanted, bars, reader.fills(symbol=wanted), position, refusals))


def _reader() -> Reader:
    reader = services().reader()
    if reader is None:
        raise NotFound(description="There is no database yet: the trading process has not started.")
    return reader
