"""Every page in every state: it was designed, says what to do, and there is a picture of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.chromium import DESKTOP, PHONE, Page
from tests.browser.conftest import Site, log_in, running
from tests.browser.looks import PATHS, QUESTIONS, look_at, problems_everywhere, questions_seen
from tests.browser.seed import set_state

SAID = {
    "active": "All is well",
    "waiting-login": "Nobody is logged in",
    "gateway-down": "gateway does not answer",
    "refused": "refuses this system",
    "competing": "Another program uses this login",
    "halted": "Halted",
    "reducing": "Reducing",
    "stale": "has been silent",
    "uncovered": "have no stop",
    "ended": "end of its data",
    "stopped": "was stopped",
    "stuck": "is stuck",
    "hangs": "gateway does not answer",
    "unstored": "database can't be written",
    "overdue": "No whole cycle",
}
FIRST_PAGES = ("overview", "decisions", "trades", "log", "halt", "resume")


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("state", SAID)
def test_every_page_is_whole_in_every_state(page: Page, site: Site, pictures: Path, state: str, name: str) -> None:
    set_state(site.state, state)
    assert problems_everywhere(page, site.url, PATHS[name], pictures, f"{state}-{name}") == []
    if state != "active" or name == "overview":
        assert SAID[state] in page.value("document.querySelector('main').textContent")


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("state", SAID)
def test_the_four_questions_are_in_sight_in_every_state(
    page: Page, site: Site, state: str, size: tuple[int, int]
) -> None:
    set_state(site.state, state)
    page.set_view(size)
    look_at(page, site.url)
    assert questions_seen(page) == list(QUESTIONS)


def test_every_page_is_whole_before_the_first_start(
    chromium: Page, project_root: Path, tmp_path: Path, pictures: Path
) -> None:
    with running(project_root, tmp_path) as url:
        log_in(chromium, url)
        for name in FIRST_PAGES:
            assert problems_everywhere(chromium, url, PATHS[name], pictures, f"first-start-{name}") == []
        chromium.open(url)
        assert "has not written anything yet" in chromium.value("document.querySelector('main').textContent")
