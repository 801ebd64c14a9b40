"""Made-up configurations of which nothing may be traded with: each is broken in one way, drawn by a seed."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_origin

from trading.config import OPTIONS, Secret
from trading.config.environment import NAMES
from trading.config.load import IGNORED_WHEN_LIVE, IGNORED_WHEN_SIMULATED
from trading.config.options import Option

NUMBERS = [option for option in OPTIONS if option.kind in {int, float}]
IN_FILE = [option for option in OPTIONS if option.kind is not Secret]
SECRET = "correct horse battery staple"
# Read whichever gateway is chosen.
ALWAYS = IGNORED_WHEN_LIVE | IGNORED_WHEN_SIMULATED


@dataclass(frozen=True)
class Broken:
    """What lies in a folder and in the environment; `names` has to be in the line, `hidden` must not be."""

    names: str
    env: bytes | None = None
    config: bytes | None = b"{}"
    environ: dict[str, str] = field(default_factory=dict)
    hidden: str = SECRET
    instead: Literal["", "folder", "unreadable"] = ""
    """what is in the place of the file that `names` names"""

    def lay_out(self, folder: Path) -> None:
        """Write the files into an empty folder."""
        for name, content in ((".env", self.env), ("config.json", self.config)):
            place = folder / name
            if name == self.names and self.instead == "folder":
                place.mkdir()
            elif name == self.names and self.instead == "unreadable":
                # A file whose first byte can't be read by anybody, root included.
                place.symlink_to("/proc/self/mem")
            elif content is not None:
                place.write_bytes(content)


def broken(seed: int) -> Broken:
    """Return the configuration of a seed; each kind has its turn."""
    rng = random.Random(seed)  # noqa: S311 - made-up configurations
    kinds = tuple(KINDS.values())
    made = kinds[seed % len(kinds)](rng)
    return _in_other_form(made, rng)


def _in_other_form(made: Broken, rng: random.Random) -> Broken:
    """Write the same with a mark of the byte order, with the line ends of Windows, or as it is."""
    mark, ends = rng.random() < 0.2, rng.random() < 0.2

    def form(content: bytes | None) -> bytes | None:
        if content is None or content.startswith((b"\xff\xfe", b"\xfe\xff")) or len(content) > 10_000:
            return content
        content = content.replace(b"\n", b"\r\n") if ends else content
        return b"\xef\xbb\xbf" + content if mark else content

    return replace(made, env=form(made.env), config=form(made.config))


def misspelt(name: str, rng: random.Random) -> str:
    """Return a name with one letter too few, one too many or two in the wrong order, which none of ours is."""
    while True:
        at = rng.randrange(1, len(name) - 1)
        begin, letter, end = name[:at], name[at], name[at + 1 :]
        wrong = rng.choice((begin + end, begin + letter + letter + end, begin + end[0] + letter + end[1:]))
        if wrong not in NAMES and wrong != name and not wrong.startswith(("DOCKER_", "PYTHON")):
            return wrong


def _name(rng: random.Random) -> str:
    """Return the name of a variable that is long enough to be misspelt."""
    return rng.choice(sorted(name for name in NAMES if len(name) > 7))


def _number(rng: random.Random) -> Option:
    return rng.choice([option for option in NUMBERS if option.env and option.env not in ALWAYS])


def _nested(key: str, value: object) -> bytes:
    """Return a config.json with one key."""
    group, dot, last = key.partition(".")
    return json.dumps({group: {last: value}} if dot else {group: value}).encode()


def _near_name_in_file(rng: random.Random) -> Broken:
    wrong = misspelt(_name(rng), rng)
    return Broken(wrong, env=f"# mine\n\n{wrong}=3\n".encode())


def _near_name_in_process(rng: random.Random) -> Broken:
    wrong = misspelt(rng.choice(sorted(name for name in NAMES if len(name) > 11)), rng)
    return Broken(wrong, environ={wrong: SECRET})


def _near_key(rng: random.Random) -> Broken:
    option = rng.choice([option for option in IN_FILE if "." in option.key])
    group, _, last = option.key.partition(".")
    wrong = last + rng.choice(string.ascii_lowercase) + "_"
    return Broken(wrong, config=_nested(f"{group}.{wrong}", 1))


def _unknown_group(rng: random.Random) -> Broken:
    wrong = rng.choice(("risks", "Risk", "sizng", "", "a" * 5000, "стратегия", "loop.check", "🙂"))
    return Broken(wrong[:40], config=_nested(wrong, {"a": 1}) if "." not in wrong else json.dumps({wrong: {}}).encode())


def _group_that_is_none(rng: random.Random) -> Broken:
    group = rng.choice(("risk", "execution", "loop", "dashboard"))
    return Broken(f"config.json: {group}", config=_nested(group, rng.choice((3, "x", None, [1], True, "y" * 9999))))


def _no_number(rng: random.Random) -> Broken:
    option = _number(rng)
    texts = (
        "ten",
        "1e",
        "0x10",
        "1,000",
        "NaN",
        "inf",
        "-inf",
        "٣",
        "½",
        "1 000",
        "--1",
        "1e999",
        "9" * 400,
        "1_0",
        "५",
    )
    text = rng.choice(texts)
    where = {str(option.env): text}
    if rng.random() < 0.5:
        return Broken(str(option.env), environ=where)
    return Broken(str(option.env), env=f"{option.env}={text}\n".encode())


def _out_of_range(rng: random.Random) -> Broken:
    option = _number(rng)
    limit = option.meta.le if rng.random() < 0.5 else None
    low = option.meta.ge if option.meta.ge is not None else option.meta.gt
    value = float(limit) * 2 + 1 if limit is not None else float(low or 0) - 1
    if option.kind is int:
        value = int(value)
    if rng.random() < 0.5:
        return Broken(str(option.env), environ={str(option.env): f"{value:.17g}"})
    return Broken(option.key, config=_nested(option.key, value))


def _wrong_type(rng: random.Random) -> Broken:
    option = rng.choice([option for option in IN_FILE if option.kind in {int, float, bool, str}])
    return Broken(option.key, config=_nested(option.key, rng.choice(([], {"a": {}}, None, [[1]], {"x": "y" * 9999}))))


def _no_choice(rng: random.Random) -> Broken:
    option = rng.choice([option for option in IN_FILE if get_origin(option.kind) is Literal])
    return Broken(option.key, config=_nested(option.key, rng.choice(("x", "", "Live", 1, None, "z" * 5000))))


def _quotes(rng: random.Random) -> Broken:
    name = _name(rng)
    written = rng.choice(('"half', "'half", '"a"b"', "'a'b", '"', "'it's'", '"a\\"b"', "'x\\'"))
    return Broken(name, env=f"{name}={written} # {SECRET}\n".encode())


def _fill_in(rng: random.Random) -> Broken:
    name = _name(rng)
    written = rng.choice(("${HOME}/x", "$HOME", '"$USER"', '"C:\\temp"', "# later", "x\t# later"))
    return Broken("line 2", env=f"\n{name}={written}\n".encode())


def _no_assignment(rng: random.Random) -> Broken:
    line = rng.choice(
        ("MAX_POSITIONS 10", "MAX_POSITIONS: 10", "=3", "3=4", "ключ=1", "a b=c", "{", "[section]", "set X=1")
    )
    return Broken(".env line 1", env=f"{line} {SECRET}\n".encode())


def _unseen(rng: random.Random) -> Broken:
    character = rng.choice(("\x00", "\x1b", "\x07", "\u00a0", "\u2028", "\x0b", "\x85"))
    name = _name(rng)
    return Broken(".env line 1", env=f"{name}={SECRET}{character}\n".encode())


def _unseen_in_config(rng: random.Random) -> Broken:
    key = rng.choice(("gateway.url", "state_dir", "log_dir", "dashboard.host"))
    option = next((option for option in OPTIONS if option.key == key), None) or rng.choice(
        [option for option in IN_FILE if option.kind in {str, Path}]
    )
    return Broken(option.key, config=_nested(option.key, "a\x00b"))


def _no_utf8_in_process(rng: random.Random) -> Broken:
    option = rng.choice([option for option in OPTIONS if option.env and option.kind in {int, float, bool}])
    if option.env in ALWAYS:
        option = _number(rng)
    return Broken(str(option.env), environ={str(option.env): "\udcff\udcfe"})


def _too_large(rng: random.Random) -> Broken:
    size = rng.choice((1_000_001, 3_000_000))
    if rng.random() < 0.5:
        return Broken(".env", env=b"A=" + b"x" * size)
    return Broken("config.json", config=b"{" + b" " * size + b"}")


def _long_value(rng: random.Random) -> Broken:
    option = _number(rng)
    return Broken(str(option.env), env=f"{option.env}={'9' * rng.choice((5_000, 500_000))}x\n".encode())


def _long_name(rng: random.Random) -> Broken:
    name = "MAX_POSITIONS" + "S" * rng.choice((300, 100_000))
    return Broken("MAX_POSITIONS", env=f'{name}="half\n'.encode())


def _deep(rng: random.Random) -> Broken:
    depth = rng.choice((2_000, 100_000, 400_000))
    return Broken("config.json", config=rng.choice((b"[", b'{"a":')) * depth)


def _no_json(rng: random.Random) -> Broken:
    texts = (
        "",
        "{",
        "[]",
        "3",
        '"x"',
        "null",
        "{'a': 1}",
        '{"risk": {"max_positions": NaN}}',
        "{}{}",
        '{"a" 1}',
        "{,}",
    )
    return Broken("config.json", config=rng.choice(texts).encode())


def _twice(rng: random.Random) -> Broken:
    if rng.random() < 0.5:
        name = _name(rng)
        return Broken(name, env=f"{name}={SECRET}\n{name}={SECRET}\n".encode())
    return Broken("max_positions", config=b'{"risk": {"max_positions": 3, "max_positions": 4}}')


def _other_encoding(rng: random.Random) -> Broken:
    encoding = rng.choice(("utf-16", "utf-16-le", "latin-1"))
    if rng.random() < 0.5:
        return Broken(".env", env=f"MAX_POSITIONS=3\nNAME=é{SECRET}\n".encode(encoding))
    return Broken("config.json", config='{"risk": {"profile": "é"}}'.encode(encoding))


def _no_file(rng: random.Random) -> Broken:
    instead: Literal["folder", "unreadable"] = "folder" if rng.random() < 0.5 else "unreadable"
    return Broken(rng.choice((".env", "config.json")), instead=instead)


def _no_config(_rng: random.Random) -> Broken:
    return Broken("config.json", config=None)


def _secret(rng: random.Random) -> Broken:
    if rng.random() < 0.4:
        return Broken("DASHBOARD_PASSWORD", config=_nested("dashboard.password", SECRET))
    both = {"METRICS_TOKEN": SECRET, "METRICS_TOKEN_FILE": "x"}
    if rng.random() < 0.5:
        return Broken("METRICS_TOKEN", environ=both)
    return Broken(
        "METRICS_TOKEN_FILE", environ={"METRICS_TOKEN_FILE": rng.choice(("/nowhere", "/", "x" * 5000, "a\0b"))}
    )


def _account(rng: random.Random) -> Broken:
    hidden = "U7654321"
    wrong = {"IBKR_ACCOUNT_ID": "U1234567", "LIVE_TRADING": hidden}
    if rng.random() < 0.5:
        return Broken("LIVE_TRADING", environ=wrong, hidden=hidden)
    return Broken("IBKR_ACCOUNT_ID", environ={"IBKR_ACCOUNT_ID": f"{hidden} and more"}, hidden=hidden)


def _address(rng: random.Random) -> Broken:
    wrong = ("http://localhost:5055", "localhost", "https://", "https://a b", "https://[::1", "https://x:99999")
    return Broken("GATEWAY_URL", environ={"GATEWAY_URL": rng.choice((*wrong, "ftp://x", "https://u:p@x"))})


def _symbols(rng: random.Random) -> Broken:
    return Broken("TICKERS", environ={"TICKERS": f"AAPL,{rng.choice(('?', 'A' * 99, 'é', '$X', 'a=b'))}"})


def _parameter(rng: random.Random) -> Broken:
    name, value = rng.choice(
        (("atr_windw", 3), ("hold_days", "x"), ("nonsense", None), ("stop_atr", "y" * 9999), ("a" * 999, 1))
    )
    return Broken(name[:40], config=json.dumps({"strategy": {"trend_mean_reversion": {name: value}}}).encode())


def _strategy(rng: random.Random) -> Broken:
    wrong = rng.choice(("trend", "nothing", "../x", "A" * 999, ""))
    return Broken("strategy", config=_nested("strategy", {"name": wrong}) if wrong else _nested("strategy", {"": {}}))


def _key_as_variable(rng: random.Random) -> Broken:
    option = rng.choice([option for option in OPTIONS if option.env is None])
    name = rng.choice((option.key.replace(".", "_"), option.path.replace(".", "_"))).upper()
    if rng.random() < 0.5:
        return Broken(option.key, environ={name: SECRET})
    return Broken(option.key, env=f"{rng.choice((name, name.lower()))}='{SECRET}'\n".encode())


KINDS: dict[str, Callable[[random.Random], Broken]] = {
    made.__name__.strip("_"): made
    for made in (
        _near_name_in_file, _near_name_in_process, _near_key, _unknown_group, _group_that_is_none, _no_number,
        _out_of_range, _wrong_type, _no_choice, _quotes, _fill_in, _no_assignment, _unseen, _unseen_in_config,
        _no_utf8_in_process, _too_large, _long_value, _long_name, _deep, _no_json, _twice, _other_encoding, _no_file,
        _no_config, _secret, _account, _address, _symbols, _parameter, _strategy,
        _key_as_variable,
    )
}  # fmt: skip
"""what can be broken, by its name"""
