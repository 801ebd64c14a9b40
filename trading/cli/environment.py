"""Where a command's settings come from: the environment over `.env` over config.json, of the folder that it runs in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from trading.config import Settings, load_settings, with_overrides
from trading.errors import ConfigError

ENV_FILE = Path(".env")
CONFIG_FILE = Path("config.json")


def read_settings(assignments: tuple[str, ...] = ()) -> Settings:
    """Return the settings of the folder that the command runs in, with `NAME=VALUE` assignments put over them.

    Raises: ConfigError, something can't be used; the command ends with exit 2 before it did anything.
    """
    environ = read_environment(ENV_FILE, os.environ)
    settings = load_settings(environ, CONFIG_FILE)
    return with_overrides(settings, assignments) if assignments else settings


def read_environment(file: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of `file`, where there is one, with those of the process over them; empty ones don't count.

    Raises: ConfigError, the file can't be read.
    """
    try:
        found = dotenv_values(file, encoding="utf-8-sig", interpolate=False) if file.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            str(file), None, f"can't be read ({error}): save it as UTF-8 text, readable by you"
        ) from error
    known = {name: text for name, text in found.items() if text}
    return known | {name: text for name, text in environ.items() if text}
