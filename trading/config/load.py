"""Reading the sources of settings and putting them together; every problem is one ConfigError."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from trading.config.annotations import Secret
from trading.config.checks import UnusableError, as_path, host_and_port
from trading.config.hosts import EVERYWHERE, LOOPBACK, overlap
from trading.config.options import MAX_FILE_BYTES, OPTIONS, Option, shortened
from trading.config.settings import Settings
from trading.errors import ConfigError

SIMULATED_ACCOUNT = "DU1234567"
# The simulated gateway is a world of its own, so that a demo never touches a live state.
IGNORED_WHEN_SIMULATED = frozenset({"IBKR_ACCOUNT_ID", "LIVE_TRADING", "TICKERS"})
IGNORED_WHEN_LIVE = frozenset(option.env for option in OPTIONS if option.path.startswith("simulator."))
_BY_KEY = {option.key: option for option in OPTIONS}
_BY_ENV = {option.env: option for option in OPTIONS if option.env}
# What the state on disk belongs to is no matter of one run.
_FIXED = frozenset({"gateway.kind", "state_dir"})
_STRATEGY = "strategy"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def load_settings(environ: Mapping[str, str], config_path: Path) -> Settings:
    """Return the settings: defaults, over them config.json, over them the environment; an empty variable is absent.

    Raises: ConfigError, the first thing that can't be used, in one line with its name, value and what to do.
    """
    values, strategies = _read_file(config_path)
    _refuse_parameters(environ, strategies)
    present = {name: text.strip("\ufeff \t\r\n") for name, text in environ.items()}
    kind = _BY_ENV["GATEWAY"]
    values.update(_from_environment(present, [kind]))
    simulated = values.get(kind.path, kind.default) == "simulated"
    skipped = IGNORED_WHEN_SIMULATED if simulated else IGNORED_WHEN_LIVE
    values.update(_from_environment(present, [o for o in OPTIONS if o.env and o.env not in skipped]))
    if simulated:
        values.update(_simulated(values))
    settings = _build(values, strategies)
    _check_together(settings)
    return settings


def with_overrides(settings: Settings, assignments: Iterable[str]) -> Settings:
    """Return `settings` with each NAME=VALUE put over it.

    NAME is a dotted key of config.json, its last part where only one key ends so, an environment variable, or a
    parameter of the chosen strategy; the latter is checked where the strategy is made.

    Raises: ConfigError, a name is unknown or a value can't be used.
    """
    values: dict[str, object] = {}
    strategies = {name: dict(parameters) for name, parameters in settings.strategies.items()}
    chosen = settings.strategy_name
    parsed = [_assignment(text) for text in assignments]
    for name, text in parsed:
        option = _named(name)
        if option is not None and option.path == "strategy_name":
            chosen = str(option.from_text(name, text))
            values[option.path] = chosen
    for name, text in parsed:
        option = _named(name)
        if option is None:
            strategy, parameter = _strategy_parameter(name, chosen)
            strategies.setdefault(strategy, {})[parameter] = _plain(text)
        elif option.path in _FIXED or option.sensitive:
            raise ConfigError(name, None, f"is set in the environment ({option.env}) and can't be set for one run")
        else:
            values[option.path] = option.from_text(name, text)
    changed = _build(values, strategies, base=settings)
    _check_together(changed)
    return changed


def near(name: str, names: Iterable[str]) -> str:
    """Return a hint that names what was probably meant, or where to look."""
    known = list(names)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if not close:
        # The right key in the wrong place, or the last part alone.
        close = [key for key in known if key.rpartition(".")[2] == name.rpartition(".")[2]][:1]
    return f"; did you mean {close[0]}?" if close else ""


def _assignment(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise ConfigError("--set", shortened(text), "must be NAME=VALUE")
    return name.strip(), value.strip()


def _named(name: str) -> Option | None:
    found = _BY_KEY.get(name) or _BY_ENV.get(name)
    if found is None and "." not in name:
        ends = [option for option in OPTIONS if option.key.rpartition(".")[2] == name]
        found = ends[0] if len(ends) == 1 else None
    if found is None:
        found = next((option for option in OPTIONS if option.path == name), None)
    return found


def _strategy_parameter(name: str, chosen: str) -> tuple[str, str]:
    parts = name.split(".")
    if len(parts) == 1 and _NAME.fullmatch(name):
        return chosen, name
    if len(parts) == 3 and parts[0] == _STRATEGY and all(_NAME.fullmatch(part) for part in parts[1:]):  # noqa: PLR2004 - strategy.<name>.<parameter>
        return parts[1], parts[2]
    raise ConfigError(name, None, "no such setting" + near(name, [*_BY_KEY, *_BY_ENV]))


def _plain(text: str) -> object:
    """Return the number or truth value that the text is, else the text."""
    try:
        value: object = json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, bool | int | float) else text


def _read_file(path: Path) -> tuple[dict[str, object], dict[str, dict[str, object]]]:
    """Return the checked values of config.json by path in Settings, and the strategies' own parts."""
    values: dict[str, object] = {}
    strategies: dict[str, dict[str, object]] = {}
    document = _read_json(path)
    for key, value in _flat(path.name, document):
        option = _BY_KEY.get(key)
        name = f"{path.name}: {key}"
        if option is not None and option.kind is Secret:
            raise ConfigError(name, None, f"is a secret: set {option.env}, or {option.env}_FILE, in the environment")
        if option is not None:
            values[option.path] = option.check(name, value)
        elif key.startswith(_STRATEGY + ".") and isinstance(value, dict):
            strategies[key.partition(".")[2]] = value
        else:
            raise ConfigError(name, None, "no such setting" + near(key, _BY_KEY))
    return values, strategies


