from __future__ import annotations

import pytest

from tests.unit.webapp.desk import NOON, PASSWORD, Dashboard, form_of, open_store
from trading.errors import InvariantBroken
from trading.model.decision import RiskState
from trading.model.mode import Seen
from trading.model.operator_request import OperatorVerb


def test_halt_takes_one_click_and_one_confirmation(ready: Dashboard) -> None:
    client = ready.logged_in()
    assert "/halt" in client.get("/").get_data(as_text=True)
    answer = client.post("/halt", data=form_of(client, "/halt"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/requests/1")
    assert ready.desk.asked == [(OperatorVerb.HALT, "dashboard")]
    assert '"halt_requested"' in ready.log()


def test_a_double_click_halts_once(ready: Dashboard) -> None:
    client = ready.logged_in()
    form = form_of(client, "/halt")
    first, second = client.post("/halt", data=form), client.post("/halt", data=form)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(ready.desk.asked) == 1


def test_a_second_halt_is_another_request(ready: Dashboard) -> None:
    client = ready.logged_in()
    client.post("/halt", data=form_of(client, "/halt"))
    client.post("/halt", data=form_of(client, "/halt"))
    assert len(ready.desk.asked) == 2


def test_a_request_without_a_key_is_refused(ready: Dashboard) -> None:
    client = ready.logged_in()
    form = form_of(client, "/halt")
    for key in ("", "short", "x" * 65, "../../../../etc/passwd"):
        assert client.post("/halt", data={**form, "key": key}).status_code == 400
    assert ready.desk.asked == []


def test_halting_works_before_the_first_start(dashboard: Dashboard) -> None:
    client = dashboard.logged_in()
    assert client.post("/halt", data=form_of(client, "/halt")).status_code == 303


def test_halting_works_where_requests_cannot_be_stored(ready: Dashboard) -> None:
    client = ready.logged_in()
    ready.desk.broken = InvariantBroken("controls", "file is not a database")
    answer = client.post("/halt", data=form_of(client, "/halt"))
    assert answer.status_code == 200
    assert "The file state/HALT was made, which halts as well" in answer.get_data(as_text=True)
    assert ready.desk.files == ["halted on the dashboard"]
    assert '"halt_file_made"' in ready.log()


def test_resuming_needs_the_password_again_and_the_word(ready: Dashboard) -> None:
    client = ready.logged_in()
    for password, word in (("wrong", "RESUME"), (PASSWORD, "resume"), (PASSWORD, ""), ("", "RESUME")):
        answer = client.post("/resume", data={**form_of(client, "/resume"), "password": password, "word": word})
        assert answer.status_code == 403
    assert ready.desk.asked == []
    assert ready.log().count('"resume_denied"') == 4
    good = {**form_of(client, "/resume"), "password": PASSWORD, "word": "RESUME"}
    assert client.post("/resume", data=good).status_code == 303
    assert ready.desk.asked == [(OperatorVerb.RESUME, "dashboard")]


def test_guessing_the_password_at_resume_is_limited_like_a_login(ready: Dashboard) -> None:
    client = ready.logged_in()
    form = {**form_of(client, "/resume"), "word": "RESUME"}
    for _ in range(5):
        assert client.post("/resume", data={**form, "password": "wrong"}).status_code == 403
    assert client.post("/resume", data={**form, "password": PASSWORD}).status_code == 429
    assert ready.desk.asked == []
    assert client.post("/halt", data=form_of(client, "/halt")).status_code == 303


def test_guesses_at_the_login_keep_nobody_from_resuming(ready: Dashboard) -> None:
    client, other = ready.logged_in(), ready.logged_in()
    for _ in range(10):
        ready.client().post("/login", data={"password": "wrong"})
        other.post("/resume", data={**form_of(other, "/resume"), "word": "RESUME", "password": "wrong"})
    form = {**form_of(client, "/resume"), "word": "RESUME", "password": PASSWORD}
    assert client.post("/resume", data=form).status_code == 303


def test_the_page_waits_for_the_answer_and_shows_it(ready: Dashboard) -> None:
    client = ready.logged_in()
    place = client.post("/halt", data=form_of(client, "/halt")).headers["Location"]
    assert "Waiting for the trading process" in client.get(place).get_data(as_text=True)
    assert client.get(f"/api{place}").get_json() == {"id": 1, "taken_up": False, "result": None}
    ready.desk.results[1] = "halted: 2 entries cancelled, <b>5 stops kept</b>"
    assert "2 entries cancelled, &lt;b&gt;5 stops kept" in client.get(place).get_data(as_text=True)
    assert client.get(f"/api{place}").get_json()["result"] == ready.desk.results[1]


def test_a_request_of_another_session_is_not_shown(ready: Dashboard) -> None:
    client, other = ready.logged_in(), ready.logged_in()
    place = client.post("/halt", data=form_of(client, "/halt")).headers["Location"]
    assert other.get(place).status_code == 404
    assert client.get("/requests/99").status_code == 404
    for bad in ("x", "-1", "1e3", "9" * 40):
        assert client.get(f"/requests/{bad}").status_code == 400


def test_a_silent_trading_process_is_said_while_waiting(ready: Dashboard) -> None:
    client = ready.logged_in()
    place = client.post("/halt", data=form_of(client, "/halt")).headers["Location"]
    ready.beat(silent_s=400)
    page = client.get(place).get_data(as_text=True)
    assert "silent for 400 s" in page
    assert "Not confirmed at the broker" in page


@pytest.mark.parametrize(
    ("age_s", "taken_up", "late"), [(9.9, False, False), (10.1, False, True), (None, False, True), (60.0, True, False)]
)
def test_request_that_is_not_taken_up_in_time_says_where_to_turn(
    ready: Dashboard, age_s: float | None, *, taken_up: bool, late: bool
) -> None:
    client = ready.logged_in()
    place = client.post("/halt", data=form_of(client, "/halt")).headers["Location"]
    ready.desk.age_s, ready.desk.taken_up = age_s, taken_up
    assert ("Not taken up: use TWS or the phone" in client.get(place).get_data(as_text=True)) == late


def test_resume_names_the_newest_halt_and_the_latched_limits_that_the_page_showed(ready: Dashboard) -> None:
    client = ready.logged_in()
    database, store = open_store(ready.state)
    store.halts.raise_halt("short", "AAPL", reason="short", actor="system", now=NOON)
    store.set_risk_state(RiskState(latches={"drawdown_halt": NOON.date()}), reason="24 %", actor="risk", now=NOON)
    form = {**form_of(client, "/resume"), "password": PASSWORD, "word": "RESUME"}
    store.halts.raise_halt("short", "MSFT", reason="short", actor="system", now=NOON)
    both = {"drawdown_halt": NOON.date(), "oversold": NOON.date()}
    store.set_risk_state(RiskState(latches=both), reason="2 AAPL", actor="system", now=NOON)
    newer = store.mode().seen
    database.close()
    for odd in ("", "-1", "x"):
        for name in ("seen", "seen_latched"):
            assert client.post("/resume", data={**form, name: odd}).status_code == 400
    client.post("/resume", data=form)
    assert ready.desk.seen == [Seen(1, newer.latched - 1)]


def test_resume_shows_everything_that_it_acknowledges(ready: Dashboard) -> None:
    database, store = open_store(ready.state)
    store.halts.raise_halt("short", "AAPL", reason="short 10 AAPL", actor="system", now=NOON)
    store.halts.halt_over("short", (), NOON)
    store.set_risk_state(RiskState(latches={"drawdown_halt": NOON.date()}), reason="24 %", actor="risk", now=NOON)
    store.halts.raise_halt("operator", "request 1", reason="<b>the news</b>", actor="ann", now=NOON)
    database.close()
    page = ready.logged_in().get("/resume").get_data(as_text=True)
    assert "and cleared with this: drawdown limit (24 %)." in page
    assert "<li>short 10 AAPL (system, " in page
    assert "; over by itself)</li>" in page
    assert "<li>&lt;b&gt;the news&lt;/b&gt; (ann, " in page


def test_halt_whose_request_is_gone_is_made_by_the_file_once(ready: Dashboard) -> None:
    client = ready.logged_in()
    place = client.post("/halt", data=form_of(client, "/halt")).headers["Location"]
    ready.desk.asked.clear()
    for _ in range(3):
        assert "The file HALT was made beside it, which halts as well" in client.get(place).get_data(as_text=True)
    assert ready.desk.files == ["halted on the dashboard"]
    assert ready.log().count('"halt_file_made"') == 1
    assert client.get(f"/api{place}").status_code == 404


def test_number_that_another_file_gives_again_is_another_request(ready: Dashboard) -> None:
    client = ready.logged_in()
    for times in (1, 2):
        place = client.post("/halt", data=form_of(client, "/halt")).headers["Location"]
        assert place.endswith("/1")
        ready.desk.results[1] = "halted"
        assert "halted" in client.get(place).get_data(as_text=True)
        del ready.desk.results[1]
        ready.desk.asked.clear()
        place = client.post("/halt", data=form_of(client, "/halt")).headers["Location"]
        ready.desk.asked.clear()
        assert "The file HALT was made" in client.get(place).get_data(as_text=True)
        assert len(ready.desk.files) == times


def test_halt_that_was_answered_halts_no_more_when_its_request_is_gone(ready: Dashboard) -> None:
    client = ready.logged_in()
    place = client.post("/halt", data=form_of(client, "/halt")).headers["Location"]
    ready.desk.results[1] = "halted"
    for _ in range(3):
        assert client.get(place).status_code == 200
    ready.desk.asked.clear()
    assert client.get(place).status_code == 404
    assert ready.desk.files == []


def test_resume_whose_request_is_gone_is_not_found(ready: Dashboard) -> None:
    client = ready.logged_in()
    form = {**form_of(client, "/resume"), "password": PASSWORD, "word": "RESUME"}
    place = client.post("/resume", data=form).headers["Location"]
    ready.desk.asked.clear()
    assert client.get(place).status_code == 404
    assert ready.desk.files == []
