"""Files and folders of the trading process are closed to others, whatever the umask was and whoever made them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trading.cli.privacy import keep_private
from trading.config import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    os.umask(0)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    environ = {"GATEWAY": "simulated", "STATE_DIR": str(tmp_path / "state"), "LOG_DIR": str(tmp_path / "logs")}
    return load_settings(environ, tmp_path / "config.json")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_what_is_there_is_closed_and_what_is_made_is_closed_too(tmp_path: Path, settings: Settings) -> None:
    settings.state_dir.mkdir(parents=True)
    settings.log_dir.mkdir()
    old = [settings.state_dir / name for name in ("trading.db", "controls.db")] + [settings.log_dir / "trading.log.1"]
    for path in old:
        path.touch()
    keep_private(settings)
    (settings.state_dir / "later").touch()
    assert [mode(path) for path in (*old, settings.state_dir / "later")] == [0o600] * 4
    assert [mode(path) for path in (tmp_path / "state", settings.state_dir, settings.log_dir)] == [0o700] * 3


def test_folders_that_are_not_there_yet_are_left_to_those_who_make_them(tmp_path: Path, settings: Settings) -> None:
    keep_private(settings)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_a_shared_folder_and_what_a_link_leads_to_stay_as_they_are(tmp_path: Path, settings: Settings) -> None:
    settings.log_dir.mkdir()
    settings.log_dir.chmod(0o1777)
    (tmp_path / "elsewhere").touch()
    (settings.log_dir / "link").symlink_to(tmp_path / "elsewhere")
    keep_private(settings)
    assert mode(settings.log_dir) == 0o1777
    assert mode(tmp_path / "elsewhere") == 0o666
