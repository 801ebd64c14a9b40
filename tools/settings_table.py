"""Write the tables of settings into README.md, from what the code declares.

    python tools/settings_table.py README.md           put the tables between the two markers
    python tools/settings_table.py README.md --check   exit 1 where they differ from the code

Settings come from `trading.config.OPTIONS`, a strategy's own from its class. What Compose and start.sh read before any
program of ours runs stands below; a test holds that list against those files.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.pages import Part, run, table  # noqa: E402
from trading.config import OPTIONS, Option, Secret  # noqa: E402 - the script runs from anywhere
from trading.strategies.discovery import strategy_class, strategy_names  # noqa: E402

DASH = "–"

SHELL_SETTINGS: Mapping[str, tuple[str, str, str]] = {
    "TRADING_CPUS": ("2", "a number", "processors that the container may use (docker-compose.yml)"),
    "TRADING_NOTIFY": ("", "1 or empty", "whether apprise is built into the image (docker-compose.yml)"),
    "TRADING_PYTHON": (".venv/bin/python", "a program", "the interpreter that start.sh uses"),
}
"""Variables that are no part of Settings: default, range, meaning."""

START_DEFAULTS = {
    "GATEWAY_CA_BUNDLE": "the certificate that start.sh made",
    "SIM_SECONDS_PER_DAY": "0; 1.5 by start.sh",
}
"""Where start.sh sets another default than the code."""


def number(value: float) -> str:
    """Return a number without needless digits."""
    return f"{value:,.15g}"


def bounds(meta: Meta) -> str:
    """Return the range of a number in words, "" where it has none."""
    if meta.ge is not None and meta.le is not None:
        return f"{number(meta.ge)} to {number(meta.le)}"
    if meta.gt is not None and meta.le is not None:
        return f"above 0, to {number(meta.le)}" if meta.gt == 0 else f"above {number(meta.gt)}, to {number(meta.le)}"
    return ""


def allowed(option: Option) -> str:
    """Return what a setting may be, with its unit."""
    if get_origin(option.kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(option.kind))
    if option.kind in {int, float}:
        return with_unit(bounds(option.meta), option.unit)
    words = {bool: "`true`, `false`", Path: "a path", Secret: "a secret"}
    if get_origin(option.kind) is tuple:
        return "a list"
    if option.sensitive and option.kind is str:
        return "an account id"
    if option.kind is str:
        return option.unit or ("an address" if option.path == "gateway.url" else "a text")
    return words.get(option.kind, "an object of texts")


def with_unit(text: str, unit: str) -> str:
    """Return a range with its unit behind it, in parentheses where that is words."""
    return f"{text} ({unit})" if "fraction" in unit or unit == "multiple" else f"{text} {unit}".strip()


def default_of(option: Option) -> str:
    """Return a default as one would write it."""
    if option.env in START_DEFAULTS:
        return START_DEFAULTS[option.env]
    return shown(option.default)


def shown(value: object) -> str:
    """Return a value as one would write it, a dash for nothing."""
    match value:
        case None | "" | () | {}:
            return DASH
        case bool():
            return f"`{str(value).lower()}`"
        case int() | float():
            # Without separators, as it is typed.
            return f"`{value:.12g}`"
        case tuple():
            return ", ".join(f"`{item}`" for item in value)
        case _:
            return f"`{value}`"


def variables() -> str:
    """Return the table of what the environment sets."""
    rows = [
        (f"`{o.env}`", f"`{o.key}`" if o.kind is not Secret else DASH, default_of(o), allowed(o), o.meaning)
        for o in OPTIONS
        if o.env
    ]
    return table(("Variable", "Key of config.json", "Default", "Range", "Meaning"), rows)


def keys() -> str:
    """Return the table of what config.json alone sets."""
    rows = [(f"`{o.key}`", default_of(o), allowed(o), o.meaning) for o in OPTIONS if not o.env]
    return table(("Key", "Default", "Range", "Meaning"), rows)


def parameters(kind: type[Struct], name: str) -> str:
    """Return the table of one strategy's parameters."""
    hints = get_type_hints(kind, include_extras=True)
    rows = []
    for field in msgspec.structs.fields(kind):
        meta = get_args(hints[field.name])[1]
        unit = meta.extra["unit"]
        rows.append((f"`{field.name}`", shown(field.default), with_unit(bounds(meta), unit), str(meta.description)))
    return table((f"Parameter of `strategy.{name}`", "Default", "Range", "Meaning"), rows)


def start_script() -> str:
    """Return the table of what only start.sh, the simulated gateway's start and the dashboard's start read."""
    rows = [(f"`{name}`", shown(facts[0]), facts[1], facts[2]) for name, facts in SHELL_SETTINGS.items()]
    return table(("Variable", "Default", "Range", "Meaning"), rows)


def settings_text() -> str:
    """Return everything between the markers."""
    parts = [
        "**Variables** (environment or `.env`; most can stand in `config.json` too, under the key beside them):",
        variables(),
        "**Keys of `config.json` alone:**",
        keys(),
    ]
    for name in strategy_names():
        parts += [parameters(strategy_class(name).Parameters, name)]
    parts += [
        "**Variables that are read before any of that** (environment or `.env`):",
        start_script(),
    ]
    return "\n\n".join(parts)


PART = Part("settings", "tools/settings_table.py", settings_text)

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], PART))
