from __future__ import annotations

from pathlib import Path

from simulator.faults import KINDS
from simulator.faults.reading import parse_plan
from tools.fault_table import PART

PAGE = Path(__file__).resolve().parents[3] / "docs" / "faults.md"


def test_page_is_what_the_faults_declare() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert PART.put(text) == text, "run: python tools/fault_table.py docs/faults.md"


def test_every_fault_and_parameter_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    names = [kind.id for kind in KINDS.values()]
    names += [f"`{parameter.name}`" for kind in KINDS.values() for parameter in kind.parameters]
    assert [name for name in names if name not in text] == []


def test_example_of_the_page_is_a_plan() -> None:
    text = PAGE.read_text(encoding="utf-8")
    plan = text.partition("-d '")[2].partition("'")[0]
    assert [fault.id for fault in parse_plan(plan.encode()).faults] == ["T04", "O10", "H05"]