def _refuse_parameters(environ: Mapping[str, str], strategies: Mapping[str, Mapping[str, object]]) -> None:
    """Refuse a variable that is a strategy's parameter of config.json in capitals: it would change nothing.

    Those of one word may be another program's.
    """
    for strategy, parameters in strategies.items():
        for parameter in parameters:
            whole = (f"{strategy}_{parameter}", f"{_STRATEGY}_{parameter}", f"{_STRATEGY}_{strategy}_{parameter}")
            for name in (*whole, *([parameter] if "_" in parameter else [])):
                written = next((each for each in (name.upper(), name.lower()) if environ.get(each)), None)
                if written is not None and written not in _BY_ENV:
                    key = shortened(f"{_STRATEGY}.{strategy}.{parameter}")
                    raise ConfigError(str(shortened(written)), None, f"is {key} of config.json: set it there")


def _flat(name: str, document: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    for group, content in document.items():
        if group in _BY_KEY:
            yield group, content
        elif not any(key.startswith(group + ".") for key in _BY_KEY):
            path = f"{name}: {shortened(group)}"
            raise ConfigError(path, None, "no such setting" + near(group, _groups()))
        elif not isinstance(content, dict):
            path = f"{name}: {group}"
            raise ConfigError(path, shortened(content), "must be an object {…} of settings")
        else:
            for field, value in content.items():
                yield f"{group}.{field}", value


def _groups() -> set[str]:
    return {key.partition(".")[0] for key in _BY_KEY}


def _read_json(path: Path) -> dict[str, object]:
    name = str(path)
    if not path.is_file():
        raise ConfigError(name, None, "no such file; config.json comes with the project and may hold only {}")
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(name, None, f"can't be read: {error.strerror}") from None
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigError(name, None, f"is larger than {MAX_FILE_BYTES:,} bytes: that is no settings file")
    try:
        text = raw.decode("utf-8-sig")
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise ConfigError(name, None, f"is not UTF-8 text (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise ConfigError(name, None, f"is not JSON: line {error.lineno} column {error.colno}: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(name, None, f"is not usable JSON: {str(error).splitlines()[0][:120]}") from None
    if not isinstance(document, dict):
        raise ConfigError(name, None, "must hold one object {…}")
    return document


def _unique(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            problem = f"the key {shortened(key)!r} stands there twice"
            raise ValueError(problem)
        found[key] = value
    return found


def _no_constant(word: str) -> object:
    problem = f"{word} is no number"
    raise ValueError(problem)


def _from_environment(environ: Mapping[str, str], options: Iterable[Option]) -> dict[str, object]:
    values: dict[str, object] = {}
    for option in options:
        name = option.env or ""
        text = environ.get(name, "")
        if option.sensitive and environ.get(name + "_FILE"):
            if text:
                raise ConfigError(name, None, f"is set together with {name}_FILE: keep one of them")
            text = _secret_file(name + "_FILE", environ[name + "_FILE"])
        if text:
            values[option.path] = option.from_text(name, text)
    return values


def _secret_file(name: str, place: str) -> str:
    try:
        with as_path(place).open("rb") as file:
            text = file.read(MAX_FILE_BYTES).decode("utf-8-sig").rstrip("\r\n")
    except UnusableError as error:
        raise ConfigError(name, shortened(place), error.fix) from None
    except UnicodeDecodeError:
        raise ConfigError(name, shortened(place), "the file is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise ConfigError(name, shortened(place), f"the file can't be read: {reason}") from None
    if not text.strip():
        raise ConfigError(name, shortened(place), "the file is empty")
    return text


def _simulated(values: Mapping[str, object]) -> dict[str, object]:
    state = values.get("state_dir", _BY_ENV["STATE_DIR"].default)
    return {
        "account_id": SIMULATED_ACCOUNT,
        "live_trading": "",
        "tickers": values.get("simulator.tickers", ()),
        "state_dir": Path(str(state)) / "simulated",
    }


def _build(
    values: Mapping[str, object], strategies: Mapping[str, Mapping[str, object]], base: Settings | None = None
) -> Settings:
    base = base or Settings()
    changes: dict[str, object] = {"strategies": strategies}
    groups: dict[str, dict[str, object]] = {}
    for path, value in values.items():
        group, dot, field = path.partition(".")
        if dot:
            groups.setdefault(group, {})[field] = value
        else:
            changes[group] = value
    for group, fields in groups.items():
        changes[group] = msgspec.structs.replace(getattr(base, group), **fields)
    return msgspec.structs.replace(base, **changes)


def _check_together(settings: Settings) -> None:
    """Refuse values that are fine each but not together."""
    if settings.live_trading and settings.live_trading != settings.account_id:
        raise ConfigError("LIVE_TRADING", None, "must be the same account id as IBKR_ACCOUNT_ID")
    if settings.risk.min_stop_distance >= settings.risk.max_stop_distance:
        raise ConfigError(
            "risk.min_stop_distance", settings.risk.min_stop_distance, "must be below risk.max_stop_distance"
        )
    if settings.execution.send_until_s >= settings.execution.pre_open_s:
        raise ConfigError(
            "execution.send_until_s", settings.execution.send_until_s, "must be below execution.pre_open_s"
        )
    _check_ports(settings)


def _check_ports(settings: Settings) -> None:
    """Refuse the gateway's port for the dashboard where both are on this machine; IBKR's listens everywhere."""
    name, port = host_and_port(settings.gateway.url)
    if name not in LOOPBACK or port != settings.dashboard.port:
        return
    if overlap(settings.dashboard.host, settings.simulator.host if settings.simulated else EVERYWHERE):
        fix = "the gateway has this port already (GATEWAY_URL): give one of them another"
        raise ConfigError("DASHBOARD_PORT", settings.dashboard.port, fix)
