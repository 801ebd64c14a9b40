"""For programs that watch: alive, ready, metrics. No login, and nothing about the account."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.exceptions import ServiceUnavailable, Unauthorized
from werkzeug.wrappers import Response as BaseResponse

from trading.model.mode import Mode
from webapp.frame import Frame, make_frame
from webapp.parameters import accepts
from webapp.services import services
from webapp.situation import silent_after_s

blueprint = Blueprint("health", __name__)

_READY_MODES = frozenset({Mode.ACTIVE, Mode.REDUCING})


@blueprint.get("/healthz")
@accepts()
def healthz() -> BaseResponse:
    """Answer 200 while the trading loop is alive, 503 when it is silent."""
    made = services()
    silent_s = made.silent_s()
    if silent_s is None or silent_s > silent_after_s(made.settings.check_interval_s):
        response = jsonify(
            error={"code": "loop_silent", "message": "The trading process has not been heard of lately."}
        )
        response.status_code = 503
        return response
    return jsonify(status="ok")


@blueprint.get("/readyz")
@accepts()
def readyz() -> BaseResponse:
    """Answer 200 when orders can be sent, else 503 with a reason and the next human step."""
    frame = make_frame()
    blocked = frame.situation.key not in ("active", "reducing")
    if blocked or frame.mode is None or frame.mode.mode not in _READY_MODES:
        return _not_ready(frame)
    return jsonify(status="ready", mode=frame.mode.mode.value)


@blueprint.get("/metrics")
@accepts()
def metrics() -> BaseResponse:
    """Return what the trading process wrote last, as Prometheus text."""
    made = services()
    expected = made.settings.metrics_token
    if expected is not None:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, f"Bearer {expected}".encode()):
            raise Unauthorized(description="Send the METRICS_TOKEN as a bearer token.")
    try:
        text = made.metrics_file.read_text(encoding="utf-8")
    except OSError as error:
        raise ServiceUnavailable(description="The trading process has not written metrics yet.") from error
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _not_ready(frame: Frame) -> Response:
    code = frame.situation.key.replace("-", "_")
    response = jsonify(error={"code": code, "message": frame.situation.headline}, next_step=frame.situation.todo)
    response.status_code = 503
    return response
