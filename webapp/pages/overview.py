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
    frame, views = make_frame(), services().views
    if frame.health is None:
        return render("first_start.html", frame)
    points, positions = views.equity(), views.positions()
    trades = views.trades()
    orders = model.split(views.open_orders())
    newest = views.decision()
    decision = None if newest is None else newest.decision
    return render(
        "overview.html",
        frame,
        points=points,
        sketch=equity_polyline(points, SKETCH_WIDTH, SKETCH_HEIGHT),
        positions=positions,
        money=model.money(points, positions),
        orders=orders,
        protection=model.protection(positions, orders),
        plan=model.plan(decision),
        decision=decision,
        trades=trades[:LAST_TRADES],
        totals=model.totals(trades),
        reasons=EXIT_REASONS,
        model=model,
    )


@blueprint.get("/api/equity")
@accepts()
def equity() -> Response:
    """Return the equity curve with its drawdown."""
    return jsonify(equity_chart(services().views.equity()))
