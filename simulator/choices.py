"""The choices as lists: what `--set` takes, and what of it nobody has shown, with the values that it may have."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args, get_origin

import msgspec

from simulator import config
from simulator.config import Behaviour, apply_settings

Value: TypeAlias = bool | float | str

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


@dataclass(frozen=True, slots=True)
class Unknown:
    """One setting of which nobody has shown how the real broker has it; `values` begin with the default."""

    name: str
    values: tuple[Value, ...]
    question: str


_UNKNOWN: tuple[tuple[str, tuple[Value, ...], str], ...] = (
    ("cancel_out_of_hours", (), "when a cancel takes effect that is sent while the market is closed"),
    ("child_coid", (), "what becomes of a cOID on a bracket child"),
    ("order_id_in_trades", (), "whether a trade names its order"),
    ("parent_id_in_orders", (), "whether a child in the list of orders names its parent"),
    ("order_ref_in_orders", (), "whether an order in the list names its cOID"),
    ("day_after_close", (), "how long a DAY order lives that is sent after the close"),
    ("questions.percent_legs", (), "which orders of a bracket raise o163"),
    ("questions.percent_of_stops", (), "whether a stop order raises o163"),
    ("questions.merged", (), "one question with all messages, or several"),
    ("questions.until_open", (), "how one is told that an order is not placed until the open"),
    ("duplicate_coid", (), "how far the check for a cOID that was used before reaches"),
    ("decline_spends_coid", (), "whether an order whose question is declined uses its cOID up"),
    ("rejection_spends_coid", (), "whether an order that is refused uses its cOID up"),
    ("child_activation", (), "children of a parent that fills in part"),
    ("child_refusal_refuses_parent", (), "whether the refusal of a child is that of its parent"),
    ("visible_after_s", (0.0, 2.0, 15.0, 60.0), "from acceptance until an order is in the list"),
    ("unanswered_question_expires_s", (0.0, 30.0, 120.0), "whether a question that is not answered expires"),
    ("split_keeps_orders", (), "whether orders outlive a split, adjusted"),
    ("bracket_children_cancel_each_other", (), "whether the children of a bracket are a group by themselves"),
)


def _unknown(name: str, values: tuple[Value, ...], question: str) -> Unknown:
    *parents, last = name.split(".")
    struct: type[msgspec.Struct] = Behaviour
    for parent in parents:
        struct = type(getattr(Behaviour(), parent))
    field = next(each for each in msgspec.structs.fields(struct) if each.name == last)
    allowed = values or (get_args(field.type) if get_origin(field.type) is Literal else (False, True))
    return Unknown(name, (field.default, *(value for value in allowed if value != field.default)), question)


CHOICES: tuple[Unknown, ...] = tuple(_unknown(*row) for row in _UNKNOWN)
"""what a client has to hold for whatever its value: draw one value of each, the first is the default"""


def behaviour_with(chosen: Mapping[str, Value], behaviour: Behaviour | None = None) -> Behaviour:
    """Return `behaviour`, by default the defaults, with values for settings by their names.

    Raises:
        SettingError: a name or a value is none.
    """
    return apply_settings(behaviour or Behaviour(), tuple(f"{name}={value}" for name, value in chosen.items()))
