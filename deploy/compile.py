"""Build step of the image: compile what numba compiles, as the system uses it, so that a container never does.

A year of the bundled bars is traded with the default settings; that calls every compiled function of the decision,
of its order prices and of the fills with the types that live trading calls them with, but for those of the simulator
alone, which are called here. Every function must then have machine code, or the build ends: one that nothing calls
would be compiled in the container, at each of its starts.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from numba.core.registry import CPUDispatcher

import simulator
import trading.cli.main
from trading.market import fills

ROOT = Path(__file__).resolve().parent.parent
BARS = ROOT / "data" / "us_daily.csv.gz"


def trade_a_year() -> None:
    """Run the backtest's command, whatever it is made of inside."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["backtest", "--bars", str(BARS), "--start", "2014-01-02", "--end", "2015-01-02"]
        if trading.cli.main.main([*arguments, "--cash", "10000", "--out", folder]) != 0:
            sys.exit(1)


def fill_as_the_simulator() -> None:
    """Call what only the simulated exchange uses, and as it does."""
    fills.round_up(10.004)
    fills.cents(1)


def modules_of(package: ModuleType) -> list[ModuleType]:
    """Return all modules of a package, imported."""
    names = [module.name for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
    return [importlib.import_module(name) for name in names if not name.endswith("__main__")]


def compiled_functions() -> dict[str, CPUDispatcher]:
    """Return what numba compiles, by its full name."""
    return {
        f"{module.__name__}.{name}": value
        for module in modules_of(trading) + modules_of(simulator)
        for name, value in vars(module).items()
        if isinstance(value, CPUDispatcher)
    }


def main() -> int:
    """Compile, and name what was left out."""
    trade_a_year()
    fill_as_the_simulator()
    functions = compiled_functions()
    missed = sorted(name for name, function in functions.items() if not function.signatures)
    print(f"{len(functions) - len(missed)} functions compiled")  # noqa: T201 - the build's output
    if missed:
        print("not called, so not compiled: " + ", ".join(missed), file=sys.stderr)  # noqa: T201
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
