"""What every request has to pass and every answer carries; the walks go over all routes, new ones too."""

from __future__ import annotations

import re

import pytest
from werkzeug.routing import Rule

from tests.unit.webapp.conftest import Maker
from tests.unit.webapp.desk import Dashboard, form_of, token_of
from webapp.security import CONTENT_SECURITY_POLICY, MOST_DENIALS_TOLD, PUBLIC_ENDPOINTS

KNOWN_PUBLIC = {"static", "login.login_page", "login.login", "health.healthz", "health.readyz", "health.metrics"}
ARGUMENTS = {"filename": "css/tokens.css", "symbol": "AAPL", "control_id": "1"}
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def routes(dashboard: Dashboard, method: str) -> list[tuple[str, str]]:
    """Every route that takes `method`, with its arguments filled in."""
    found: list[tuple[str, str]] = []
    rules: list[Rule] = list(dashboard.app.url_map.iter_rules())
    for rule in rules:
        if method in (rule.methods or set()):
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: ARGUMENTS[match[1]], rule.rule)
            found.append((rule.endpoint, path))
    assert found
    return found


def test_only_the_listed_routes_are_public() -> None:
    assert PUBLIC_ENDPOINTS == KNOWN_PUBLIC


def test_every_other_route_asks_for_a_session(ready: Dashboard) -> None:
    client = ready.client()
    for endpoint, path in routes(ready, "GET"):
        if endpoint in KNOWN_PUBLIC:
            continue
        page, program = client.get(path), client.get(path, headers={"Accept": "application/json"})
        if path.startswith("/api/"):
            assert page.status_code == 401, path
        else:
            assert (page.status_code, page.headers["Location"]) == (302, "/login"), path
        assert program.status_code == 401, path
        assert program.get_json()["error"]["code"] == "not_logged_in"


def test_every_change_asks_for_a_session(ready: Dashboard) -> None:
    client = ready.client()
    for endpoint, path in routes(ready, "POST"):
        if endpoint not in KNOWN_PUBLIC:
            assert client.post(path).status_code == 401, path
    assert ready.desk.asked == []


