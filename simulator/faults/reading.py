"""A plan of faults as it is asked for: read, checked against what each fault declares, and made ready to fire."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from simulator import instants
from simulator.fault_plan import ROLES, STREAM, Calls, Fault, Planned, PlanRequest
from simulator.faults import APART, KINDS, kind_of, known_kind, rules
from simulator.faults.declaration import ANY, Choice, FaultKind, Flag, Instant, Number, Parameter, Text
from simulator.messages import decode_json

_METHODS = ("*", "GET", "POST", "DELETE", "PUT", "HEAD", STREAM)
SELECTORS = (
    Parameter("method", None, Choice(_METHODS), f"of the call; {STREAM} is a message that leaves by the websocket"),
    Parameter("path", None, Text(), "of the call, below /v1/api and without its query; * is any text"),
    Parameter("role", None, Choice(ROLES), "what the call does to orders; a group of orders has the role of its first"),
    Parameter("nth", None, Number(1, 1e9, whole=True), "only the nth of the calls that match the rest"),
    Parameter("skip", 0, Number(0, 1e9, whole=True), "none of the first so many calls that match the rest"),
    Parameter("probability", 1.0, Number(0.0, 1.0), "chance of each call that matches the rest"),
    Parameter("after", None, Instant(), "from this simulated time on"),
    Parameter("until", None, Instant(), "before this simulated time"),
    Parameter("times", None, Number(1, 1e9, whole=True), "how often it fires at most"),
)
"""the fields of a selector"""
LONGEST_SHOWN = 60
WHOLE = "the plan"
_PLAN = ("faults", "rules", "clear", "seed")
SEED = Number(-(2**63), 2**63, whole=True)
_FAULT = ("id", "selector", "parameters")


class PlanError(ValueError):
    """A plan can't be used; the text is one line that says what, where, and what is allowed."""


class NotAllowedError(PlanError):
    """A value in a plan isn't allowed."""

    def __init__(self, where: str, name: str, value: object, allowed: str) -> None:
        """Build the line."""
        written = msgspec.json.encode(value).decode()
        shown = written if len(written) <= LONGEST_SHOWN else f"{written[: LONGEST_SHOWN - 3]}..."
        super().__init__(f"{where}: {name} {shown} is not allowed; it has to be {allowed}")


def parse_plan(data: bytes) -> PlanRequest:
    """Return a plan of faults; a list is one of rules alone.

    Raises:
        PlanError: it is none, or something in it isn't allowed; nothing of it is to be used then.
    """
    try:
        plan = decode_json(data)
    except msgspec.DecodeError as cause:
        problem = f"a plan of faults has to be JSON: {cause}"
        raise PlanError(problem) from cause
    plan = _with_rules_as_faults(plan)
    if not isinstance(plan.get("clear", False), bool):
        raise NotAllowedError(WHOLE, "clear", plan["clear"], Flag().words)
    seed = plan.get("seed")
    if seed is not None and not SEED.allows(seed):
        raise NotAllowedError(WHOLE, "seed", seed, SEED.words)
    for number, fault in enumerate(plan["faults"], start=1):
        _check_fault(number, fault)
    return msgspec.convert(plan, PlanRequest)


def _with_rules_as_faults(plan: Any) -> dict[str, Any]:  # noqa: ANN401  (JSON)
    if isinstance(plan, list):
        plan = {"rules": plan}
    _check_names(WHOLE, plan, _PLAN)
    for name in ("faults", "rules"):
        if not isinstance(plan.get(name, []), list):
            raise NotAllowedError(WHOLE, name, plan[name], "a list")
    written = plan.get("rules", [])
    for number, rule in enumerate(written, start=1):
        _check_names(f"rule {number}", rule, rules.FIELDS)
    rest = {name: value for name, value in plan.items() if name != "rules"}
    return {**rest, "faults": [*plan.get("faults", []), *(rules.as_fault(rule) for rule in written)]}


def _check_fault(number: int, fault: object) -> None:
    where = f"fault {number}"
    _check_names(where, fault, _FAULT)
    fields: dict[str, Any] = fault if isinstance(fault, dict) else {}
    identifier = fields.get("id")
    kind = kind_of(identifier)
    if kind is None:
        known = f"one of {', '.join((*KINDS, *APART))}"
        raise NotAllowedError(where, "id", identifier, known)
    selector, parameters = fields.get("selector", {}), fields.get("parameters", {})
    _check_values(kind.id, "selector", selector, SELECTORS)
    _check_values(kind.id, "parameters", parameters, kind.parameters)
    after, until = selector.get("after"), selector.get("until")
    if after is not None and until is not None and instants.parse_iso(after) >= instants.parse_iso(until):
        allowed = f"a time after {after}"
        raise NotAllowedError(kind.id, "selector.until", until, allowed)


def _check_values(fault: str, part: str, values: object, known: tuple[Parameter, ...]) -> None:
    _check_names(f"{fault}: {part}", values, tuple(parameter.name for parameter in known))
    fields: dict[str, Any] = values if isinstance(values, dict) else {}
    for parameter in known:
        value = fields.get(parameter.name, parameter.default)
        if (
            parameter.name in fields
            and (value is not None or parameter.default is not None)
            and not parameter.rule.allows(value)
        ):
            name = parameter.name if part == "parameters" else f"{part}.{parameter.name}"
            raise NotAllowedError(fault, name, value, parameter.rule.words)


def _check_names(where: str, value: object, known: tuple[str, ...]) -> None:
    if not isinstance(value, dict):
        allowed = f"an object with {', '.join(known)}" if known else "an empty object"
        raise NotAllowedError(where, "it", value, allowed)
    for name in value:
        if name not in known:
            there_are = f"there are {', '.join(known)}" if known else "there are none"
            problem = f"{where}: {name} is unknown; {there_are}"
            raise PlanError(problem)


def prepare(fault: Fault) -> Planned:
    """Return a checked fault, ready to fire: what its selector leaves open is its kind's own."""
    kind, selector = known_kind(fault.id), fault.selector
    values = partial(kind.value, fault)
    method = kind.calls.method if selector.method is None else selector.method
    paths = kind.calls.paths if selector.path is None else (selector.path,)
    lasts_s = values("seconds") if kind.while_on is not None else 0.0
    return Planned(
        fault,
        Calls(method, paths),
        selector.times or _times(kind, fault),
        int(lasts_s * instants.SECOND),
        kind.while_on or ANY,
    )


def _times(kind: FaultKind, fault: Fault) -> int | None:
    values = partial(kind.value, fault)
    if kind.counted_by:
        return int(values(kind.counted_by)) or None
    once = kind.once(values) if callable(kind.once) else kind.once
    return 1 if once and fault.selector.nth is None and fault.selector.probability >= 1.0 else None
