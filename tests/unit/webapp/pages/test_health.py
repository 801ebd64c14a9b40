from __future__ import annotations

import os
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.webapp.conftest import Maker
from tests.unit.webapp.desk import NOON, Dashboard, open_store
from trading.model.mode import OPERATOR, Mode
from trading.monitoring.sign_of_life import HEARTBEAT_NAME, METRICS_NAME, WAITING_NAME


def test_healthz_follows_the_heartbeat_and_says_nothing_else(ready: Dashboard) -> None:
    client = ready.client()
    assert client.get("/healthz").get_json() == {"status": "ok"}
    ready.beat(silent_s=16)
    assert client.get("/healthz").status_code == 503
    ready.beat(over_s=14.0)
    assert client.get("/healthz").status_code == 200
    ready.beat(over_s=15.1)
    assert client.get("/healthz").status_code == 503
    (ready.state / HEARTBEAT_NAME).unlink()
    assert client.get("/healthz").status_code == 503


def test_gateway_that_hangs_leaves_the_loop_alive_and_not_ready(ready: Dashboard) -> None:
    ready.beat(call="POST /tickle", silence_s=12.0, silent_since="2026-03-03T16:59:48+00:00", over_s=-3.0)
    client = ready.client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "gateway_down")
    assert "no answer to POST /tickle" in answer.get_json()["error"]["message"]


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


def test_nothing_of_an_account_stands_in_what_anybody_may_read(ready: Dashboard) -> None:
    ready.beat(unstored="storage: /home/U7654321/trading.db of DU1234567 was moved")
    database, store = open_store(ready.state)
    store.keep({"session_state": "waiting_login", "session_person": "Select the account: U***4321 is."})
    database.close()
    assert re.search(r"[A-Z]\d{4}|\*{3}", ready.client().get("/readyz").get_data(as_text=True)) is None
    ready.beat()
    told = ready.client().get("/readyz").get_json()
    assert told["next_step"].startswith("Select the account: … is.")


def test_readyz_is_not_ready_when_halted_or_unknown(ready: Dashboard) -> None:
    database, store = open_store(ready.state)
    store.halts.raise_halt(OPERATOR, "test", reason="the news", actor="dashboard", now=NOON)
    database.close()
    answer = ready.client().get("/readyz")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "halted")


def test_readyz_before_the_first_start(dashboard: Dashboard) -> None:
    answer = dashboard.client().get("/readyz")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "first_start")


def test_metrics_are_what_the_trading_process_wrote_and_what_is_so_now(ready: Dashboard) -> None:
    answer = ready.client().get("/metrics")
    text = answer.get_data(as_text=True)
    assert text.startswith("trading_gateway_up 1.0\n")
    assert "\ntrading_alive 1.0\n" in text
    assert "\ntrading_ready 1.0\n" in text
    assert answer.mimetype == "text/plain"
    assert {family.name for family in text_string_to_metric_families(text)} == {
        "trading_gateway_up",
        "trading_alive",
        "trading_ready",
        "trading_heartbeat_age_seconds",
    }


def test_metrics_of_a_process_that_died_say_nothing_good(ready: Dashboard) -> None:
    ready.beat(silent_s=90)
    text = ready.client().get("/metrics").get_data(as_text=True)
    assert text.startswith("trading_gateway_up 0.0\n")
    assert "\ntrading_alive 0.0\n" in text
    assert "\ntrading_ready 0.0\n" in text
    (ready.state / HEARTBEAT_NAME).unlink()
    assert "trading_heartbeat_age_seconds +Inf\n" in ready.client().get("/metrics").get_data(as_text=True)


def test_process_that_start_sh_starts_is_not_alive_yet_though_the_one_before_beat_a_moment_ago(
    ready: Dashboard,
) -> None:
    note = ready.state / WAITING_NAME
    note.write_text("it ended (exit 1); it is started again in 4 s\n", encoding="utf-8")
    os.utime(note, (NOON.timestamp(), NOON.timestamp()))
    client = ready.client()
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert answer.status_code == 503
        told = answer.get_json()
        assert told["error"]["code"] == "not_started"
        assert "It ended (exit 1); it is started again in 4 s" in told["error"]["message"]
        assert told["next_step"] == "It starts by itself."
    text = client.get("/metrics").get_data(as_text=True)
    assert text.startswith("trading_gateway_up 0.0\n")
    assert "\ntrading_alive 0.0\n" in text
    assert "\ntrading_ready 0.0\n" in text
    # An old note counts for nothing.
    os.utime(note, (NOON.timestamp() - 60.0, NOON.timestamp() - 60.0))
    assert client.get("/healthz").status_code == 200
    assert "\ntrading_alive 1.0\n" in client.get("/metrics").get_data(as_text=True)


def test_metrics_are_served_where_the_database_can_not_be_read(ready: Dashboard) -> None:
    (ready.state / "trading.db").write_bytes(b"no database")
    text = ready.client().get("/metrics").get_data(as_text=True)
    assert "\ntrading_ready 0.0\n" in text
    assert "\ntrading_alive 1.0\n" in text


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


@pytest.mark.parametrize("answers", [True, False])
def test_gateway_counts_as_down_from_when_a_call_is_known_to_hang(ready: Dashboard, *, answers: bool) -> None:
    ready.beat(call="GET /iserver/account/orders", silence_s=9.0, answers=answers)
    assert ready.client().get("/metrics").get_data(as_text=True).startswith("trading_gateway_up 1.0\n")
    ready.beat(call="GET /iserver/account/orders", silence_s=11.0, answers=answers)
    assert ready.client().get("/metrics").get_data(as_text=True).startswith("trading_gateway_up 0.0\n")


def test_mode_of_the_metrics_is_that_of_the_pages_also_where_it_could_not_be_stored(ready: Dashboard) -> None:
    lines = [f'trading_mode{{mode="{mode}"}} {float(mode is Mode.ACTIVE)}\n' for mode in Mode]

    def mode(unstored: str = "") -> list[str]:
        ready.beat(unstored=unstored)
        (ready.state / METRICS_NAME).write_text("".join(lines), encoding="utf-8")
        text = ready.client().get("/metrics").get_data(as_text=True)
        return re.findall(r'^trading_mode\{mode="(\w+)"\} 1.0$', text, re.MULTILINE)

    assert mode() == ["ACTIVE"]
    assert mode("storage: trading.db: database is locked") == ["RECONCILING"]
