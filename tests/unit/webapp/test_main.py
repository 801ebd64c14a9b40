from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run(here: Path, folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "STATE_DIR": str(folder / "state"), "LOG_DIR": str(folder), **environ}
    command = [sys.executable, "-m", "webapp", *arguments]
    return subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_login_link_is_printed(project_root: Path, tmp_path: Path) -> None:
    done = run(project_root, tmp_path, "login-link", DASHBOARD_PORT="8056")
    assert done.returncode == 0
    assert done.stdout.startswith("http://localhost:8056/login?token=")
    assert done.stdout.count("\n") == 1


def test_settings_are_those_of_the_folder_that_one_is_in(project_root: Path, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DASHBOARD_PORT=8057\n", encoding="utf-8")
    (tmp_path / "config.json").write_text('{"dashboard": {"host": "::1"}}', encoding="utf-8")
    done = run(tmp_path, tmp_path, "login-link", PYTHONPATH=str(project_root))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("http://[::1]:8057/login?token=")
    (tmp_path / ".env").write_text("DASHBOARD_PASSWORD=admin\n", encoding="utf-8")
    assert run(tmp_path, tmp_path, "check", PYTHONPATH=str(project_root)).returncode == 2


def test_a_bad_setting_is_exit_2_with_one_line(project_root: Path, tmp_path: Path) -> None:
    for command in ("login-link", "check"):
        done = run(project_root, tmp_path, command, DASHBOARD_PASSWORD="admin")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert run(project_root, tmp_path, "check").returncode == 0
