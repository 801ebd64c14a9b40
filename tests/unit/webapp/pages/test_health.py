from __future__ import annotations

from tests.unit.webapp.conftest import Maker
from tests.unit.webapp.desk import NOON, Dashboard, open_store
from trading.model.mode import OPERATOR


def test_healthz_follows_the_heartbeat_and_says_nothing_else(ready: Dashboard) -> None:
    client = ready.client()
    assert client.get("/healthz").get_json() == {"status": "ok"}
    ready.beat(silent_s=179)
    assert client.get("/healthz").status_code == 200
    ready.beat(silent_s=181)
    assert client.get("/healthz").status_code == 503
    (ready.state / "metrics.prom").unlink()
    assert client.get("/healthz").status_code == 503


def test_readyz_names_the_reason_and_the_next_step(ready: Dashboard) -> None:
    client = ready.client()
    assert client.get("/readyz").get_json() == {"status": "ready", "mode": "ACTIVE"}
    database, store = open_store(ready.state)
    store.keep({"session_state": "waiting_login"})
    database.close()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["error"]["code"] == "waiting_login"
    assert "Log in" in answer.get_json()["next_step"]


def test_readyz_is_not_ready_when_halted_or_unknown(ready: Dashboard) -> None:
    database, store = open_store(ready.state)
    store.halts.raise_halt(OPERATOR, "test", reason="the news", actor="dashboard", now=NOON)
    database.close()
    answer = ready.client().get("/readyz")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "halted")


def test_readyz_before_the_first_start(dashboard: Dashboard) -> None:
    answer = dashboard.client().get("/readyz")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "first_start")


def test_metrics_are_what_the_trading_process_wrote(ready: Dashboard) -> None:
    answer = ready.client().get("/metrics")
    assert answer.get_data(as_text=True) == "trading_gateway_up 1.0\n"
    assert answer.mimetype == "text/plain"


def test_metrics_ask_for_their_token_when_there_is_one(make: Maker) -> None:
    dashboard = make(METRICS_TOKEN="a-token-for-metrics")
    dashboard.beat()
    client = dashboard.client()
    for given in ("", "Bearer wrong", "a-token-for-metrics", "Basic a-token-for-metrics"):
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer a-token-for-metrics"}).status_code == 200


def test_the_open_endpoints_say_nothing_of_the_account(ready: Dashboard) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        text = ready.client().get(path).get_data(as_text=True)
        assert "1234567" not in text
        assert "25000" not in text
