"""Messages to the user (/fyi): which subjects, where to, what has come and what of it was read."""

from __future__ import annotations

from simulator import instants
from simulator.broker import Broker
from simulator.messages import Request, Response, bad_request, json_response, not_found
from simulator.router import Route
from simulator.user_records import SUBJECTS, Notice

MOST_NOTICES = 10
DONE = {"V": 1, "T": 10}
"""what a change is acknowledged with; T is the time it took"""


def unread(broker: Broker, _request: Request) -> Response:
    """GET /fyi/unreadnumber."""
    return json_response({"BN": sum(not notice.read for notice in broker.user_records.notices)})


def settings(broker: Broker, _request: Request) -> Response:
    """GET /fyi/settings: a row for each subject; `H` says whether its disclaimer was read, `A` whether it is on."""
    records = broker.user_records
    rows = [
        {
            "FC": code,
            "H": int(code in records.disclaimers_read),
            "A": int(code not in records.switched_off),
            "FD": f"Notify me about: {name}.",
            "FN": name,
        }
        for code, name in SUBJECTS.items()
    ]
    return json_response(rows)


def set_subject(broker: Broker, request: Request) -> Response:
    """POST /fyi/settings/{typecode}: `enabled`; an unknown subject is acknowledged too."""
    code, off = request.argument("typecode"), broker.user_records.switched_off
    off.discard(code) if request.json_object().get("enabled", True) else off.add(code)
    return json_response(DONE)


def disclaimer(_broker: Broker, request: Request) -> Response:
    """GET /fyi/disclaimer/{typecode}."""
    code = request.argument("typecode")
    text = f"{SUBJECTS[code]}: for information only, not advice." if code in SUBJECTS else ""
    return json_response({"FC": code, "DT": text})


def accept_disclaimer(broker: Broker, request: Request) -> Response:
    """PUT /fyi/disclaimer/{typecode}."""
    broker.user_records.disclaimers_read.add(request.argument("typecode"))
    return json_response(DONE)


def delivery(broker: Broker, _request: Request) -> Response:
    """GET /fyi/deliveryoptions: devices, and whether mail is sent."""
    return json_response({"E": list(broker.user_records.devices.values()), "M": int(broker.user_records.email)})


def set_email(broker: Broker, request: Request) -> Response:
    """PUT /fyi/deliveryoptions/email?enabled=true."""
    broker.user_records.email = request.query.get("enabled", "true").lower() == "true"
    return json_response(DONE)


def set_device(broker: Broker, request: Request) -> Response:
    """POST /fyi/deliveryoptions/device."""
    body = request.json_object()
    device_id = body.get("deviceId")
    if not isinstance(device_id, str) or not device_id:
        return bad_request("deviceId is required")
    name = str(body.get("deviceName", ""))
    broker.user_records.devices[device_id] = {
        "NM": name,
        "I": device_id,
        "UI": str(body.get("uiName") or name),
        "A": int(bool(body.get("enabled", True))),
    }
    return json_response(DONE)


def remove_device(broker: Broker, request: Request) -> Response:
    """DELETE /fyi/deliveryoptions/{deviceId}: an empty body."""
    return (
        not_found() if broker.user_records.devices.pop(request.argument("device_id"), None) is None else Response(200)
    )


def notices(broker: Broker, request: Request) -> Response:
    """GET /fyi/notifications: the newest ten at most; of the subjects `include`, without those of `exclude`."""
    return json_response([_row(notice) for notice in _chosen(broker, request)][: _limit(request)])


def more(broker: Broker, request: Request) -> Response:
    """GET /fyi/notifications/more?id=...: those older than a notice."""
    found = _chosen(broker, request)
    ids = [notice.notice_id for notice in found]
    asked = request.query.get("id", "")
    older = found[ids.index(asked) + 1 :] if asked in ids else found
    return json_response([_row(notice) for notice in older][: _limit(request)])


def _limit(request: Request) -> int:
    text = request.query.get("max", "")
    return min(int(text), MOST_NOTICES) if text.isdigit() else MOST_NOTICES


def _chosen(broker: Broker, request: Request) -> list[Notice]:
    include, exclude = (set(filter(None, request.query.get(name, "").split(","))) for name in ("include", "exclude"))
    return [
        notice
        for notice in broker.user_records.notices
        if notice.subject not in exclude and (not include or notice.subject in include)
    ]


def _row(notice: Notice) -> dict[str, object]:
    return {
        "R": int(notice.read),
        "D": f"{notice.at_us // instants.SECOND}.0",
        "MS": notice.title,
        "MD": notice.text,
        "ID": notice.notice_id,
        "HT": 0,
        "FC": notice.subject,
    }


def mark_read(broker: Broker, request: Request) -> Response:
    """PUT /fyi/notifications/{id}: an unknown one is acknowledged too, as not read."""
    asked = request.argument("notice_id")
    found = [notice for notice in broker.user_records.notices if notice.notice_id == asked]
    for notice in found:
        notice.read = True
    return json_response({"V": 1, "T": 5, "P": {"R": int(bool(found)), "ID": asked}})


ROUTES = (
    Route("GET", "/fyi/unreadnumber", unread),
    Route("GET", "/fyi/settings", settings),
    Route("POST", "/fyi/settings/{typecode}", set_subject),
    Route("GET", "/fyi/disclaimer/{typecode}", disclaimer),
    Route("PUT", "/fyi/disclaimer/{typecode}", accept_disclaimer),
    Route("GET", "/fyi/deliveryoptions", delivery),
    Route("PUT", "/fyi/deliveryoptions/email", set_email),
    Route("POST", "/fyi/deliveryoptions/device", set_device),
    Route("DELETE", "/fyi/deliveryoptions/{device_id}", remove_device),
    Route("GET", "/fyi/notifications", notices),
    Route("GET", "/fyi/notifications/more", more),
    Route("PUT", "/fyi/notifications/{notice_id}", mark_read),
)
