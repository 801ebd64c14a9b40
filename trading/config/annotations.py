"""How a setting is declared: its annotation with range, unit, meaning and environment variable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec import Meta

from trading.config.checks import Check


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that no log, message or repr shows; `reveal` is the one way to it."""

    _text: str

    def reveal(self) -> str:
        """Return the text."""
        return self._text

    def __repr__(self) -> str:
        """Return a mask."""
        return "Secret(***)"


def option(  # noqa: PLR0913 - the range's four ends and six facts, all by name
    meaning: str,
    *,
    unit: str = "",
    env: str | None = None,
    key: str | None = None,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    pattern: str | None = None,
    sensitive: bool = False,
    check: Check | None = None,
) -> Meta:
    """Return the annotation of one setting.

    `env` is its environment variable, `key` its dotted key in config.json where that is not its place in Settings, and
    `sensitive` keeps its value out of messages and lets it come from a file named by `<env>_FILE`. `check` is what
    its type and range don't tell.
    """
    extra = {"unit": unit, "env": env, "key": key, "sensitive": sensitive, "check": check}
    bounds = {"ge": ge, "gt": gt, "le": le, "pattern": pattern}
    given: dict[str, Any] = {name: bound for name, bound in bounds.items() if bound is not None}
    meta: Meta = Meta(**given, description=meaning, extra=extra)
    return meta


ACCOUNT = r"^(|[A-Z]{1,3}[0-9]{4,10})$"
