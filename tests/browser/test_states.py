"""Every state that is not the usual one has a page that was designed, and a picture of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.chromium import DESKTOP, PHONE, Page
from tests.browser.conftest import PASSWORD, serve
from tests.browser.seed import fill_state

SAID = {
    "first-start": "has not written anything yet",
    "waiting-login": "Nobody is logged in",
    "gateway-down": "gateway does not answer",
    "halted": "Halted",
    "reducing": "Reducing",
    "stale": "has been silent",
    "uncovered": "have no stop",
    "ended": "end of its data",
}


@pytest.mark.parametrize("state", SAID)
def test_the_state_is_told_with_its_next_step(
    chromium: Page, project_root: Path, tmp_path: Path, pictures: Path, state: str
) -> None:
    if state != "first-start":
        fill_state(tmp_path / "state" / "simulated", tmp_path / "logs", state=state, months=1)
    process, url = serve(project_root, tmp_path)
    try:
        chromium.set_view(DESKTOP)
        chromium.open(f"{url}/login")
        chromium.complaints.clear()
        chromium.type("input[name=password]", PASSWORD)
        chromium.press("Enter")
        chromium.wait_for("location.pathname === '/'")
        if state == "stale":
            chromium.wait_for("document.querySelector('.state-silent') !== null")
        for size, name in ((DESKTOP, "desktop"), (PHONE, "phone")):
            chromium.set_view(size)
            chromium.open(url)
            chromium.screenshot(pictures / f"state-{state}-{name}.png")
        assert SAID[state] in chromium.value("document.querySelector('main').textContent")
        assert chromium.complaints == []
    finally:
        chromium.call("Page.navigate", url="about:blank")
        process.terminate()
        process.wait(20)
