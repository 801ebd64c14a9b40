"""200 configurations that are broken in one way each: one clear line that names the field, and no secret in it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.fakes.broken_configurations import KINDS, broken
from trading.config import Settings
from trading.config.environment import load_here
from trading.errors import ConfigError
from trading.strategies.discovery import make_strategy

MOST_LETTERS = 300


def load(folder: Path, environ: dict[str, str]) -> Settings:
    settings = load_here(environ, folder)
    make_strategy(settings)
    return settings


@pytest.mark.parametrize("seed", range(200))
def test_broken_configuration_is_one_line_that_names_the_field(tmp_path: Path, seed: int) -> None:
    made = broken(seed)
    made.lay_out(tmp_path)
    began = time.process_time()
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, made.environ)
    took_s = time.process_time() - began
    line = str(caught.value).replace(str(tmp_path), "")
    assert made.names in line
    assert len(line) <= MOST_LETTERS
    assert line.isprintable()
    assert made.hidden not in line
    assert caught.value.fix
    assert took_s < 1.0


def test_each_kind_is_drawn_several_times() -> None:
    assert 200 // len(KINDS) >= 6


def test_whole_configuration_is_not_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b"\xef\xbb\xbf{\r\n}")
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfMAX_POSITIONS=3\r\n")
    assert load(tmp_path, {}).risk.max_positions == 3
