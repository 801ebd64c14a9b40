"""Getting in: by password, by the link from the console, and not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.browser.chromium import DESKTOP, PHONE, Page
from tests.browser.conftest import PASSWORD, Site
from tests.browser.looks import problems

MAIN = "document.querySelector('main').textContent"


def log_out(page: Page, url: str) -> None:
    page.call("Network.clearBrowserCookies")
    page.open(f"{url}/trades")
    page.wait_for("location.pathname === '/login'")


def test_the_right_password_opens_and_logging_out_closes(page: Page, site: Site, pictures: Path) -> None:
    log_out(page, site.url)
    for size, device in ((PHONE, "phone"), (DESKTOP, "desktop")):
        page.set_view(size)
        assert problems(page, site.url) == []
        page.screenshot(pictures / f"login-{device}.png")
    page.type("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for("location.pathname === '/' && document.querySelector('.situation') !== null")
    page.click(".nav-foot form button")
    page.wait_for("location.pathname === '/login'")
    page.open(site.url)
    assert page.value("location.pathname") == "/login"


def test_a_wrong_password_is_said_and_nothing_is_shown(page: Page, site: Site, pictures: Path) -> None:
    log_out(page, site.url)
    page.type("input[name=password]", "not-the-password")
    page.press("Enter")
    page.wait_for(f"{MAIN}.includes('That is not the password.')")
    page.screenshot(pictures / "login-wrong.png")
    assert page.value("document.querySelector('.situation')") is None
    page.type("input[name=password]", PASSWORD)
    page.press("Enter")
    page.wait_for("document.querySelector('.situation') !== null")


def test_the_link_from_the_console_opens_once_by_one_click(page: Page, site: Site, project_root: Path) -> None:
    log_out(page, site.url)
    link = subprocess.run(
        [sys.executable, "-m", "webapp", "login-link"],
        cwd=project_root,
        env={
            "PATH": os.environ["PATH"],
            "GATEWAY": "simulated",
            "STATE_DIR": str(site.state.parent),
            "DASHBOARD_PORT": site.url.rpartition(":")[2],
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    page.open(link)
    assert page.value("document.querySelector('.situation')") is None
    page.click("button[type=submit]")
    page.wait_for("location.pathname === '/' && document.querySelector('.situation') !== null")
    log_out(page, site.url)
    page.open(link)
    page.click("button[type=submit]")
    page.wait_for(f"{MAIN}.includes('That link has been used already')")
