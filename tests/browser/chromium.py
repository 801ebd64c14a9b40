"""A real Chromium, driven over the DevTools protocol: open, wait, click, type, look, and hear its complaints."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import websocket

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
START_S, CALL_S, WAIT_S = 30.0, 20.0, 15.0
DESKTOP, PHONE = (1440, 900), (390, 844)


def find_chromium() -> str | None:
    """Return the path of a Chromium on this machine, None when there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class BrowserError(Exception):
    """A command that the browser did not carry out, with its own words."""


class Page:
    """One tab. `complaints` are console errors, exceptions and policy violations; `dialogs` what was popped up."""

    def __init__(self, address: str) -> None:
        self._socket = websocket.create_connection(address, timeout=CALL_S)
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []
        self.dialogs: list[str] = []
        self.requested: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send one command and return its result; events that come meanwhile are noted."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise BrowserError(method, str(message["error"]))
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    def set_view(self, size: tuple[int, int], *, dark: bool = False, scripts: bool = True) -> None:
        """Choose the size of the window, the colour scheme and whether scripts run."""
        width, height = size
        phone = size == PHONE
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)

    def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        self.call("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, expression: str) -> Any:  # noqa: ANN401 - whatever the page's script returns
        """Return the value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(expression, str(answer["exceptionDetails"].get("text")))
        return answer["result"].get("value")

    def wait_for(self, expression: str, limit_s: float = WAIT_S) -> None:
        """Wait until a JavaScript expression is true."""
        deadline = time.monotonic() + limit_s
        while True:
            with contextlib.suppress(BrowserError):
                if self.value(expression):
                    return
            if time.monotonic() > deadline:
                raise TimeoutError(expression)
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Click the middle of an element, as a person would."""
        box = self.value(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'center'});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def type(self, selector: str, text: str) -> None:
        """Type into a field."""
        self.value(f"document.querySelector({json.dumps(selector)}).focus()")
        self.call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press a key."""
        text = "\r" if key == "Enter" else ""
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=13 if text else 27,
                text=text,
            )

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Save what is seen, or the whole page."""
        path.parent.mkdir(parents=True, exist_ok=True)
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def close(self) -> None:
        """Leave the tab."""
        self._socket.close()

    def _note(self, message: dict[str, Any]) -> None:
        event, facts = message.get("method"), message.get("params", {})
        if event == "Log.entryAdded" and facts["entry"]["level"] == "error":
            self.complaints.append(facts["entry"]["text"])
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(
                json.dumps(facts["exceptionDetails"].get("exception", {}).get("description", "exception"))
            )
        elif event == "Page.javascriptDialogOpening":
            self.dialogs.append(facts["message"])
        elif event == "Network.requestWillBeSent":
            self.requested.append(facts["request"]["url"])


@contextlib.contextmanager
def browser(executable: str) -> Iterator[Page]:
    """Run a Chromium with an empty profile of its own, and end it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [executable, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        with (Path(profile) / "errors").open("wb") as errors:
            process = subprocess.Popen(command, stdout=errors, stderr=errors)
        try:
            page = Page(_tab_address(Path(profile) / "DevToolsActivePort"))
            yield page
            page.close()
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _tab_address(port_file: Path) -> str:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError, IndexError):
            port = int(port_file.read_text(encoding="ascii").splitlines()[0])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=5) as answer:
                tabs = json.load(answer)
            return next(str(tab["webSocketDebuggerUrl"]) for tab in tabs if tab["type"] == "page")
        time.sleep(0.1)
    raise BrowserError("start", "Chromium did not open its port")
