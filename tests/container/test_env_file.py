"""Compose makes of a `.env` file what our reader makes of it, wherever that takes a line at all."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest

from trading.config.env_file import parse_env
from trading.errors import ConfigError

PIECES = ("a", "b", "1", " ", "  ", "\t", "#", " #", '"', "'", "\\", "$", "${A}", "=", ":", ";", "{", "(", "`", "é")
LINES = 3000


def drawn(seed: int) -> dict[str, str]:
    """Return values as somebody may type them, by the name that each is given; some stand in quotes, or end early."""
    rng = random.Random(seed)  # noqa: S311  (lines of a test, no secret)
    found = {}
    for number in range(LINES):
        value = "".join(rng.choice(PIECES) for _ in range(rng.randint(0, 7)))
        quote = rng.choice(("", "", "'", '"'))
        behind = rng.choice(("", " ", " # why", "#why")) if quote else ""
        found[f"V{number}"] = f"{quote}{value}{quote}{behind}"
    return found


def made_by_compose(folder: Path, text: str) -> dict[str, str]:
    (folder / "compose.yml").write_text("services: {a: {image: x, env_file: v.env}}\n", encoding="utf-8")
    (folder / "v.env").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["docker", "compose", "--file", "compose.yml", "config", "--format", "json"],  # noqa: S607
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    environment: dict[str, str] = json.loads(done.stdout)["services"]["a"].get("environment") or {}
    # It writes each $ twice, so that its output could be read again.
    return {name: value.replace("$$", "$") for name, value in environment.items() if value}


@pytest.mark.parametrize("seed", [1, 2])
def test_compose_reads_what_we_read(tmp_path: Path, seed: int) -> None:
    taken: dict[str, str] = {}
    ours: dict[str, str] = {}
    for name, written in drawn(seed).items():
        try:
            ours |= parse_env(f"{name}={written}", ".env")
        except ConfigError:
            continue
        taken[name] = written
    assert len(taken) > LINES / 4
    text = "".join(f"{name}={written}\n" for name, written in taken.items())
    assert made_by_compose(tmp_path, text) == ours
