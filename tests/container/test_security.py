"""SECURITY: who can reach the container, and what a process in it could do. One test for each line of the list."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.container.engine import ROOT, Project, docker, wait_for


def configuration(demo: Project) -> dict[str, Any]:
    """Return the service as Compose understands the file that ships."""
    done = subprocess.run(
        ["docker", "compose", "-f", "docker-compose.yml", "config", "--format", "json"],  # noqa: S607
        cwd=demo.folder, env=os.environ | {"GATEWAY": "simulated"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    service: dict[str, Any] = json.loads(done.stdout)["services"]["trading"]
    return service


def host_config(demo: Project) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(demo.inspect("{{json .HostConfig}}"))
    return found


def in_network_of(demo: Project, *command: str) -> str:
    """Run a command of this machine inside the container's network."""
    pid = demo.inspect("{{.State.Pid}}")
    return subprocess.run(["nsenter", "-t", pid, "-n", *command], capture_output=True, text=True, check=True).stdout  # noqa: S607


def test_s01_every_port_is_published_on_loopback_only(demo: Project) -> None:
    ports = [(port["host_ip"], str(port["published"]), port["target"]) for port in configuration(demo)["ports"]]
    assert sorted(ports) == [("127.0.0.1", "5055", 5055), ("127.0.0.1", "5056", 5056)]


def test_s02_network_and_name_spaces_are_its_own(demo: Project) -> None:
    host = host_config(demo)
    assert host["NetworkMode"] == f"{demo.name}_default"
    assert (host["Privileged"], host["PidMode"], host["IpcMode"]) == (False, "", "private")


def test_s03_other_addresses_of_this_machine_refuse(demo: Project) -> None:
    gateway = demo.inspect("{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}")
    for port in (demo.gateway_port, demo.dashboard_port):
        with pytest.raises(OSError, match=r"refused|timed out"):
            socket.create_connection((gateway, port), timeout=3)


def test_s04_foreign_host_name_is_refused(demo: Project) -> None:
    assert demo.get("/", Host="evil.example")[0] in {400, 421}


