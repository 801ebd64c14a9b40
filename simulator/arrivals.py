"""What arrives and what is answered: calls that do something to orders, in the truth log as they came."""

from __future__ import annotations

import hashlib

import msgspec

from simulator.broker import Broker
from simulator.fault_plan import role_of
from simulator.messages import Request, Response

_NOTED = frozenset({("POST", "/iserver/notification"), ("POST", "/iserver/account")})
"""beside the calls that have a role: the answer to a prompt, and the choice of an account"""

_LONGEST = 100


def note_arrival(broker: Broker, request: Request) -> None:
    """Log a write: verb, path, digest of the bytes of its body, the cOIDs in it, what a reply says."""
    if request.method == "GET" or (role_of(request) is None and (request.method, request.path) not in _NOTED):
        broker.arrival = None
        return
    facts: dict[str, object] = {
        "verb": request.method,
        "path": request.path,
        "sha256": hashlib.sha256(request.body).hexdigest(),
    }
    body = request.json_object()
    orders = body.get("orders", [body])
    bodies = [order for order in orders if isinstance(order, dict)] if isinstance(orders, list) else []
    coids = [_brief(str(order["cOID"])) for order in bodies if order.get("cOID")]
    facts |= {"coids": coids} if coids else {}
    facts |= {name: _brief(body[name]) for name in ("confirmed", "acctId", "reqId", "text") if name in body}
    broker.arrival = broker.log.count
    broker.note("request", facts)


def note_answer(broker: Broker, response: Response) -> None:
    """Log how the write that arrived is answered: status, what breaks on the way back, the text of an error."""
    if broker.arrival is None:
        return
    facts: dict[str, object] = {"request": broker.arrival, "status": response.status}
    if response.wire is not None:
        facts["broken"] = response.wire.broken
    try:
        error = msgspec.json.decode(response.body, type=_Error).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        error = ""
    if error:
        facts["error"] = error[:_LONGEST]
    broker.note("answer", facts)
    broker.arrival = None


class _Error(msgspec.Struct):
    error: str = ""


def _brief(value: object) -> object:
    return value if isinstance(value, bool) else str(value)[:_LONGEST]
