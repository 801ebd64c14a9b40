"""Runs every module `bench_*` of this folder, A–Z: `python -m bench`."""

from __future__ import annotations

import pkgutil
import runpy

import bench


def main() -> None:
    """Run them one after the other; each prints what it measured."""
    for name in sorted(module.name for module in pkgutil.iter_modules(bench.__path__)):
        if name.startswith("bench_"):
            runpy.run_module(f"{bench.__name__}.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
