"""The choices as a list: what `--set` takes, with the meaning that stands below each in `simulator.config`."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from simulator import config

_KINDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "Amount": "a number, 0 or more",
    "Count": "a whole number, 0 or more",
    "Duration": "a number, 0 or more",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One setting; texts as `--set` takes them."""

    name: str
    default: str
    values: str
    meaning: str


def all_choices() -> tuple[Choice, ...]:
    """Return every setting, in the order of `Behaviour`; those of the questions begin with `questions.`."""
    classes = {node.name: node for node in ast.parse(inspect.getsource(config)).body if isinstance(node, ast.ClassDef)}
    return tuple(_choices_of(classes, "Behaviour", ""))


def _choices_of(classes: dict[str, ast.ClassDef], name: str, prefix: str) -> Iterator[Choice]:
    body = classes[name].body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        if isinstance(node.annotation, ast.Name) and node.annotation.id in classes:
            yield from _choices_of(classes, node.annotation.id, f"{prefix}{node.target.id}.")
        else:
            yield Choice(prefix + node.target.id, _default(node), _values(node.annotation), _meaning(after))


def _default(node: ast.AnnAssign) -> str:
    value = ast.literal_eval(node.value) if node.value is not None else ""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _values(annotation: ast.expr) -> str:
    if isinstance(annotation, ast.Subscript):
        allowed = ast.literal_eval(annotation.slice)
        return ", ".join(allowed) if isinstance(allowed, tuple) else str(allowed)
    return _KINDS[ast.unparse(annotation)]


def _meaning(after: ast.stmt | None) -> str:
    """Return the text below a field."""
    if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
        return " ".join(str(after.value.value).split())
    return ""
