from __future__ import annotations

import sqlite3

from tests.unit.webapp.desk import Dashboard, form_of
from trading.errors import InvariantBroken
from trading.model.operator_request import OperatorVerb


def test_an_unexpected_error_shows_an_id_and_keeps_its_traceback_in_the_log(ready: Dashboard) -> None:
    secret = "the inner detail"

    def fail() -> str:
        raise RuntimeError(secret)

    ready.app.view_functions["trades.trades"] = fail
    client = ready.logged_in()
    page = client.get("/trades")
    program = client.get("/trades", headers={"Accept": "application/json"})
    error = program.get_json()["error"]
    assert page.status_code == program.status_code == 500
    assert error["code"] == "internal_error"
    assert secret not in page.get_data(as_text=True)
    assert "Traceback" not in page.get_data(as_text=True)
    assert secret in ready.log()
    assert error["id"] in ready.log()


def test_a_database_that_cannot_be_read_is_not_available_now(ready: Dashboard) -> None:
    connection = sqlite3.connect(ready.state / "trading.db")
    connection.execute("ALTER TABLE fact RENAME TO other")
    connection.commit()
    connection.close()
    answer = ready.logged_in().get("/", headers={"Accept": "application/json"})
    assert answer.status_code == 503
    error = answer.get_json()["error"]
    assert error["code"] == "unavailable"
    assert error["message"].startswith("trading.db can't be read (no such table: fact).")


def test_a_request_that_cannot_be_stored_says_why(ready: Dashboard) -> None:
    def fail() -> str:
        raise InvariantBroken("controls", "controls.db: the disk is full")

    ready.app.view_functions["trades.trades"] = fail
    answer = ready.logged_in().get("/trades", headers={"Accept": "application/json"})
    assert answer.status_code == 503
    assert answer.get_json()["error"]["message"].endswith("controls.db: the disk is full")


def test_errors_have_one_shape(ready: Dashboard) -> None:
    client = ready.logged_in()
    for path, status, code in (("/api/nope", 404, "not_found"), ("/api/requests/x", 400, "bad_request")):
        answer = client.get(path)
        assert answer.status_code == status
        assert answer.get_json().keys() == {"error"}
        assert answer.get_json()["error"].keys() == {"code", "message"}
        assert answer.get_json()["error"]["code"] == code


def test_halting_works_while_the_database_can_not_be_read_and_the_error_page_leads_there(ready: Dashboard) -> None:
    client = ready.logged_in()
    (ready.state / "trading.db").write_bytes(b"no database" * 100)
    page = client.get("/")
    assert page.status_code == 503
    assert 'href="/halt"' in page.get_data(as_text=True)
    answer = client.post("/halt", data=form_of(client, "/halt"))
    assert answer.status_code == 303
    assert ready.desk.asked == [(OperatorVerb.HALT, "dashboard")]
    waiting = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "The database can&#39;t be read" in waiting
    assert client.get("/readyz").get_json()["error"]["code"] == "unreadable"


def test_error_page_offers_nobody_a_halt_who_is_not_logged_in(ready: Dashboard) -> None:
    def fail() -> str:
        raise RuntimeError

    ready.app.view_functions["login.login_page"] = fail
    page = ready.client().get("/login")
    assert page.status_code == 500
    assert "/halt" not in page.get_data(as_text=True)
