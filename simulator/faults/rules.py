"""Answers rewritten by rules: what no fault of the catalogue has, written down as data.

A rule says which answers (`path`, `method`, `after`, `times`) and what becomes of them. The call is applied as ever.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from simulator.faults.context import Firing, json_of
from simulator.faults.declaration import Anything, FaultKind, Number, Parameter, Text
from simulator.faults.rewriting import encode, rows_of
from simulator.messages import Response

DROP = "__drop__"
ID = "rules"
_REFUSED = 400
# How a rule's own words for the calls are called in a selector.
_SELECTOR = {"path": "path", "method": "method", "after": "skip", "times": "times"}


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of anything, at least one."""

    words: str = "a list of 1 or more JSON values"

    def allows(self, value: object) -> bool:
        """Return whether a value is allowed."""
        return isinstance(value, list) and bool(value)


@dataclass(frozen=True, slots=True)
class Fields:
    """An object of paths and values."""

    words: str = f'an object of dotted paths and JSON values; "{DROP}" removes'

    def allows(self, value: object) -> bool:
        """Return whether a value is allowed."""
        return isinstance(value, dict) and bool(value) and all(isinstance(name, str) for name in value)


def by_rule(firing: Firing) -> Response:
    """The answer is changed, or another, as the rule has it."""
    response = firing.proceed()
    value = firing.value
    body = response.body
    if value("raw") is not None:
        body = firing.text("raw").encode()
    elif value("replace") is not None:
        body = encode(value("replace"))
    elif response.status < _REFUSED:
        answer = json_of(response)
        body = body if answer is None else encode(_changed(firing, answer))
    return replace(response, status=value("status") or response.status, body=body)


def _changed(firing: Firing, answer: Any) -> Any:  # noqa: ANN401  (JSON)
    # Copies: what one rule puts in, another may change.
    for path, new in (firing.value("set") or {}).items():
        put(answer, path, deepcopy(new))
    for path, new in (firing.value("each") or {}).items():
        for row in rows_of(answer):
            put(row, path, deepcopy(new))
    into = firing.text("into")
    rows = found_at(answer, into.split(".")) if into else answer
    if isinstance(rows, list):
        rows.extend(deepcopy(firing.value("add") or []))
    return answer


def put(value: Any, path: str, new: object) -> None:  # noqa: ANN401  (JSON)
    """Set what a dotted path names, or remove it; steps into lists are numbers, objects that are missing are made.

    A path that leads through a text or a number, or past a list's end, changes nothing.
    """
    *steps, last = path.split(".")
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step) if new == DROP else value.setdefault(step, {})
        else:
            value = found_at(value, [step])
    if isinstance(value, dict):
        if new == DROP:
            value.pop(last, None)
        else:
            value[last] = new
    elif isinstance(value, list) and last.isdigit() and int(last) < len(value):
        if new == DROP:
            del value[int(last)]
        else:
            value[int(last)] = new


def found_at(value: Any, steps: list[str]) -> Any:  # noqa: ANN401  (JSON)
    """Return what a path leads to, None where it leads nowhere."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def as_fault(rule: dict[str, Any]) -> dict[str, Any]:
    """Return the fault that a rule is, as a plan has it."""
    selector = {_SELECTOR[name]: value for name, value in rule.items() if name in _SELECTOR}
    # Counted from the first answer: none is left out.
    selector = {name: value for name, value in selector.items() if (name, value) != ("skip", 0)}
    return {
        "id": ID,
        "selector": selector,
        "parameters": {name: value for name, value in rule.items() if name not in _SELECTOR},
    }


RULES = FaultKind(
    ID,
    "Answers rewritten by a rule",
    by_rule,
    (
        Parameter("set", None, Fields(), "what to set in the answer"),
        Parameter("each", None, Fields(), "what to set in every row of it"),
        Parameter("add", None, Rows(), "rows that are added"),
        Parameter("into", "", Text(), "to the list at this path; empty: the answer is the list"),
        Parameter("replace", None, Anything(), "in place of the answer, this"),
        Parameter("raw", None, Text(), "in place of the answer, these bytes"),
        Parameter("status", None, Number(200, 599, whole=True), "another status"),
    ),
)
FIELDS = (*_SELECTOR, *(parameter.name for parameter in RULES.parameters))
"""the fields of a rule as it is written by itself"""
