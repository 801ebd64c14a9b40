"""The settings of a command: those of the folder that it runs in, with what the command line puts over them."""

from __future__ import annotations

import os

from trading.config import Settings, with_overrides
from trading.config.environment import load_here


def read_settings(assignments: tuple[str, ...] = ()) -> Settings:
    """Return the settings of the folder that the command runs in, with `NAME=VALUE` assignments put over them.

    Raises: ConfigError, something can't be used; the command ends with exit 2 before it did anything.
    """
    settings = load_here(os.environ)
    return with_overrides(settings, assignments) if assignments else settings
