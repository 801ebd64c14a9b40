"""What holds for every port."""

from __future__ import annotations

import inspect
from types import ModuleType


def public_methods(port: type) -> dict[str, object]:
    return {name: member for name, member in vars(port).items() if inspect.isfunction(member) and name[0] != "_"}


def undocumented(module: ModuleType) -> list[str]:
    """Return the methods of the module's protocols that don't say what they do; it has to have some protocols."""
    protocols = [
        port for _, port in inspect.getmembers(module, inspect.isclass) if getattr(port, "_is_protocol", False)
    ]
    own = [port for port in protocols if port.__module__ == module.__name__]
    assert own
    return [
        f"{port.__name__}.{name}"
        for port in own
        for name, method in public_methods(port).items()
        if not inspect.getdoc(method)
    ]
