"""The variables that settings are read from: those of the process over those of `.env`, and what their names say.

A name that nearly is one of ours, or a key of config.json in capitals, is refused: the setting that it was meant
for would keep another value. In `.env` any such name is; of the process's variables, most of which are others', only
those that hardly mean anything else. Any other name is somebody else's business, Compose's for one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from trading.config.env_file import read_env_file
from trading.config.load import load_settings
from trading.config.options import OPTIONS, Option, shortened
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
    {"DRY_RUN", "DRYRUN", "PAPER", "PAPER_TRADING", "PAPER_MODE", "PAPER_ACCOUNT", "READ_ONLY", "READONLY", "TEST_MODE"}
    | {"SIMULATION", "SIMULATION_MODE", "TRADING_DRY_RUN", "TRADING_MODE"}
)
_NO_TRADING_FIX = (
    "nothing here reads it: take it away. Without LIVE_TRADING no live account is traded, only a paper account is"
)
_COMMENT_FIX = "begins with #, as a comment behind an empty value does: put it on a line of its own"
# So alike that one was meant for the other: nearer for the process, whose variables are mostly others'.
_ALIKE, _ALIKE_IN_PROCESS = 0.8, 0.9
_OTHERS = ("COMPOSE_", "DOCKER_", "PYTHON", "LC_", "XDG_")
# Groups of config.json whose keys are ours alone when they are of several words, but for two that mailers have too.
_OWN_GROUPS = frozenset({"risk", "rules", "execution", "session", "notify"})
_OTHERS_TOO = frozenset({"SEND_FROM", "DAILY_SUMMARY"})


def read_environment(file: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of `file`, where there is one, with those of the process over them; empty ones don't count.

    Raises: ConfigError, a line or a name of the file can't be used, or one of the process is nearly one of ours.
    """
    found = read_env_file(file)
    for name in found:
        where = f"{file}: {shortened(name)}"
        _refuse_key(name, where, _KEYS)
        _refuse_near(name, where, _ALIKE, _WORDS)
        if name.upper() in _NO_TRADING:
            raise ConfigError(where, None, _NO_TRADING_FIX)
    for name, text in environ.items():
        if not text:
            continue
        _refuse_key(name, name, _OWN_KEYS)
        _refuse_near(name, name, _ALIKE_IN_PROCESS)
        if name.upper() in _NO_TRADING:
            raise ConfigError(name, None, _NO_TRADING_FIX)
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


def _keys(*, own: bool) -> Mapping[str, tuple[Option, ...]]:
    """Return the options that somebody may mean with a name: a key in capitals, with its group or without.

    `own`: only with names that other programs hardly have.
    """
    found: dict[str, tuple[Option, ...]] = {}
    for option in OPTIONS:
        for name in sorted(set(_spellings(option, own=own)) - NAMES):
            found[name] = (*found.get(name, ()), option)
    return found


def _spellings(option: Option, *, own: bool) -> Iterator[str]:
    for key in (option.key, option.path):
        group, dot, last = key.rpartition(".")
        if dot:
            yield f"{group}_{last}".upper()
        name = last.upper()
        if not own or (group in _OWN_GROUPS and "_" in name and name not in _OTHERS_TOO):
            yield name


_KEYS = _keys(own=False)
_OWN_KEYS = _keys(own=True)
# Those of one word are too short to be told from other words.
_WORDS = tuple(name for name in _KEYS if "_" in name)


def _refuse_key(name: str, where: str, keys: Mapping[str, tuple[Option, ...]]) -> None:
    meant = keys.get(name.upper(), ())
    if meant and name not in NAMES:
        raise ConfigError(where, None, _as_it_is_set(meant))


def _as_it_is_set(meant: Iterable[Option]) -> str:
    """Return where the settings are set that a name may mean."""
    variables = [option.env for option in meant if option.env]
    if variables:
        return f"nothing reads it: the variable is {' or '.join(variables)}"
    return f"is {' or '.join(option.key for option in meant)} of config.json: set it there"


def _refuse_near(name: str, where: str, alike: float, keys: Iterable[str] = ()) -> None:
    if name in NAMES or name.startswith(_OTHERS):
        return
    close = difflib.get_close_matches(name.upper(), NAMES, n=1, cutoff=alike)
    if close:
        raise ConfigError(where, None, f"no such setting; did you mean {close[0]}?")
    close = difflib.get_close_matches(name.upper(), keys, n=1, cutoff=alike)
    if close:
        option = _KEYS[close[0]][0]
        meant = option.env or f"{option.key} of config.json"
        raise ConfigError(where, None, f"no such setting; did you mean {meant}?")
