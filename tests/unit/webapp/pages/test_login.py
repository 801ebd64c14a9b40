from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.server.tls import ensure_certificate
from tests.unit.webapp.conftest import Maker
from tests.unit.webapp.desk import PASSWORD, Dashboard, make_dashboard, token_of
from webapp.attempts import LIMIT
from webapp.devices import LASTS_S
from webapp.passwords import new_login_link
from webapp.services import EXTENSION


def test_the_right_password_opens_a_session(ready: Dashboard) -> None:
    client = ready.client()
    answer = client.post("/login", data={"password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/").status_code == 200


def test_a_wrong_password_opens_nothing(ready: Dashboard) -> None:
    client = ready.client()
    answer = client.post("/login", data={"password": PASSWORD + "x"})
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("typed", ["", "x" * 10_000, "\x00", "пароль", "\ud800", "' OR 1=1 --"])
def test_odd_passwords_are_only_wrong(ready: Dashboard, typed: str) -> None:
    answer = ready.client().post("/login", data={"password": typed.encode("utf-8", "surrogatepass")})
    assert answer.status_code == 401


def test_the_cookie_is_for_this_site_alone(ready: Dashboard) -> None:
    cookie = ready.client().post("/login", data={"password": PASSWORD}).headers["Set-Cookie"]
    name, _, attributes = cookie.partition("; ")
    assert name.startswith("sid-5056=")
    assert len(name) >= len("sid-5056=") + 22  # 128 bits and more
    assert set(attributes.split("; ")) == {"HttpOnly", "Path=/", "SameSite=Strict"}


def test_over_tls_the_cookie_is_secure_and_bound_to_the_host(make: Maker) -> None:
    certificate, key = ensure_certificate(make().logs)
    secure = make(DASHBOARD_TLS_CERT=str(certificate), DASHBOARD_TLS_KEY=str(key))
    answer = secure.client().post("/login", data={"password": PASSWORD}, base_url="https://localhost")
    assert answer.headers["Set-Cookie"].startswith("__Host-sid-5056=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "Domain" not in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_the_session_changes_at_login_and_the_old_one_dies(ready: Dashboard) -> None:
    client, thief = ready.logged_in(), ready.client()
    before = client.get_cookie("sid-5056")
    assert before is not None
    thief.set_cookie("sid-5056", before.value)
    assert thief.get("/").status_code == 200
    client.post("/login", data={"password": PASSWORD})
    after = client.get_cookie("sid-5056")
    assert after is not None
    assert after.value != before.value
    assert thief.get("/").status_code == 302


def test_a_cookie_is_worthless_after_logging_out(ready: Dashboard) -> None:
    client, replay = ready.logged_in(), ready.client()
    cookie = client.get_cookie("sid-5056")
    assert cookie is not None
    assert client.post("/logout", data={"csrf_token": token_of(client)}).status_code == 303
    replay.set_cookie("sid-5056", cookie.value)
    assert replay.get("/", headers={"Accept": "application/json"}).status_code == 401
    assert client.get_cookie("sid-5056") is None


def test_a_session_ends_after_half_an_hour_without_a_person(ready: Dashboard) -> None:
    client = ready.logged_in()
    for _ in range(3):
        ready.clock.pass_by(29 * 60)
        assert client.get("/").status_code == 200
    ready.clock.pass_by(31 * 60)
    assert client.get("/", headers={"Accept": "application/json"}).status_code == 401


def test_a_page_that_refreshes_itself_does_not_keep_a_session_alive(ready: Dashboard) -> None:
    client = ready.logged_in()
    for _ in range(3):
        ready.clock.pass_by(9 * 60)
        assert client.get("/", headers={"X-Live": "1"}).status_code == 200
    ready.clock.pass_by(9 * 60)
    assert client.get("/", headers={"X-Live": "1"}).status_code == 401


def test_a_person_in_front_of_the_page_keeps_it_alive(ready: Dashboard) -> None:
    client = ready.logged_in()
    for _ in range(6):
        ready.clock.pass_by(9 * 60)
        assert client.get("/", headers={"X-Live": "1", "X-Active": "1"}).status_code == 200


def test_a_session_ends_after_twelve_hours_whatever_happens(ready: Dashboard) -> None:
    client = ready.logged_in()
    for _ in range(12 * 4):
        ready.clock.pass_by(15 * 60)
        assert client.get("/").status_code == 200
    ready.clock.pass_by(1)
    assert client.get("/").status_code == 302


def test_the_sixth_attempt_waits_even_with_the_right_password(ready: Dashboard) -> None:
    client = ready.client()
    for _ in range(5):
        assert client.post("/login", data={"password": "wrong"}).status_code == 401
    for password in ("wrong", PASSWORD):
        answer = client.post("/login", data={"password": password})
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 60
    ready.clock.pass_by(61)
    assert client.post("/login", data={"password": PASSWORD}).status_code == 303


def test_right_passwords_do_not_use_up_the_attempts(ready: Dashboard) -> None:
    for _ in range(8):
        ready.logged_in()


def test_a_login_link_works_once(ready: Dashboard) -> None:
    link = new_login_link(ready.app.extensions[EXTENSION].settings)
    assert link.startswith("http://localhost:5056/login?token=")
    token = link.partition("token=")[2]
    client = ready.client()
    for _ in range(2):  # looking at the link does not use it up
        page = client.get(f"/login?token={token}").get_data(as_text=True)
        assert token in page
    assert client.post("/login", data={"token": token}).status_code == 303
    assert client.get("/").status_code == 200
    second = ready.client().post("/login", data={"token": token})
    assert second.status_code == 401
    assert "used already" in second.get_data(as_text=True)


def test_a_newer_link_replaces_an_older_one(ready: Dashboard) -> None:
    settings = ready.app.extensions[EXTENSION].settings
    first, second = (new_login_link(settings).partition("token=")[2] for _ in range(2))
    assert ready.client().post("/login", data={"token": first}).status_code == 401
    assert ready.client().post("/login", data={"token": second}).status_code == 303


def test_without_a_password_one_is_made_and_kept_for_its_owner(make: Maker) -> None:
    first, second = make(DASHBOARD_PASSWORD=""), make(DASHBOARD_PASSWORD="")
    kept = [
        (dashboard.state / "dashboard_password").read_text(encoding="utf-8").strip() for dashboard in (first, second)
    ]
    assert kept[0] != kept[1]
    assert len(kept[0]) >= 22
    assert (first.state / "dashboard_password").stat().st_mode & 0o777 == 0o600
    assert first.client().post("/login", data={"password": kept[0]}).status_code == 303


def test_what_people_do_is_logged_once_each_without_a_secret(ready: Dashboard) -> None:
    client = ready.client()
    client.post("/login", data={"password": "an attempt\r\n\x1b[31m{}"})
    client.post("/login", data={"password": PASSWORD})
    cookie = client.get_cookie("sid-5056")
    assert cookie is not None
    token = token_of(client)
    client.post("/logout", data={"csrf_token": token})
    lines = [json.loads(line) for line in ready.log().splitlines()]
    assert [line["event"] for line in lines] == ["login_failed", "login", "logout"]
    for line in lines:
        assert line["address"] == "127.0.0.1"
        assert line["at"].endswith("+00:00")
    for secret in (PASSWORD, "an attempt", cookie.value, token):
        assert secret not in ready.log()


def test_links_that_do_not_work_are_no_wrong_passwords_and_fill_no_audit(ready: Dashboard) -> None:
    client = ready.client()
    for _ in range(40):
        assert client.post("/login", data={"token": "x" * 43}).status_code == 401
    assert client.post("/login", data={"password": PASSWORD}).status_code == 303
    assert [event_of(line) for line in ready.log().splitlines()] == ["login_failed", "login"]


def event_of(line: str) -> str:
    return str(json.loads(line)["event"])


def guess(dashboard: Dashboard, seconds: int) -> int:
    """Send three wrong passwords a second from this machine; return how many of them were judged."""
    judged = 0
    for _ in range(seconds):
        for _ in range(3):
            judged += dashboard.client().post("/login", data={"password": "wrong"}).status_code == 401
        dashboard.clock.pass_by(1)
    return judged


def test_the_owner_gets_in_while_somebody_guesses(ready: Dashboard) -> None:
    known = ready.logged_in()
    known.post("/logout", data={"csrf_token": token_of(known)})
    assert guess(ready, 110) <= 2 * LIMIT
    stranger = ready.client().post("/login", data={"password": PASSWORD})
    assert stranger.status_code == 429
    assert "python -m webapp login-link" in stranger.get_data(as_text=True)
    for _ in range(LIMIT):
        assert known.post("/login", data={"password": "a slip"}).status_code == 401
        ready.clock.pass_by(15)
        guess(ready, 1)
    assert known.post("/login", data={"password": PASSWORD}).status_code == 303
    token = new_login_link(ready.app.extensions[EXTENSION].settings).partition("token=")[2]
    guess(ready, 2)
    assert ready.client().post("/login", data={"token": token}).status_code == 303


def test_guesses_from_a_known_browser_are_bounded_too(ready: Dashboard) -> None:
    known = ready.logged_in()
    statuses = [known.post("/login", data={"password": "wrong"}).status_code for _ in range(LIMIT + 1)]
    assert statuses == [*[401] * LIMIT, 429]


def test_a_browser_is_known_after_a_restart_and_by_nobody_elses_cookie(make: Maker, tmp_path: Path) -> None:
    first, other = make(), make()
    client = first.logged_in()
    device = client.get_cookie("device-5056", path="/login")
    assert device is not None
    restarted = make_dashboard(tmp_path / "0")
    guess(restarted, 2)
    guess(other, 2)
    for dashboard, status in ((restarted, 303), (other, 429)):
        again = dashboard.client()
        again.set_cookie("device-5056", device.value, path="/login")
        assert again.post("/login", data={"password": PASSWORD}).status_code == status
    restarted.close()


def test_two_dashboards_on_one_host_do_not_replace_each_others_cookies(make: Maker) -> None:
    names = set()
    for port in ("5056", "5057"):
        answer = make(DASHBOARD_PORT=port).client().post("/login", data={"password": PASSWORD})
        names |= {cookie.partition("=")[0] for cookie in answer.headers.getlist("Set-Cookie")}
    assert names == {"sid-5056", "sid-5057", "device-5056", "device-5057"}


def test_the_cookie_of_the_browser_is_sent_to_the_login_alone_and_lasts(ready: Dashboard) -> None:
    _, cookie = ready.client().post("/login", data={"password": PASSWORD}).headers.getlist("Set-Cookie")
    name, *attributes = cookie.split("; ")
    assert name.startswith("device-5056=")
    assert {"HttpOnly", "Path=/login", "SameSite=Strict", f"Max-Age={LASTS_S}"} <= set(attributes)


def test_a_browser_keeps_its_cookie_at_the_next_login(ready: Dashboard) -> None:
    client = ready.logged_in()
    before = client.get_cookie("device-5056", path="/login")
    client.post("/login", data={"password": PASSWORD})
    assert client.get_cookie("device-5056", path="/login") == before


def test_noise_leaves_the_lines_of_the_owner(ready: Dashboard) -> None:
    client = ready.logged_in()
    for _ in range(400):
        stranger = ready.client()
        stranger.post("/login", data={"password": "wrong"})
        stranger.post("/login", data={"token": "wrong"})
        stranger.post("/login", data={"password": "x"}, headers={"Origin": "https://evil.example"})
        stranger.get("/", headers={"Host": "evil.example"})
    ready.clock.pass_by(60)
    client.post("/logout", data={"csrf_token": token_of(client)})
    ready.app.extensions[EXTENSION].audit.sum_up()
    lines = [json.loads(line) for line in ready.log().splitlines()]
    once = [line["event"] for line in lines if "count" not in line]
    assert sorted(once) == sorted(
        ["login", "login_failed", "login_failed", "login_throttled", "csrf_denied_stranger", "wrong_host", "logout"]
    )
    counts = {(line["event"], line.get("cause")): line["count"] for line in lines if "count" in line}
    assert counts == {
        ("login_failed", "password"): LIMIT - 1,
        ("login_failed", "link"): 399,
        ("login_throttled", None): 400 - LIMIT - 1,
        ("csrf_denied_stranger", "origin"): 399,
        ("wrong_host", None): 399,
    }
