"""A decision, symbol by symbol: the newest, or that of an earlier session."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.exceptions import NotFound

from trading.model.decision_words import title
from webapp import funnel
from webapp.frame import make_frame, render
from webapp.parameters import accepts, choice, day
from webapp.services import state

blueprint = Blueprint("decisions", __name__)


@blueprint.get("/decisions")
@accepts(query=("session", "show"))
def decisions() -> str:
    """Show what was decided after one close and why."""
    text = request.args.get("session", "")
    wanted = day(text) if text else None
    show = choice("show", request.args.get("show", ""), funnel.FATES)
    frame, decided = make_frame(), state().decisions
    found = decided.of(wanted)
    if found is None and wanted is not None:
        raise NotFound(description=f"No decision was taken after the close of {wanted.isoformat()}.")
    if found is None:
        return render("decisions.html", frame, decision=None)
    decision = found.decision
    sessions = decided.sessions()
    index = sessions.index(decision.session)
    lines = funnel.lines(decision)
    return render(
        "decisions.html",
        frame,
        decision=decision,
        taken_at=found.at,
        lines=tuple(line for line in lines if show in ("", line.fate)),
        steps=funnel.funnel(decision),
        counts=funnel.counts(lines),
        fates=funnel.FATES,
        latches=[title(code).lower() for code in decision.risk.latches],
        show=show,
        newer=sessions[index - 1] if index > 0 else None,
        older=sessions[index + 1] if index + 1 < len(sessions) else None,
        newest=index == 0,
        sessions=sessions,
    )
