"""The variables that settings are read from: those of the process over those of `.env`, and what their names say.

A name that nearly is one of ours is refused, wherever it stands: the setting that it was meant for would keep another
value. Any other name is somebody else's business, Compose's for one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

from trading.config.env_file import read_env_file
from trading.config.load import load_settings
from trading.config.options import OPTIONS
from trading.config.settings import Settings
from trading.errors import ConfigError

ENV_FILE = Path(".env")
CONFIG_FILE = Path("config.json")
NAMES = frozenset(name for option in OPTIONS for name in option.variables) | {
    "TRADING_CPUS",
    "TRADING_NOTIFY",
    "TRADING_PYTHON",
}
"""every variable that this system reads, or that is read for it: by Compose and by start.sh"""
# What people who come from other systems expect to keep them from trading. Here nothing reads it.
_NO_TRADING = frozenset(
    {"DRY_RUN", "DRYRUN", "PAPER", "PAPER_TRADING", "PAPER_MODE", "READ_ONLY", "READONLY", "TEST_MODE"}
)
_NO_TRADING_FIX = "nothing here reads it. Without LIVE_TRADING no live account is traded, only a paper account is"
_COMMENT_FIX = "begins with #, as a comment behind an empty value does: put it on a line of its own"
# So alike that one was meant for the other: nearer for the process, whose variables are mostly others'.
_ALIKE, _ALIKE_IN_PROCESS = 0.8, 0.9
_OTHERS = ("COMPOSE_", "DOCKER_", "PYTHON", "LC_", "XDG_")


def read_environment(file: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of `file`, where there is one, with those of the process over them; empty ones don't count.

    Raises: ConfigError, a line or a name of the file can't be used, or one of the process is nearly one of ours.
    """
    found = read_env_file(file)
    for name in found:
        _refuse_near(name, f"{file}: {name}", _ALIKE)
        if name in _NO_TRADING:
            where = f"{file}: {name}"
            raise ConfigError(where, None, _NO_TRADING_FIX)
    for name, text in environ.items():
        if not text:
            continue
        _refuse_near(name, name, _ALIKE_IN_PROCESS)
        if name in NAMES and text.lstrip(" \t").startswith("#"):
            raise ConfigError(name, None, _COMMENT_FIX)
    return found | {name: text for name, text in environ.items() if text}


def load_here(environ: Mapping[str, str], folder: Path = Path()) -> Settings:
    """Return the settings of a folder: `environ` over its `.env` over its config.json.

    Raises: ConfigError, something can't be used.
    """
    return load_settings(read_environment(folder / ENV_FILE, environ), folder / CONFIG_FILE)


def unread(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that nothing of this system reads, and no program that people run beside it."""
    return tuple(name for name in names if name not in NAMES and not name.startswith(_OTHERS) and name != "TZ")


def _refuse_near(name: str, where: str, alike: float) -> None:
    if name in NAMES or name.startswith(_OTHERS):
        return
    close = difflib.get_close_matches(name.upper(), NAMES, n=1, cutoff=alike)
    if close:
        raise ConfigError(where, None, f"no such setting; did you mean {close[0]}?")
