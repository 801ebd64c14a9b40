"""Price alerts, and the one that the broker keeps by itself (MTA). They watch the replayed path and trade nothing."""

from __future__ import annotations

from typing import Any

from simulator import instants
from simulator.broker import Broker
from simulator.messages import Request, Response, bad_request, error, json_response, unavailable
from simulator.router import Needs, Route
from simulator.user_records import ABOVE, Alert, Condition

MTA_ID = 100_000_000
MTA_TOOL_ID = 55_834_574_848
_ACTIVE, _IDLE = ("#FFFFFF", "#0000CC"), ("#000000", "#AFAFAF")


def alerts(broker: Broker, request: Request) -> Response:
    """GET /iserver/account/{account}/alerts."""
    if request.argument("account") != broker.config.account_id:
        return bad_request(f"accountId is not valid: {request.argument('account')}")
    return json_response([_summary(broker, alert) for alert in _up_to_date(broker)])


def _summary(broker: Broker, alert: Alert) -> dict[str, object]:
    return {
        "account": broker.config.account_id,
        "order_id": alert.alert_id,
        "alert_name": alert.name,
        "alert_active": int(alert.active),
        "alert_repeatable": int(alert.repeatable),
        "order_time": instants.compact(alert.created_us),
        "alert_triggered": alert.triggered,
    }


def _up_to_date(broker: Broker) -> list[Alert]:
    """Return the alerts, newest first, after letting what the price has done since the last look trigger them."""
    for alert in broker.user_records.alerts.values():
        if alert.active and not alert.triggered and _met(broker, alert):
            alert.triggered = True
            alert.active = alert.repeatable
            broker.user_records.post("UA", alert.name, alert.message, broker.now_us)
        alert.checked_us = broker.now_us
    return list(reversed(broker.user_records.alerts.values()))


def _met(broker: Broker, alert: Alert) -> bool:
    """Return whether the conditions hold: bound by "o" to the next one of the two is enough, else all have to."""
    outcome, either = True, False
    for condition in alert.conditions:
        met = _condition_met(broker, condition, alert.checked_us)
        outcome = (outcome or met) if either else (outcome and met)
        either = condition.bind == "o"
    return outcome


def _condition_met(broker: Broker, condition: Condition, since_us: int) -> bool:
    contract = broker.contracts.by_conid.get(condition.conid or 0)
    level = condition.level
    if contract is None or level is None:
        return False
    market, now = broker.market, broker.now_us
    for day in market.days[max(market.day_at(since_us), 0) : market.day_at(now) + 1]:
        bar = market.bar(day.row, contract.column)
        if bar is None or not bar.volume > 0.0 or day.close_us <= since_us:
            continue
        _, high, low, _ = bar.between(day.position(since_us), day.position(now))
        if (high >= level) if condition.operator == ABOVE else (low <= level):
            return True
    return False


def detail(broker: Broker, request: Request) -> Response:
    """GET /iserver/account/alert/{id}: an unknown one is an error with status 200."""
    text = request.argument("alert_id")
    found = {str(alert.alert_id): alert for alert in _up_to_date(broker)}.get(text)
    if text == str(MTA_ID):
        return mta(broker, request)
    return json_response(_detail(broker, found) if found else {"error": f"MTA alert tool ID is wrong ={text}"})


def _detail(broker: Broker, alert: Alert) -> dict[str, object]:
    fore, back = _ACTIVE if alert.active else _IDLE
    return _summary(broker, alert) | {
        "tif": alert.tif,
        "expire_time": alert.expires,
        "alert_email": alert.email,
        "alert_send_message": int(alert.send_message),
        "alert_message": alert.message,
        "alert_show_popup": int(alert.show_popup),
        "alert_play_audio": None,
        "order_status": "Submitted" if alert.active else "Inactive",
        "fg_color": fore,
        "bg_color": back,
        "order_not_editable": False,
        "itws_orders_only": int(alert.orders_only),
        "alert_mta_currency": None,
        "alert_mta_defaults": None,
        "tool_id": alert.alert_id,
        "time_zone": None,
        "alert_default_type": None,
        "condition_size": len(alert.conditions),
        "condition_outside_rth": int(alert.outside_rth),
        "conditions": [_condition(broker, condition) for condition in alert.conditions],
    }


def _condition(broker: Broker, condition: Condition) -> dict[str, object]:
    contract = broker.contracts.by_conid.get(condition.conid or 0)
    return {
        "condition_type": condition.kind,
        "conidex": condition.conidex,
        "contract_description_1": contract.symbol if contract else "Unknown",
        "condition_operator": condition.operator,
        "condition_trigger_method": condition.trigger_method,
        "condition_value": condition.value,
        "condition_logic_bind": condition.bind,
        "condition_time_zone": condition.time_zone,
    }


