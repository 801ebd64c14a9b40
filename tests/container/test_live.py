"""The live path: `docker compose up` with a Java program that stands in for IBKR's, and the simulator behind it."""

from __future__ import annotations

import os
import re
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.engine import Project, checkout, docker, figure, wait_for

STANDIN = Path(__file__).parent / "standin"
JAR = "ibgroup.web.core.iblink.router.clientportal.gw.jar"
UPSTREAM = "tradingupstream"


def build_standin(target: Path) -> None:
    """Lay the stand-in out as the unpacked zip is."""
    classes = target / "classes"
    for folder in ("bin", "dist", "build/lib/runtime", "root", "classes"):
        (target / folder).mkdir(parents=True)
    (target / "build/lib/runtime/.keep").touch()
    java = str(STANDIN / "GatewayStart.java")
    subprocess.run(["javac", "--release", "17", "-Xlint:all", "-Werror", "-d", str(classes), java], check=True)  # noqa: S607
    subprocess.run(["jar", "cf", str(target / "dist" / JAR), "-C", str(classes), "."], check=True)  # noqa: S607
    (target / "bin/run.sh").write_bytes((STANDIN / "run.sh").read_bytes())


class Live(Project):
    """The project with its upstream, and a browser of sorts."""

    def upstream(self, command: str) -> None:
        """Start, stop or pause the upstream."""
        docker(command, UPSTREAM)

    def browser(self, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str]:
        """Ask the gateway's published port, as a person's browser does."""
        pem = self.run("cat", "/app/state/gateway/root/gateway.pem")
        context = ssl.create_default_context(cadata=pem)
        data = None if form is None else urllib.parse.urlencode(form).encode()
        url = f"https://localhost:{self.gateway_port}{path}"
        try:
            request = urllib.request.Request(url, data, headers)
            with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310 - loopback
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The live system before anybody has logged in; the simulator stands where IBKR's servers are."""
    folder = checkout(tmp_path_factory.mktemp("live"))
    build_standin(folder / "gateway")
    settings = f"GATEWAY_UPSTREAM=http://{UPSTREAM}:8000\nTICKERS=AAPL,MSFT\nGATEWAY_LIVENESS_SECONDS=2\nGATEWAY_DEADLINE_SECONDS=10\n"
    project = Live(folder, "tradinglive", "live", settings)
    project.build()
    project.down()
    docker("rm", "-f", UPSTREAM, check=False)
    try:
        project.compose("create")
        docker(
            "run", "-d", "--name", UPSTREAM, "--network", f"{project.name}_default", "--entrypoint", "python",
            f"{project.name}-live", "-m", "simulator", "--host", "0.0.0.0", "--port", "8000", "--plain-http",  # noqa: S104
            "--start", "2014-03-03", "--speed", "1",
        )  # fmt: skip
        seconds = project.up()
        figure("live: start until healthy", f"{seconds:.1f} s")
        yield project
    finally:
        Path(folder / "compose.log").write_text(project.logs(), encoding="utf-8")
        docker("rm", "-f", UPSTREAM, check=False)
        project.down()
        docker("image", "rm", "-f", f"{project.name}-live", check=False)


def test_it_is_healthy_before_the_login_and_says_who_has_to_log_in_where(live: Live) -> None:
    wait_for("healthy", lambda: live.health() == "healthy")
    assert "gateway: nobody is logged in; log in at https://localhost:5055" in live.logs()
    # Not a tickle: IBKR takes one a second, and the trading loop's may just have been.
    assert live.gateway("POST", "/v1/api/iserver/auth/status", "{}")[0] == 401
    assert live.get("/readyz")[0] == 503


def test_build_and_start_say_that_the_jar_is_not_the_known_one(live: Live) -> None:
    assert "warning: the gateway's jar is not the build this project knows" in live.logs()


def test_password_of_the_certificate_is_in_no_log(live: Live) -> None:
    password = live.run("cat", "/app/state/gateway/root/gateway.password").strip()
    assert len(password) == 40
    assert password in live.run("cat", "/app/state/gateway/root/conf.yaml")
    assert password not in live.logs()
    assert "Open https://localhost:5055 to login" in live.run("cat", "/app/logs/gateway.log")
    assert password not in live.run("sh", "-c", "cat /app/logs/* /proc/[0-9]*/cmdline 2>/dev/null", check=False)


def test_s06_only_loopback_and_the_published_port_may_use_the_gateway(live: Live) -> None:
    gateway = live.inspect("{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}")
    rendered = live.run("cat", "/app/state/gateway/root/conf.yaml")
    allowed = re.findall(r'^        - "(.+)"$', rendered, re.MULTILINE)
    assert allowed == ["127.0.0.1", gateway]
    assert re.search(r"^    deny: \[\]$", rendered, re.MULTILINE)
    address = live.inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
    ask = (
        "import ssl, urllib.request, urllib.error\n"
        f"context = ssl.create_default_context(cadata={live.run('cat', '/app/state/gateway/root/gateway.pem')!r})\n"
        "context.check_hostname = False\n"
        "try: print(urllib.request.urlopen('https://" + address + ":5055/', timeout=5, context=context).status)\n"
        "except urllib.error.HTTPError as error: print(error.code, error.read().decode())\n"
    )
    assert docker("exec", UPSTREAM, "python", "-c", ask).strip() == "404 Access Denied"
    assert live.browser("/sso/Login")[0] == 200


