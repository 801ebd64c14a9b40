"""For programs that watch: alive, ready, metrics. No login, and nothing about the account."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import ServiceUnavailable, Unauthorized
from werkzeug.wrappers import Response as BaseResponse

from trading.monitoring.health import Health, liveness, read_facts, readiness
from trading.monitoring.sign_of_life import CONTENT_TYPE
from webapp.frame import make_frame
from webapp.parameters import accepts
from webapp.security import address
from webapp.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@accepts()
def healthz() -> BaseResponse:
    """Answer 200 while the trading loop is alive, 503 when it is silent."""
    made = services()
    facts = read_facts(
        {},
        silent_s=made.silent_s(),
        mode=None,
        check_interval_s=made.settings.check_interval_s,
        starting=made.starting(),
    )
    health = liveness(facts)
    return jsonify(status="ok") if health.ok else _unavailable(health)


@blueprint.get("/readyz")
@accepts()
def readyz() -> BaseResponse:
    """Answer 200 when orders can be sent, else 503 with a reason and the next human step."""
    frame = make_frame()
    if frame.health is None or frame.mode is None:
        first = frame.situation
        return _unavailable(Health(ok=False, code=first.key, text=first.headline, next_step=first.todo))
    health = readiness(frame.health)
    return jsonify(status="ready", mode=frame.mode.mode.value) if health.ok else _unavailable(health)


@blueprint.get("/metrics")
@accepts()
def metrics() -> BaseResponse:
    """Return what the trading process wrote last, as Prometheus text."""
    made = services()
    expected = made.settings.metrics_token
    if expected is not None:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, f"Bearer {expected}".encode()):
            made.audit.noise("metrics_denied", address=address())
            raise Unauthorized(description="Send the METRICS_TOKEN as a bearer token.")
    try:
        text = made.metrics_file.read_text(encoding="utf-8")
    except OSError as error:
        raise ServiceUnavailable(description="The trading process has not written metrics yet.") from error
    return Response(text, content_type=CONTENT_TYPE)


def _unavailable(health: Health) -> Response:
    response = jsonify(error={"code": health.code, "message": health.told}, next_step=health.instruction)
    response.status_code = 503
    return response
