"""The first page: is it alive, what do I own, what happens next, what do I have to do."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from webapp import overview as model
from webapp.charts import equity_chart, equity_polyline
from webapp.frame import make_frame, render
from webapp.parameters import accepts
from webapp.sentences import EXIT_REASONS
from webapp.services import services

blueprint = Blueprint("overview", __name__)

LAST_TRADES = 8
SKETCH_WIDTH, SKETCH_HEIGHT = 1200, 200


@blueprint.get("/")
@accepts()
def overview() -> str:
    """Show the state of everything."""
    reader = services().reader()
    if reader is None:
        return render("first_start.html", make_frame(None))
    with reader:
        frame = make_frame(reader)
        points = reader.equity()
        positions = reader.positions()
        newest = reader.decision()
        acting, waiting = model.split_orders(reader.live_orders())
        decision = None if newest is None else newest[0]
        return render(
            "overview.html",
            frame,
            points=points,
            sketch=equity_polyline(points, SKETCH_WIDTH, SKETCH_HEIGHT),
            positions=positions,
            money=model.money(points, positions),
            protection=model.protection(positions),
            plan=model.plan(decision),
            decision=decision,
            acting=acting,
            waiting=waiting,
            trades=reader.trades(limit=LAST_TRADES),
            totals=reader.trade_totals(),
            reasons=EXIT_REASONS,
            model=model,
        )


@blueprint.get("/api/equity")
@accepts()
def equity() -> Response:
    """Return the equity curve with its drawdown."""
    reader = services().reader()
    if reader is None:
        return jsonify(equity_chart(()))
    with reader:
        return jsonify(equity_chart(reader.equity()))
