"""Reading a `.env` file: what Docker Compose would make of it, or a refusal where people read it in two ways.

Each line is NAME=VALUE, a comment or blank. A value may stand in quotes of either kind; without them it ends at the
first blank before a `#`. What Compose would fill in (`$`) or unescape (a backslash in double quotes), a value over
several lines, what begins with `#`, and typographic quotes are refused: everybody who reads such a file has to read the
same. What stands there and can't be read is never taken for no file: all that it sets would be gone.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

from trading.config.checks import QUOTES
from trading.config.options import MAX_FILE_BYTES, shortened
from trading.errors import ConfigError

_ASSIGNMENT = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)")
_QUOTED = re.compile(r"""(?:"([^"]*)"|'([^']*)')[ \t]*(?:#.*)?""")
_COMMENT = re.compile(r" +#.*")
# Control characters, and blanks that only look like one.
_UNSEEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|[^\S \t]")
_MOST_NAMES = 500


def read_env_file(file: Path) -> dict[str, str]:
    """Return the variables of a file that aren't empty, none where there is no such file.

    Raises: ConfigError, a line can't be used, a name stands there twice, or the file can't be read.
    """
    try:
        raw = _content(file)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not file.is_symlink():
            return {}
        problem = "can't be read"
        if error.errno in {errno.ENOENT, errno.ELOOP}:
            problem = "is a link that leads nowhere, so nothing of it would be in force; mend or remove it"
        raise ConfigError(str(file), None, f"{problem}: {error.strerror}") from None
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigError(str(file), None, f"is larger than {MAX_FILE_BYTES:,} bytes: that is no settings file")
    try:
        return parse_env(raw.decode("utf-8-sig"), str(file))
    except UnicodeDecodeError as error:
        raise ConfigError(str(file), None, f"is not UTF-8 text (byte {error.start})") from None


def _content(file: Path) -> bytes:
    """Return what a file holds, one byte more than is allowed at most.

    Raises: ConfigError, it is a pipe or a device, which would keep every program waiting; OSError, it can't be read.
    """
    with open(file, "rb", opener=_at_once) as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise ConfigError(
                str(file), None, "is no regular file, but a pipe or a device: copy what it gives to a file"
            )
        return opened.read(MAX_FILE_BYTES + 1)


def _at_once(path: str, flags: int) -> int:
    # So that a pipe to which nobody writes is opened too, and can be refused.
    return os.open(path, flags | os.O_NONBLOCK)


def parse_env(text: str, name: str) -> dict[str, str]:
    """Return the variables of a text that aren't empty; `name` is what messages call it.

    Raises: ConfigError, with the number of the first line that can't be used, and never a value.
    """
    found: dict[str, str] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.removesuffix("\r").strip(" \t")
        if not content or content.startswith("#"):
            continue
        where = f"{name} line {number}"
        variable, value = _assignment(content, where)
        if variable in lines:
            first = lines[variable]
            raise ConfigError(where, None, f"{variable} is set on line {first} already: keep one of them")
        lines[variable] = number
        if len(lines) > _MOST_NAMES:
            raise ConfigError(name, None, f"sets more than {_MOST_NAMES} variables: that is no settings file")
        if value:
            found[variable] = value
    return found


def _assignment(content: str, where: str) -> tuple[str, str]:
    if _UNSEEN.search(content):
        raise ConfigError(where, None, "holds a character that can't be seen: type the line anew")
    match = _ASSIGNMENT.fullmatch(content)
    if match is None:
        raise ConfigError(where, None, "is not NAME=VALUE: mend it, or put # before it")
    variable, written = str(shortened(match[1])), match[2]
    if written.startswith("#"):
        fix = f"what follows {variable}= would be its value: put the comment on a line of its own"
        raise ConfigError(where, None, fix)
    if written[:1] in {'"', "'"}:
        return match[1], _quoted(written, variable, where)
    value = _COMMENT.sub("", written).rstrip(" \t")
    if value.startswith(QUOTES) or value.endswith(QUOTES):
        raise ConfigError(where, None, f"{variable} stands in typographic quotes: type straight ones, or none")
    if "\t#" in value:
        raise ConfigError(where, None, "a tab before # makes no comment: put a space there")
    if "$" in value:
        raise ConfigError(where, None, f"a $ in {variable} needs single quotes: {variable}='…'")
    return match[1], value


def _quoted(written: str, variable: str, where: str) -> str:
    match = _QUOTED.fullmatch(written)
    double = written.startswith('"')
    value = None if match is None else match[1] if double else match[2]
    if value is None or (not double and value.endswith("\\")):
        raise ConfigError(where, None, f"the quotes around the value of {variable} don't match")
    if double and "\\" in value:
        raise ConfigError(where, None, f"a backslash in {variable} needs single quotes: {variable}='…'")
    if double and "$" in value:
        raise ConfigError(where, None, f"a $ in {variable} needs single quotes: {variable}='…'")
    return value
