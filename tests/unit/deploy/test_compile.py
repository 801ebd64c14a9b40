"""The image's build step that compiles what a container would otherwise compile at each of its starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from deploy.compile import compiled_functions, fill_as_the_simulator, modules_of
from trading import market


def test_modules_of_a_package_are_all_that_it_has() -> None:
    names = {module.__name__ for module in modules_of(market)}
    assert {"trading.market.panel", "trading.market.fills", "trading.market.calendar"} <= names


def test_compiled_functions_are_found_and_called_as_the_simulator_does() -> None:
    fill_as_the_simulator()
    functions = compiled_functions()
    assert {"trading.rules.bracket_prices", "trading.indicators.wilder_atr"} <= set(functions)
    assert functions["trading.market.fills.round_up"].signatures


def test_with_an_empty_cache_the_step_leaves_nothing_uncompiled(tmp_path: Path, project_root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "deploy/compile.py"],
        cwd=project_root,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(project_root), "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(" functions compiled\n")
    assert list(tmp_path.rglob("*.nbc"))