def test_no_change_can_be_made_by_get_or_head(ready: Dashboard) -> None:
    client = ready.logged_in()
    for path in ("/halt", "/resume"):
        client.get(path)
        client.head(path)
    assert client.get("/logout").status_code == 405
    assert ready.desk.asked == []
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/login", "/nope", "/static/css/tokens.css", "/static/none.css", "/healthz", "/api/equity"]
)
def test_every_answer_carries_the_headers(ready: Dashboard, path: str) -> None:
    for client in (ready.client(), ready.logged_in()):
        answer = client.get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (path, name)
        assert "Permissions-Policy" in answer.headers
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in answer.headers
        static = answer.status_code == 200 and path.startswith("/static/")
        assert answer.headers["Cache-Control"] == ("public, max-age=3600" if static else "no-store")


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(ready: Dashboard, method: str) -> None:
    answer = ready.logged_in().open("/", method=method)
    assert answer.status_code == 405
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("host", ["[::", "a b", "x" * 3000, "localhost/x", "user@localhost", "[v1.x]:1", ":80", "\xff"])
def test_a_name_that_is_no_name_is_refused_like_another_one(ready: Dashboard, host: str) -> None:
    for path in ("/", "/login", "/nope", "/static/icon.svg"):
        assert ready.client().get(path, headers={"Host": host}).status_code == 421
    assert ready.client().post("/login", headers={"Host": host}).status_code == 421
    assert '"error"' not in ready.log()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:5056", "localhost.evil.example", "localhost:x", "127.0.0.1.nip.io", ""]
)
def test_another_name_is_refused(ready: Dashboard, host: str) -> None:
    for path in ("/", "/login", "/healthz", "/nope"):
        assert ready.client().get(path, headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost", "localhost:5056", "127.0.0.1:5056", "[::1]:5056", "[::1]", "LOCALHOST"])
def test_our_own_names_are_served(ready: Dashboard, host: str) -> None:
    assert ready.client().get("/login", headers={"Host": host}).status_code == 200


def test_a_further_name_can_be_allowed(make: Maker) -> None:
    dashboard = make(DASHBOARD_ALLOWED_HOSTS="trader.lan")
    assert dashboard.client().get("/login", headers={"Host": "trader.lan:5056"}).status_code == 200


def test_denied_changes_of_a_session_have_a_line_each_until_they_are_many(ready: Dashboard) -> None:
    client = ready.logged_in()
    for _ in range(MOST_DENIALS_TOLD + 400):
        assert client.post("/halt", data={"csrf_token": "wrong"}).status_code == 403
    ready.clock.pass_by(60)
    assert client.post("/halt", data={"csrf_token": "wrong"}).status_code == 403
    assert ready.log().count('"csrf_denied"') == MOST_DENIALS_TOLD + 1
    assert '"count": 401' in ready.log()


@pytest.mark.parametrize(
    "junk",
    [
        "sid-5056=junk",
        "sid-5056=",
        "sid-5056",
        'sid-5056="\\377"',
        "other=1; sid-5056=\xff",
        "sid-5056=a; sid-5056=b; sid-5056=c",
    ],
)
def test_cookies_of_other_programs_do_not_hide_a_session(ready: Dashboard, junk: str) -> None:
    cookie = ready.logged_in().get_cookie("sid-5056")
    assert cookie is not None
    for both in (f"{junk}; sid-5056={cookie.value}", f"sid-5056={cookie.value}; {junk}"):
        assert ready.client(use_cookies=False).get("/", headers={"Cookie": both}).status_code == 200
    assert ready.client(use_cookies=False).get("/", headers={"Cookie": junk}).status_code == 302


def test_a_change_needs_the_sessions_own_token(ready: Dashboard) -> None:
    client, other = ready.logged_in(), ready.logged_in()
    form = form_of(client, "/halt")
    for token in ("", "wrong", token_of(other)):
        assert client.post("/halt", data={**form, "csrf_token": token}).status_code == 403
    assert client.post("/halt", data={"key": form["key"]}).status_code == 403
    assert ready.desk.asked == []
    assert ready.log().count('"csrf_denied"') == 4
    assert client.post("/halt", data=form).status_code == 303
    assert len(ready.desk.asked) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "http://[::bad"},
        {"Origin": "http://[v1.x]:1"},
        {"Origin": "//"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_change_from_another_site_is_refused(ready: Dashboard, headers: dict[str, str]) -> None:
    client = ready.logged_in()
    form = form_of(client, "/halt")
    assert client.post("/halt", data=form, headers=headers).status_code == 403
    assert client.post("/login", data={"password": "x"}, headers=headers).status_code == 403
    assert ready.desk.asked == []
    assert '"cause": "origin"' in ready.log()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_change_from_our_own_page_is_taken(ready: Dashboard, headers: dict[str, str]) -> None:
    client = ready.logged_in()
    assert client.post("/halt", data=form_of(client, "/halt"), headers=headers).status_code == 303


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data", ""])
def test_other_kinds_of_content_are_refused(ready: Dashboard, kind: str) -> None:
    client = ready.logged_in()
    form_of(client, "/halt")
    assert client.post("/halt", data=b"key=x", content_type=kind).status_code == 415


def test_too_much_is_refused(ready: Dashboard) -> None:
    client = ready.logged_in()
    form = form_of(client, "/halt")
    assert client.post("/halt", data={**form, "more": "x" * (1024 * 1024 + 1)}).status_code == 413
    fields = {f"f{n}": "x" for n in range(1000)}
    assert client.post("/halt", data={**form, **fields}).status_code == 400
    assert ready.desk.asked == []


@pytest.mark.parametrize(
    "query", ["?nope=1", "?session=2026-03-02&session=2026-03-02", "?session=2026-02-31", "?session=NaN"]
)
@pytest.mark.parametrize("bad", ["", "&show=%00"])
def test_bad_parameters_are_refused(ready: Dashboard, query: str, bad: str) -> None:
    answer = ready.logged_in().get(f"/decisions{query}{bad}", headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert answer.get_json()["error"]["code"] == "bad_request"


def test_no_page_takes_a_parameter_that_it_does_not_name(ready: Dashboard) -> None:
    client = ready.logged_in()
    for _, path in routes(ready, "GET"):
        assert client.get(f"{path}?unheard_of=1").status_code == 400, path


@pytest.mark.parametrize(
    "symbol", ["1e309", "-1", "NaN%20", "1;DROP", "..%2f..%2fetc%2fpasswd", "%00", "a", "AAPL%0aX", "A" * 13, "%ff"]
)
def test_a_symbol_is_checked_before_it_is_looked_up(ready: Dashboard, symbol: str) -> None:
    client = ready.logged_in()
    for path in (f"/symbols/{symbol}", f"/api/symbols/{symbol}/chart"):
        assert client.get(path).status_code in (400, 404), path


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/.env",
        "/.git/HEAD",
        "/data/state.db",
        "/etc/passwd",
        "/static//etc/passwd",
        "/console",
        "/static/",
    ],
)
def test_files_that_are_no_pages_are_not_served(ready: Dashboard, path: str) -> None:
    assert ready.logged_in().get(path).status_code in (308, 400, 404)


def test_forwarding_headers_are_not_believed(ready: Dashboard) -> None:
    client = ready.client()
    for number in range(5):
        client.post("/login", data={"password": "wrong"}, headers={"X-Forwarded-For": f"10.0.0.{number}"})
    answer = client.post("/login", data={"password": "wrong"}, headers={"X-Forwarded-For": "10.9.9.9"})
    assert answer.status_code == 429
    assert '"10.0.0' not in ready.log()


def test_pages_have_no_inline_script_or_style_and_load_nothing_from_elsewhere(ready: Dashboard) -> None:
    client = ready.logged_in()
    for _, path in routes(ready, "GET"):
        answer = client.get(path)
        if answer.mimetype != "text/html":
            continue
        page = answer.get_data(as_text=True)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page), path
        assert not re.search(r"<script(?![^>]*\ssrc=)", page), path
        for address in re.findall(r'(?:src|href|action)="([^"]+)"', page):
            outside = not address.startswith(("/", "#"))
            assert not outside or address in ("https://www.tradingview.com/", "https://localhost:5055"), (path, address)


def test_static_files_have_their_right_type(ready: Dashboard) -> None:
    client = ready.client()
    kinds = {
        "css/tokens.css": "text/css; charset=utf-8",
        "js/live.js": "text/javascript; charset=utf-8",
        "icon.svg": "image/svg+xml; charset=utf-8",
    }
    for name, kind in kinds.items():
        assert client.get(f"/static/{name}").headers["Content-Type"] == kind
