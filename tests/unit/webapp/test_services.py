from __future__ import annotations

import pytest

from tests.unit.webapp.desk import NOON, Dashboard, open_store
from trading.model.mode import OPERATOR
from webapp.services import EXTENSION, Services, services, state


def test_last_sign_of_life_is_that_of_the_heartbeat(dashboard: Dashboard) -> None:
    made: Services = dashboard.app.extensions[EXTENSION]
    assert made.beat() is None
    dashboard.beat(silent_s=41.0, step="decides")
    beat = made.beat()
    assert beat is not None
    assert beat.age_s == pytest.approx(41.0, abs=5.0)
    assert beat.step == "decides"


def test_an_app_without_them_is_an_error(dashboard: Dashboard) -> None:
    dashboard_services = dashboard.app.extensions.pop(EXTENSION)
    dashboard.app.extensions[EXTENSION] = None
    with dashboard.app.app_context(), pytest.raises(TypeError):
        services()
    dashboard.app.extensions[EXTENSION] = dashboard_services


def test_a_request_sees_one_moment_and_the_next_request_the_next(ready: Dashboard) -> None:
    database, store = open_store(ready.state)
    with ready.app.test_request_context():
        assert state().account.facts()["session_state"] == "ready"
        store.keep({"session_state": "competing"})
        store.halts.raise_halt(OPERATOR, "test", reason="", actor="ann", now=NOON)
        mode = state().account.mode()
        assert mode is not None
        assert (mode.mode, state().account.facts()["session_state"]) == ("ACTIVE", "ready")
    with ready.app.test_request_context():
        assert state().account.facts()["session_state"] == "competing"
    database.close()
