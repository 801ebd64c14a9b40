"""Requests that nobody means well: whatever is sent, the dashboard says no and nothing changes."""

from __future__ import annotations

import random

import pytest

from tests.unit.webapp.desk import Dashboard, token_of

REQUESTS_A_SEED = 400
PATHS = (
    "/",
    "/login",
    "/logout",
    "/decisions",
    "/trades",
    "/trades.csv",
    "/log",
    "/halt",
    "/resume",
    "/requests/{}",
    "/symbols/{}",
    "/api/symbols/{}/chart",
    "/api/requests/{}",
    "/api/equity",
    "/static/{}",
    "/{}",
)
NAMES = (
    "session",
    "show",
    "symbol",
    "level",
    "find",
    "token",
    "password",
    "word",
    "key",
    "csrf_token",
    "__proto__",
    "",
)
VALUES = (
    "1e309",
    "-1",
    "NaN",
    "1;DROP TABLE intent",
    "../../etc/passwd",
    "%00",
    "\x00",
    "\ud7ff\U0001f4a3",
    "2016-02-31",
    "9" * 400,
    "'\"><script>alert(1)</script>",
    "{{7*7}}",
    "RESUME",
    "A" * 10_000,
    "",
)
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"Accept": "application/json"},
    {"Accept": "\x7f;q=nan, */*;q=-1"},
    {"X-Live": "1"},
    {"Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Cookie": "sid-5056=\xff; sid-5056=; =;;"},
    {"Content-Type": "application/json"},
    {"Content-Type": "multipart/form-data; boundary="},
    {"Range": "bytes=9-1"},
    {"If-None-Match": '"', "If-Modified-Since": "yesterday"},
    {"Authorization": "Bearer \xff"},
)
METHODS = ("GET", "GET", "HEAD", "POST", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


@pytest.mark.parametrize("seed", range(5))
def test_no_request_breaks_the_dashboard_or_changes_anything(ready: Dashboard, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same requests each time, not a secret
    client = ready.logged_in()
    token = token_of(client)
    for _ in range(REQUESTS_A_SEED):
        path = chance.choice(PATHS).replace("{}", chance.choice(VALUES))
        fields = [(chance.choice(NAMES), chance.choice(VALUES)) for _ in range(chance.randrange(4))]
        # With the right token there is always a field that no form has, so no request is a good one.
        form = [*fields, *chance.choice(([], [("csrf_token", token), ("surplus", "1")]))]
        method = chance.choice(METHODS)
        answer = client.open(
            path[:4000],
            method=method,
            query_string=dict(fields) if chance.random() < 0.5 else None,
            data=dict(form) if method == "POST" else None,
            headers=chance.choice(HEADERS),
        )
        assert answer.status_code < 500, (method, path, form)
        if method not in ("GET", "HEAD"):
            assert answer.status_code >= 400, (method, path, form)
    assert ready.desk.asked == []
    assert client.get("/trades").status_code == 200
    assert '"error"' not in ready.log()
