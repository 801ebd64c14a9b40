from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.trading.cli.conftest import Shell
from trading.cli.environment import read_environment, read_settings
from trading.errors import ConfigError


def test_environment_goes_over_the_file_and_empty_counts_as_absent(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=file\nB=file\nC=\nexport D='quoted'\n", encoding="utf-8")
    assert read_environment(file, {"A": "process", "B": "", "E": ""}) == {"A": "process", "B": "file", "D": "quoted"}


def test_missing_file_is_no_error(tmp_path: Path) -> None:
    assert read_environment(tmp_path / ".env", {"A": "1"}) == {"A": "1"}


def test_file_from_windows_is_read(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfA=1\r\nB=2\r\n")
    assert read_environment(file, {}) == {"A": "1", "B": "2"}


def test_dollar_signs_stay_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("DASHBOARD_PASSWORD=pa${HOME}ss\n", encoding="utf-8")
    assert read_environment(file, {}) == {"DASHBOARD_PASSWORD": "pa${HOME}ss"}


def test_file_that_is_no_text_is_a_setting_to_mend(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"A=\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_environment(file, {})


def test_settings_come_from_the_folder_with_assignments_over_them(shell: Shell) -> None:
    (shell.folder / ".env").write_text("MAX_POSITIONS=7\n", encoding="utf-8")
    assert read_settings().risk.max_positions == 7
    assert read_settings(("MAX_POSITIONS=3",)).risk.max_positions == 3