def test_s05_forwarded_headers_are_not_believed(demo: Project) -> None:
    status, _ = demo.get("/login", **{"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert status == 200
    assert demo.get("/login", Host="evil.example", **{"X-Forwarded-Host": "localhost"})[0] in {400, 421}


def test_s06_only_gateway_and_dashboard_listen(demo: Project) -> None:
    listening = {line.split()[3] for line in in_network_of(demo, "ss", "-ltnH").splitlines()}
    # Docker's own resolver of names listens on 127.0.0.11.
    assert {address for address in listening if not address.startswith("127.0.0.11:")} == {
        "0.0.0.0:5055",
        "0.0.0.0:5056",
    }


def test_s47_user_is_a_number_that_is_not_root(demo: Project) -> None:
    assert demo.run("id", "-u").strip() == "10001"
    assert re.search(r"^USER 10001:10001$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)


def test_s48_file_system_is_read_only_but_for_state_logs_and_tmp(demo: Project) -> None:
    host = host_config(demo)
    assert host["ReadonlyRootfs"] is True
    assert host["Tmpfs"] == {"/tmp": "size=64m,mode=1777,noexec,nosuid,nodev"}  # noqa: S108
    assert "Read-only file system" in demo.run("touch", "/x", check=False)
    assert "Read-only file system" in demo.run("touch", "/app/trading/x", check=False)
    writable = demo.run("sh", "-c", "find / -xdev -type d -writable 2>/dev/null", check=False).split()
    assert set(writable) <= {"/tmp", "/app/state", "/app/logs"}  # noqa: S108
    assert "Permission denied" in demo.run("sh", "-c", "cp /bin/true /tmp/t && /tmp/t", check=False)


def test_s49_no_capability_and_no_new_privileges(demo: Project) -> None:
    host = host_config(demo)
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    status = demo.run("cat", "/proc/1/status")
    assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
    assert re.search(r"^Seccomp:\t2$", status, re.MULTILINE)


def test_s50_processes_memory_and_files_are_limited(demo: Project) -> None:
    host = host_config(demo)
    assert host["PidsLimit"] == 200
    assert host["Memory"] == host["MemorySwap"] == 1536 * 1024 * 1024
    assert host["NanoCpus"] == 2_000_000_000
    assert {(limit["Name"], limit["Soft"], limit["Hard"]) for limit in host["Ulimits"]} == {("nofile", 4096, 4096)}


def test_s51_only_state_logs_and_secrets_are_mounted(demo: Project) -> None:
    mounts = {mount["Destination"]: mount for mount in json.loads(demo.inspect("{{json .Mounts}}"))}
    assert set(mounts) == {"/app/state", "/app/logs", "/run/secrets"}
    assert mounts["/run/secrets"]["RW"] is False
    assert demo.run("stat", "-c", "%a", "/app/state", "/app/logs").split() == ["700", "700"]


def test_s52_no_secret_in_image_or_environment(demo: Project) -> None:
    environment = demo.inspect("{{json .Config.Env}}")
    assert not re.search(r"PASSWORD=|TOKEN=|SECRET=", environment)
    history = docker("history", "--no-trunc", f"{demo.name}-{demo.kind}")
    assert not re.search(r"PASSWORD=|TOKEN=", history)
    assert demo.run("sh", "-c", "find / -xdev -name .env 2>/dev/null", check=False) == ""


def test_s52_secret_comes_from_a_file(demo: Project, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("changeme\n", encoding="utf-8")
    secret.chmod(0o400)
    shutil.chown(secret, 10001)
    tmp_path.chmod(0o755)
    output = docker(
        "run", "--rm", "--read-only", "--tmpfs", "/tmp", "-v", f"{secret}:/run/secrets/password:ro",  # noqa: S108
        "-e", "DASHBOARD_PASSWORD_FILE=/run/secrets/password", f"{demo.name}-{demo.kind}", check=False,
    )  # fmt: skip
    # The file was read: a password that somebody could guess is refused, and not repeated.
    assert "DASHBOARD_PASSWORD" in output
    assert "changeme" not in output


def test_s53_no_program_changes_its_user(demo: Project) -> None:
    image = f"{demo.name}-{demo.kind}"
    found = docker(
        "run", "--rm", "-u", "0", "--entrypoint", "find", image, "/", "-xdev", "-perm", "/6000", "-type", "f"
    )
    assert found == ""


def test_s54_nothing_that_is_not_needed(demo: Project) -> None:
    tools = "gcc cc make wget curl pip pip3 git nc npm node java"
    assert demo.run("sh", "-c", f"for t in {tools}; do command -v $t; done; true") == ""
    assert demo.run("python", "-c", "import importlib.util as u; print(u.find_spec('pip'))").strip() == "None"


def test_s55_restarts_init_grace_and_logs(demo: Project) -> None:
    host = host_config(demo)
    assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 5}
    assert host["Init"] is True
    assert configuration(demo)["stop_grace_period"] == "30s"
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "5", "max-size": "10m"}}


def test_s57_processes_connect_to_loopback_only(demo: Project) -> None:
    wait_for("a connection", lambda: in_network_of(demo, "ss", "-tnH", "state", "established").strip())
    published = {"5055", "5056"}
    for line in in_network_of(demo, "ss", "-tnH", "state", "established").splitlines():
        local, peer = line.split()[2:4]
        assert peer.startswith("127.") or local.rpartition(":")[2] in published, line


def test_s58_certificates_are_always_checked() -> None:
    found = [
        str(path)
        for folder in ("trading", "webapp", "simulator", "deploy")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"verify\s*=\s*False|CERT_NONE", path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_s59_state_is_closed_to_others(demo: Project) -> None:
    names = ("/app/state", "/app/state/simulated", "/app/state/simulated/trading.db")
    assert demo.run("stat", "-c", "%a", *names).split() == ["700", "700", "600"]
    others = demo.run(
        "find", "/app/state", "/app/logs", "-type", "f", "-perm", "/077", "!", "-name", "simulator-cert.pem"
    )
    assert others == ""
