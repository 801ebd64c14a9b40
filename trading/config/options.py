"""The list of all settings, read from the structs: names, types, ranges, and how a value is checked."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from trading.config.annotations import ACCOUNT, Secret
from trading.config.checks import Check, UnusableError, as_path
from trading.config.settings import Settings
from trading.errors import ConfigError

# Control characters, and what Python makes of bytes that are no UTF-8.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_SHOWN = 60
MAX_FILE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: `path` is its place in Settings, `key` its dotted key in config.json, `env` its variable."""

    path: str
    key: str
    env: str | None
    meaning: str
    unit: str
    default: object
    sensitive: bool
    annotation: Any
    kind: Any
    meta: Meta
    further: Check | None

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the variables that it is read from: a sensitive one also from the file that `<env>_FILE` names."""
        if self.env is None:
            return ()
        return (self.env, f"{self.env}_FILE") if self.sensitive else (self.env,)

    def from_text(self, name: str, text: str) -> object:
        """Return the checked value of a text from the environment or the command line, called `name` in messages."""
        if self.kind is bool:
            value: object = _WORDS.get(text.lower(), text)
        elif self.kind in {int, float}:
            value = _number(text)
        elif get_origin(self.kind) is tuple:
            # By commas, or by blanks where there are none: a symbol may hold a blank.
            value = [part.strip() for part in (text.split(",") if "," in text else text.split()) if part.strip()]
        else:
            value = text
        return self.check(name, value)

    def check(self, name: str, value: object) -> object:
        """Return `value` as this setting's type.

        Raises: ConfigError, `name`d, it is of another type, out of range or not allowed.
        """
        if self.kind is Secret or self.kind is Path:
            return self._wrapped(name, value)
        texts = value if isinstance(value, list) else [value]
        if (isinstance(value, float) and not math.isfinite(value)) or any(
            isinstance(text, str) and _UNSEEN.search(text) for text in texts
        ):
            raise self._refuse(name, value)
        try:
            converted: object = msgspec.convert(value, self.annotation)
        except (msgspec.ValidationError, OverflowError):
            raise self._refuse(name, value) from None
        return self._checked(name, converted)

    def expected(self) -> str:
        """Return what a value has to be, for people."""
        wanted = {bool: "true or false", int: "a whole number", float: "a number", Path: "a path", Secret: "a text"}
        if get_origin(self.kind) is Literal:
            return "one of " + ", ".join(str(choice) for choice in get_args(self.kind))
        if get_origin(self.kind) is tuple:
            return "a list of texts"
        if self.meta.pattern == ACCOUNT:
            return "an account id as the broker shows it: one to three capital letters, 4 to 10 digits"
        if self.kind is str:
            return f"a text like {self.default!r}" if self.default else "a text"
        return wanted.get(self.kind, "an object of texts") + self._range()

    def _range(self) -> str:
        low, above, high = self.meta.ge, self.meta.gt, self.meta.le
        if low is not None and high is not None:
            return f" from {low:,g} to {high:,g}"
        return f" above {above:,g} and at most {high:,g}" if above is not None and high is not None else ""

    def _refuse(self, name: str, value: object) -> ConfigError:
        shown = None if self.sensitive else shortened(value)
        unit = f" ({self.unit})" if self.unit and self.kind in {int, float} else ""
        return ConfigError(name, shown, f"must be {self.expected()}{unit}")

    def _wrapped(self, name: str, value: object) -> object:
        if value is None and self.default is None:
            return None
        if not isinstance(value, str) or not value or "\x00" in value:
            raise self._refuse(name, value)
        checked = self._checked(name, value)
        return Secret(str(checked)) if self.kind is Secret else checked

    def _checked(self, name: str, value: object) -> object:
        try:
            return value if self.further is None else self.further(value)
        except UnusableError as error:
            raise ConfigError(name, None if self.sensitive else shortened(error.value), error.fix) from None


def shortened(value: object) -> object:
    """Return `value`, cut where it would not fit a line."""
    text = value if isinstance(value, str) else repr(value)
    if len(text) <= _SHOWN:
        return value
    return text[:_SHOWN] + "…"


def _number(text: str) -> object:
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        return int(text)
    if re.fullmatch(r"[+-]?([0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][+-]?[0-9]{1,4})?", text):
        return float(text)
    return text


def _options(struct: type[Struct], prefix: str) -> list[Option]:
    found: list[Option] = []
    hints = get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        hint, path = hints[field.name], prefix + field.name
        if isinstance(hint, type) and issubclass(hint, Struct):
            found += _options(hint, path + ".")
        elif get_origin(hint) is Annotated:
            kind, meta = get_args(hint)[:2]
            extra = meta.extra
            optional = (
                [part for part in get_args(kind) if part is not type(None)] if type(None) in get_args(kind) else []
            )
            kind = optional[0] if optional else kind
            found.append(
                Option(
                    path=path,
                    key=extra["key"] or path,
                    env=extra["env"],
                    meaning=meta.description,
                    unit=extra["unit"],
                    default=field.default if field.default is not msgspec.NODEFAULT else field.default_factory(),
                    sensitive=extra["sensitive"],
                    annotation=hint,
                    kind=kind,
                    meta=meta,
                    further=extra["check"] or (as_path if kind is Path else None),
                )
            )
    return found


OPTIONS: tuple[Option, ...] = tuple(_options(Settings, ""))
