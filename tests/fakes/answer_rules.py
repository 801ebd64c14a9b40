"""A gateway whose answers are changed on their way by rules, as other people's accounts and bad days change them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

from simulator.core import Simulator
from tests.fakes.in_process import InProcessTransport
from trading.gateway.transport import HttpAnswer

DROP = "__drop__"
Rule = Mapping[str, Any]


class RuledTransport(InProcessTransport):
    """Changes answers by `rules`, each with a `path` (a pattern) and what it does there.

    `add` appends rows (to the list under `into`, else to the answer), `set` puts values at dotted places (DROP removes
    one), `each` puts values into every row, `replace` and `raw` stand for the whole answer, `status` for its status;
    all of it after so many answers (`after`), so many times (`times`), for one `method`.
    """

    def __init__(self, simulator: Simulator, rules: Sequence[Rule]) -> None:
        super().__init__(simulator)
        self._rules = rules
        self._seen = [0] * len(rules)

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        answer = super().exchange(verb, path, query, body, limit_s)
        for number, rule in enumerate(self._rules):
            if rule.get("method", verb) == verb and fnmatch(path, rule["path"]):
                self._seen[number] += 1
                if 0 < self._seen[number] - rule.get("after", 0) <= rule.get("times", 10**9):
                    answer = _changed(answer, rule)
        return answer


def _changed(answer: HttpAnswer, rule: Rule) -> HttpAnswer:
    status = rule.get("status", answer.status)
    if "raw" in rule:
        return HttpAnswer(status, rule["raw"].encode())
    document = rule["replace"] if "replace" in rule else json.loads(answer.body)
    rows = document.get(rule["into"]) if "into" in rule else document
    if isinstance(rows, list):
        rows += rule.get("add", ())
    for place, value in rule.get("set", {}).items():
        _put(document, place.split("."), value)
    for row in rows if "each" in rule and isinstance(rows, list) else ():
        for place, value in rule["each"].items():
            _put(row, place.split("."), value)
    return HttpAnswer(status, json.dumps(document).encode())


def _put(document: Any, place: Sequence[str], value: object) -> None:  # noqa: ANN401 - any JSON
    """Put a value at a place; an answer that has no such place stays as it is."""
    *way, last = place
    try:
        for step in way:
            document = document[int(step)] if isinstance(document, list) else document[step]
        key = int(last) if isinstance(document, list) else last
        if value == DROP:
            del document[key]
        else:
            document[key] = value
    except (IndexError, KeyError, TypeError, ValueError):
        return
