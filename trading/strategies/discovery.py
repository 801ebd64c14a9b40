"""Finding a strategy by the name of its module."""

from __future__ import annotations

import difflib
import importlib
import pkgutil

from trading import strategies
from trading.config import Settings
from trading.errors import ConfigError
from trading.strategies.base import Strategy
from trading.strategies.parameters import parse_parameters

_NOT_STRATEGIES = frozenset({"base", "checks", "discovery", "parameters", "signals"})


def strategy_names() -> tuple[str, ...]:
    """Return the names of all strategies, A-Z, without importing any."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(strategies.__path__) if m.name not in _NOT_STRATEGIES))


def strategy_class(name: str) -> type[Strategy]:
    """Return the class of the strategy `name`: the one in module `trading.strategies.<name>` whose `name` it is.

    Raises: ConfigError, there is no such module, or no such class in it.
    """
    names = strategy_names()
    if name not in names:
        raise ConfigError("strategy.name", name, f"must be one of {', '.join(names)}{_hint(name)}")
    module = importlib.import_module(f"{strategies.__name__}.{name}")
    for value in vars(module).values():
        if isinstance(value, type) and value.__module__ == module.__name__ and getattr(value, "name", None) == name:
            return value
    raise ConfigError("strategy.name", name, f"no class with name = {name!r} in {module.__name__}")


def make_strategy(settings: Settings) -> Strategy:
    """Return the strategy that the settings choose, with its parameters checked.

    Raises: ConfigError, the strategy or one of its parameters can't be used.
    """
    for name in settings.strategies:
        if name not in strategy_names():
            raise ConfigError(f"strategy.{name}", None, f"no such strategy{_hint(name)}")
    chosen = strategy_class(settings.strategy_name)
    parameters = parse_parameters(chosen.Parameters, settings.strategy_name, settings.strategy_parameters)
    return chosen(parameters, settings.rules)


def _hint(name: str) -> str:
    close = difflib.get_close_matches(name, strategy_names(), n=1)
    return f"; did you mean {close[0]}?" if close else ""
