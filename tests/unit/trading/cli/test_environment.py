from __future__ import annotations

from tests.unit.trading.cli.conftest import Shell
from trading.cli.environment import read_settings


def test_settings_come_from_the_folder_with_assignments_over_them(shell: Shell) -> None:
    (shell.folder / ".env").write_text("MAX_POSITIONS=7\n", encoding="utf-8")
    assert read_settings().risk.max_positions == 7
    assert read_settings(("MAX_POSITIONS=3",)).risk.max_positions == 3