def test_pages_of_other_sites_are_refused_by_the_gateway(live: Live) -> None:
    for origin in ("https://evil.example", "null", "http://localhost:5056", "https://localhost:3000"):
        assert live.browser("/v1/api/iserver/auth/status", {}, Origin=origin)[0] == 403
    assert live.browser("/v1/api/iserver/auth/status", {}, Origin="https://localhost:5055")[0] == 401


def test_gateway_that_hangs_while_its_upstream_is_away_stays_and_is_reported(live: Live) -> None:
    before = live.processes()
    live.upstream("stop")
    wait_for("the report", lambda: re.search(r"trader +\| .*session +state=(?!waiting_login)", live.logs()), 120)
    status, body = live.get("/readyz")
    # As the gateway program says it: nothing at all, or that it could not ask.
    assert status == 503
    assert re.search("does not answer|answers with errors", body), body
    assert live.get("/healthz")[0] == 200
    assert live.health() == "healthy"
    told = live.logs().count("state=waiting_login")
    live.upstream("start")
    wait_for("the end of it", lambda: live.logs().count("state=waiting_login") > told, 120)
    assert live.processes() == before


def test_login_in_the_browser_makes_it_ready(live: Live) -> None:
    assert live.browser("/sso/Login", {"username": "somebody", "password": "secret"})[0] == 200
    status, body = live.browser("/sso/Dispatcher", {"confirmed": "true"})
    assert (status, body) == (200, "Client login succeeds")
    wait_for("the session", lambda: re.search(r"trader +\| .*session +state=ready", live.logs()), 120)
    assert live.health() == "healthy"
    for part, used in live.resident_mb().items():
        figure(f"live: resident {part}", f"{used:.0f} MB")


def test_killed_gateway_comes_back_and_asks_for_the_login_again(live: Live) -> None:
    before = live.processes()
    java = before["gateway"]
    os.kill(java, signal.SIGKILL)
    wait_for("a new gateway", lambda: live.processes().get("gateway", java) != java)
    wait_for("its answer", lambda: "gateway: its login is gone; log in again at https://localhost" in live.logs())
    assert {part for part, pid in live.processes().items() if pid != before[part]} == {"gateway"}
    assert live.get("/healthz")[0] == 200


def test_stop_leaves_no_java_and_is_within_the_grace_period(live: Live) -> None:
    java = live.processes()["gateway"]
    began = time.monotonic()
    live.compose("stop")
    seconds = time.monotonic() - began
    figure("live: stop", f"{seconds:.1f} s")
    assert seconds < 30
    assert not Path(f"/proc/{java}").exists()
    assert live.inspect("{{.State.ExitCode}}") == "0"
    assert "is killed" not in live.logs()
    live.up()


def test_certificate_is_kept_over_a_restart_and_a_wrong_password_is_one_line(live: Live) -> None:
    before = live.run("cat", "/app/state/gateway/root/gateway.pem")
    live.compose("restart")
    wait_for("alive", lambda: live.get("/healthz")[0] == 200)
    assert live.run("cat", "/app/state/gateway/root/gateway.pem") == before
    volume = f"{live.name}_state:/app/state"
    spoil = ("run", "--rm", "-v", volume, "--entrypoint", "sh", f"{live.name}-live", "-c")
    live.compose("stop")
    docker(*spoil, "cd /app/state/gateway/root && cp gateway.password kept && echo wrong > gateway.password")
    output = docker(
        "run",
        "--rm",
        "--read-only",
        "--tmpfs",
        "/tmp",  # noqa: S108
        "-v",
        volume,
        f"{live.name}-live",
        check=False,
    )
    docker(*spoil, "cd /app/state/gateway/root && mv kept gateway.password")
    assert "gateway.p12 can't be opened with" in output
    assert "put the right password there, or delete both to get new ones" in output
    live.up()


def kill_java(live: Live) -> None:
    """End the gateway; start.sh starts it again."""
    os.kill(live.processes()["gateway"], signal.SIGKILL)


def test_gateway_that_is_silent_about_its_keystore_is_noticed_by_the_deadline(live: Live) -> None:
    conf = "/app/state/gateway/root/conf.yaml"
    live.run("sh", "-c", f"cp {conf} /app/state/kept && sed -i 's/^sslPwd:.*/sslPwd: other/' {conf}")
    kill_java(live)
    wait_for("the deadline", lambda: "gateway has not opened its port for 10 s (its port is not open)" in live.logs())
    assert live.get("/healthz")[0] == 200, "the dashboard is there meanwhile"
    up = live.logs().count("gateway: up after")
    live.run("cp", "/app/state/kept", conf)
    wait_for("the gateway", lambda: live.logs().count("gateway: up after") > up)


def test_gateway_that_stays_on_a_taken_port_is_noticed_by_the_deadline(live: Live) -> None:
    squat = "import socket, time; s = socket.create_server(('0.0.0.0', 5055)); time.sleep(600)"
    try_until_free = f'until python -c "{squat}"; do :; done'
    docker("exec", "-d", live.container, "sh", "-c", try_until_free)
    kill_java(live)
    wait_for("the deadline", lambda: live.logs().count("has not opened its port for 10 s") > 1)
    assert "Server listen failed" in live.logs()
    up = live.logs().count("gateway: up after")
    for line in docker("top", live.container, "-o", "pid,args").splitlines():
        if "time.sleep(600)" in line:
            os.kill(int(line.split()[0]), signal.SIGKILL)
    wait_for("the gateway", lambda: live.logs().count("gateway: up after") > up)
