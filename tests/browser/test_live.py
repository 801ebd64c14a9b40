"""What changes while the page is open, and what a person does on it."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime

from tests.browser.chromium import Page
from tests.browser.conftest import PASSWORD, Site
from trading.model.mode import OPERATOR
from trading.store.database import Database
from trading.store.operator_requests import RequestsDatabase
from trading.store.records import SqliteStore


def test_a_changed_value_appears_by_itself_and_glows(page: Page, site: Site) -> None:
    page.open(site.url)
    page.value(
        "window.glowed = false; new MutationObserver(() => {"
        " if (document.querySelector('[data-cell=cash].glow')) window.glowed = true; })"
        ".observe(document.body, {subtree: true, attributes: true, childList: true}); 0"
    )
    with sqlite3.connect(site.state / "trading.db") as connection:
        before = connection.execute("SELECT cash FROM equity ORDER BY session DESC LIMIT 1").fetchone()[0]
        connection.execute("UPDATE equity SET cash = 123450000 WHERE session = (SELECT max(session) FROM equity)")
    connection.close()
    try:
        page.wait_for("document.querySelector('[data-cell=cash]').textContent === '12\\u202f345'", 10)
        page.wait_for("window.glowed", 2)
    finally:
        with sqlite3.connect(site.state / "trading.db") as connection:
            connection.execute(
                "UPDATE equity SET cash = ? WHERE session = (SELECT max(session) FROM equity)", (before,)
            )
        connection.close()


def test_halting_and_resuming_from_click_to_answer(page: Page, site: Site) -> None:
    controls = RequestsDatabase(site.state / "controls.db")
    page.open(site.url)
    page.click(".top .halt")
    assert page.value("document.getElementById('halt-dialog').open")
    assert controls.pending() == ()
    page.click("#halt-dialog [data-close]")
    assert not page.value("document.getElementById('halt-dialog').open")
    page.click(".top .halt")
    page.click("#halt-dialog .danger")
    page.wait_for("document.querySelector('[data-request] .spinner') !== null")
    (asked,) = controls.pending()
    assert asked.kind == "halt"

    _set_halt(site, halted=True)
    controls.answer(asked, "halted: 3 entries cancelled, 5 stops kept", datetime.now(UTC))
    page.wait_for("document.querySelector('[data-request]').textContent.includes('3 entries cancelled')", 5)
    page.wait_for("document.querySelector('.mode').textContent.includes('HALTED')", 5)

    page.open(f"{site.url}/resume")
    page.type("input[name=password]", PASSWORD)
    page.type("input[name=word]", "RESUME")
    page.press("Enter")
    page.wait_for("document.querySelector('[data-request]') !== null")
    (asked,) = controls.pending()
    assert asked.kind == "resume"
    controls.answer(asked, "resumed", datetime.now(UTC))
    _set_halt(site, halted=False)
    page.open(site.url)
    page.wait_for("document.querySelector('.mode').textContent.includes('ACTIVE')")
    assert page.complaints == []


def test_a_page_says_when_the_dashboard_no_longer_knows_its_session(page: Page, site: Site) -> None:
    page.open(f"{site.url}/trades")
    page.call("Network.clearBrowserCookies")
    page.wait_for("location.pathname === '/login'", 10)


def test_typing_is_not_lost_when_the_page_refreshes_itself(page: Page, site: Site) -> None:
    page.open(f"{site.url}/trades")
    page.type("[data-filter]", "NV")
    time.sleep(3)
    assert page.value("document.querySelector('[data-filter]').value") == "NV"
    page.value("sessionStorage.clear()")


def _set_halt(site: Site, *, halted: bool) -> None:
    database = Database(site.state / "trading.db")
    store, now = SqliteStore(database), datetime.now(UTC)
    if halted:
        store.halts.raise_halt(OPERATOR, "test", reason="asked for on the dashboard", actor="dashboard", now=now)
    else:
        store.halts.acknowledge_halts(seen=store.mode().seen.halt, actor="dashboard", now=now)
    database.close()