def mta(broker: Broker, _request: Request) -> Response:
    """GET /iserver/account/mta: the mobile trading assistant's alert, which every user has."""
    whole = Alert(MTA_ID, "MTA (AutoAlert)", "", (), broker.now_us, broker.now_us, repeatable=True, send_message=True)
    everything = {
        "condition_type": 5,
        "conidex": "*@*",
        "contract_description_1": "Unknown",
        "condition_operator": None,
        "condition_trigger_method": None,
        "condition_value": "*",
        "condition_logic_bind": "n",
        "condition_time_zone": None,
    }
    own = {
        "alert_message": None,
        "alert_mta_currency": "USD",
        "alert_mta_defaults": "5:STATE=0",
        "tool_id": MTA_TOOL_ID,
        "condition_size": 1,
        "conditions": [everything],
    }
    return json_response(_detail(broker, whole) | own)


def create(broker: Broker, request: Request) -> Response:
    """POST /iserver/account/{account}/alert: a new one, or with `orderId` another one changed; its name stays."""
    body = request.json_object()
    if not body or request.argument("account") != broker.config.account_id:
        return bad_request("alertName is required")
    conditions = _conditions(body.get("conditions"))
    name, earlier = body.get("alertName"), _number(body.get("orderId", body.get("alertId")))
    if not isinstance(name, str) or not conditions:
        return error(500, "Condition #1: can't recognize alert without conditions")
    if earlier and earlier not in broker.user_records.alerts:
        return error(500, f"Alert {earlier} doesn't exist")
    if earlier and broker.user_records.alerts[earlier].name != name:
        return error(500, "Alert name cannot be modified")
    alert_id = earlier or broker.user_records.next_alert()
    broker.user_records.alerts[alert_id] = Alert(
        alert_id,
        name,
        str(body.get("alertMessage", "")),
        conditions,
        broker.now_us,
        broker.now_us,
        tif=str(body.get("tif", "GTC")),
        expires=str(body["expireTime"]) if body.get("expireTime") else None,
        email=str(body["email"]) if body.get("email") else None,
        repeatable=bool(_number(body.get("alertRepeatable"))),
        outside_rth=bool(_number(body.get("outsideRth"))),
        show_popup=bool(_number(body.get("showPopup"))),
        send_message=bool(_number(body.get("sendMessage"))),
        orders_only=bool(_number(body.get("iTWSOrdersOnly"))),
    )
    answer = _acknowledged(broker, alert_id, "Submitted")
    return json_response(answer | {"order_status": "Submitted", "warning_message": None})


def _number(value: object) -> int:
    return int(value) if isinstance(value, (bool, int, float)) or (isinstance(value, str) and value.isdigit()) else 0


def _conditions(value: object) -> tuple[Condition, ...]:
    rows: list[dict[str, Any]] = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
    return tuple(
        Condition(
            _number(row.get("type")),
            str(row.get("conidex", "")),
            str(row.get("operator", "")),
            str(row.get("value", "")),
            str(row.get("triggerMethod", "0")),
            str(row.get("logicBind", "n")),
            str(row["timeZone"]) if row.get("timeZone") else None,
        )
        for row in rows
    )


def _acknowledged(broker: Broker, alert_id: int, text: str) -> dict[str, object]:
    broker.user_records.alert_calls += 1
    return {"request_id": broker.user_records.alert_calls, "order_id": alert_id, "success": True, "text": text}


def activate(broker: Broker, request: Request) -> Response:
    """POST /iserver/account/{account}/alert/activate."""
    body = request.json_object()
    alert = broker.user_records.alerts.get(_number(body.get("alertId")))
    if alert is None:
        return unavailable()
    alert.active = bool(_number(body.get("alertActive")))
    alert.triggered = alert.triggered and not alert.active
    text = "Request was submitted"
    return json_response(_acknowledged(broker, alert.alert_id, text) | {"failure_list": None})


def delete(broker: Broker, request: Request) -> Response:
    """DELETE /iserver/account/{account}/alert/{id}."""
    alert = broker.user_records.alerts.pop(_number(request.argument("alert_id")), None)
    if alert is None:
        return unavailable()
    return json_response(_acknowledged(broker, alert.alert_id, "Request was submitted") | {"failure_list": None})


ROUTES = (
    Route("GET", "/iserver/account/mta", mta, Needs.BROKERAGE),
    Route("GET", "/iserver/account/alert/{alert_id}", detail, Needs.BROKERAGE),
    Route("GET", "/iserver/account/{account}/alerts", alerts, Needs.BROKERAGE),
    Route("POST", "/iserver/account/{account}/alert", create, Needs.BROKERAGE),
    Route("POST", "/iserver/account/{account}/alert/activate", activate, Needs.BROKERAGE),
    Route("DELETE", "/iserver/account/{account}/alert/{alert_id}", delete, Needs.BROKERAGE),
)
