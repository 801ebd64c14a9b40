from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.webapp.conftest import Maker
from tests.unit.webapp.desk import Dashboard, form_of
from trading.errors import ConfigError
from trading.store.operator_requests import RequestsDatabase
from webapp.app import create_app


def test_nothing_is_made_with_a_bad_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        create_app({"DASHBOARD_PASSWORD": "admin", "STATE_DIR": str(tmp_path / "s"), "LOG_DIR": str(tmp_path / "l")})
    assert list(tmp_path.iterdir()) == []


def test_requests_reach_the_trading_process_through_controls_db(make: Maker, tmp_path: Path) -> None:
    environ = {
        "DASHBOARD_PASSWORD": "correct-horse-battery",
        "STATE_DIR": str(tmp_path / "s"),
        "LOG_DIR": str(tmp_path),
    }
    app = create_app(environ)
    made = Dashboard(app, make().clock, make().desk, tmp_path / "s", tmp_path)

    client = made.logged_in()
    client.post("/halt", data=form_of(client, "/halt"))
    (control,) = RequestsDatabase(tmp_path / "s" / "controls.db").pending()
    assert (control.kind, control.actor) == ("halt", "dashboard")
    made.close()


def test_static_files_are_named_with_a_mark_of_their_content(ready: Dashboard) -> None:
    page = ready.logged_in().get("/").get_data(as_text=True)
    assert "/static/css/tokens.css?v=" in page
    address = page.partition('src="/static/js/theme.js')[2].partition('"')[0]
    assert ready.client().get(f"/static/js/theme.js{address}").status_code == 200
