"""The end of the trading log, with a filter."""

from __future__ import annotations

from flask import Blueprint, request

from webapp import logtail
from webapp.frame import make_frame, render
from webapp.parameters import accepts, choice, search_text
from webapp.services import services

blueprint = Blueprint("log", __name__)


@blueprint.get("/log")
@accepts(query=("level", "find"))
def log() -> str:
    """Show the newest lines first."""
    level = choice("level", request.args.get("level", ""), logtail.LEVELS)
    find = search_text("find", request.args.get("find", ""))
    path = services().settings.log_dir / "trading.log"
    lines = logtail.tail(path, level=level, find=find)
    frame = make_frame()
    return render(
        "log.html",
        frame,
        lines=lines,
        level=level,
        find=find,
        levels=logtail.LEVELS,
        exists=path.is_file(),
        most=logtail.MAX_LINES,
    )
