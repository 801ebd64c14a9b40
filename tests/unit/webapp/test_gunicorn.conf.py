from __future__ import annotations

import runpy
from pathlib import Path

import pytest


def run(project_root: Path) -> dict[str, object]:
    return runpy.run_path(str(project_root / "webapp" / "gunicorn.conf.py"))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (
        ("STATE_DIR", tmp_path / "state"),
        ("LOG_DIR", tmp_path),
        ("DASHBOARD_PASSWORD", "correct-horse-battery"),
    ):
        monkeypatch.setenv(name, str(value))
    for name in ("DASHBOARD_HOST", "DASHBOARD_PORT", "GATEWAY"):
        monkeypatch.delenv(name, raising=False)


def test_it_listens_on_loopback_with_one_worker(project_root: Path) -> None:
    settings = run(project_root)
    assert settings["bind"] == "127.0.0.1:5056"
    assert settings["workers"] == 1
    assert settings["forwarded_allow_ips"] == ""
    assert "certfile" not in settings


def test_host_and_port_come_from_the_environment(project_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_HOST", "0.0.0.0")  # noqa: S104 - inside a container
    monkeypatch.setenv("DASHBOARD_PORT", "8056")
    assert run(project_root)["bind"] == "0.0.0.0:8056"


def test_a_bad_setting_ends_before_anything_listens(
    project_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DASHBOARD_PASSWORD", "changeme")
    with pytest.raises(SystemExit) as caught:
        run(project_root)
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_nothing_is_written_to_the_users_home_folder(project_root: Path) -> None:
    assert run(project_root)["control_socket_disable"] is True
