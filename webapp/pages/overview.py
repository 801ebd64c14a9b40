"""The first page: is it alive, what do I own, what happens next, what do I have to do."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from trading.model.decision_words import EXIT_REASONS, sentence
from webapp import overview as model
from webapp.charts import equity_chart, equity_polyline
from webapp.frame import make_frame, render
from webapp.numbers import number
from webapp.parameters import accepts
from webapp.services import state

blueprint = Blueprint("overview", __name__)

LAST_TRADES = 8
SKETCH_WIDTH, SKETCH_HEIGHT = 1200, 200


@blueprint.get("/")
@accepts()
def overview() -> str:
    """Show the state of everything."""
    frame = make_frame()
    if frame.unreadable is not None:
        raise frame.unreadable
    read = state()
    if frame.health is None:
        return render("first_start.html", frame)
    points, positions = read.account.equity(), read.positions.open()
    orders = model.split(read.orders.open())
    newest = read.decisions.newest_outcome()
    return render(
        "overview.html",
        frame,
        points=points,
        sketch=equity_polyline(points, SKETCH_WIDTH, SKETCH_HEIGHT),
        positions=positions,
        money=model.money(points, positions),
        flows=read.account.flows(since=points[-2:][0].session) if points else (),
        orders=orders,
        protection=model.protection(positions, orders),
        plan=model.plan(newest),
        waits=[f"{denied.symbol}: {sentence(denied, number)}" for denied in read.decisions.waiting()],
        decision=None if newest is None else newest.decision,
        trades=read.positions.trades(limit=LAST_TRADES),
        totals=read.positions.trade_totals(),
        reasons=EXIT_REASONS,
        model=model,
    )


@blueprint.get("/api/equity")
@accepts()
def equity() -> Response:
    """Return the equity curve with its drawdown."""
    return jsonify(equity_chart(state().account.equity()))
