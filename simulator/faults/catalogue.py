"""The catalogue of faults as their declarations give it: as rows, as a text for a terminal, as a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from simulator.fault_plan import Calls
from simulator.faults import APART, KINDS
from simulator.faults.declaration import ANY, FaultKind, Parameter
from simulator.faults.reading import SELECTORS

AREAS = {
    "T": "Transport",
    "H": "HTTP and payload",
    "G": "Session and gateway",
    "O": "Orders",
    "C": "Account and corporate events",
    "M": "Market data",
}
Row = dict[str, object]


def written(value: object) -> str:
    """Return a value as JSON."""
    return msgspec.json.encode(value).decode()


def calls_in_words(calls: Calls) -> str:
    """Return calls in words."""
    if calls == ANY:
        return "every call"
    method = "" if calls.method == "*" else f"{calls.method} "
    return ", ".join(f"{method}{path}" for path in calls.paths)


def notes_of(kind: FaultKind) -> list[str]:
    """Return what holds of a fault beside its parameters."""
    notes = []
    if callable(kind.once) or kind.once:
        notes.append("once unless the selector says how often" if kind.once is True else "once, but for what stays")
    if kind.while_on is not None:
        notes.append(f"then meets {calls_in_words(kind.while_on)} for its `seconds`")
    if kind.follows_question:
        notes.append("goes on with the reply where a question comes first")
    if kind.ready is not None:
        notes.append("waits until what it breaks is there")
    return notes


def _parameter_row(parameter: Parameter) -> Row:
    allowed, default = parameter.rule.words, parameter.default
    return {"name": parameter.name, "default": default, "allowed": allowed, "meaning": parameter.meaning}


def catalogue_rows() -> list[Row]:
    """Return every fault with its parameters."""
    return [{**_kind_row(kind), "area": AREAS[kind.id[0]]} for kind in KINDS.values()]


def rows_apart() -> list[Row]:
    """Return what is planned like a fault, and is none of the catalogue."""
    return [_kind_row(kind) for kind in APART.values()]


def _kind_row(kind: FaultKind) -> Row:
    return {
        "id": kind.id,
        "title": kind.title,
        "calls": calls_in_words(kind.calls),
        "notes": notes_of(kind),
        "parameters": [_parameter_row(parameter) for parameter in kind.parameters],
    }


def selector_rows() -> list[Row]:
    """Return the fields of a selector."""
    return [_parameter_row(parameter) for parameter in SELECTORS]


def listing() -> str:
    """Return the catalogue for a terminal."""
    lines = []
    for kind in (*KINDS.values(), *APART.values()):
        lines.append(f"{kind.id}  {kind.title}")
        lines.append(f"     meets {'; '.join((calls_in_words(kind.calls), *notes_of(kind)))}")
        lines += [_line(parameter) for parameter in kind.parameters]
    lines.append("selector (all optional; what it leaves open is the fault's own)")
    lines += [_line(parameter) for parameter in SELECTORS]
    return "\n".join(lines) + "\n"


def _line(parameter: Parameter) -> str:
    return f"     {parameter.name} = {written(parameter.default)}: {parameter.meaning} ({parameter.rule.words})"


def page_text() -> str:
    """Return the tables of docs/faults.md."""
    parts = ["### Selector", _table(("Field", "Default", "May be", "Meaning"), map(_cells, SELECTORS))]
    for letter, area in AREAS.items():
        parts.append(f"### {letter}: {area}")
        parts.append(_table_of([kind for kind in KINDS.values() if kind.id.startswith(letter)]))
    parts += ["### Rules", _table_of(list(APART.values()))]
    return "\n\n".join(parts)


def _table_of(kinds: Sequence[FaultKind]) -> str:
    rows: list[tuple[str, ...]] = []
    for kind in kinds:
        meets = "; ".join((f"meets {calls_in_words(kind.calls)}", *notes_of(kind)))
        rows.append((f"**{kind.id}**", "", "", f"**{kind.title}**; {meets}"))
        rows += [
            ("", *_cells(parameter)[:2], f"{parameter.meaning}: {parameter.rule.words}")
            for parameter in kind.parameters
        ]
    return _table(("Fault", "Parameter", "Default", "Meaning"), rows)


def _cells(parameter: Parameter) -> tuple[str, ...]:
    default = "" if parameter.default is None else f"`{written(parameter.default)}`"
    return f"`{parameter.name}`", default, parameter.rule.words, parameter.meaning


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += [
        "| " + " | ".join(cell.replace("|", "\\|").replace("*/", "\\*/").replace("/*", "/\\*") for cell in row) + " |"
        for row in rows
    ]
    return "\n".join(lines)
