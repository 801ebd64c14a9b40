from __future__ import annotations

from pathlib import Path

import pytest

from simulator.faults import KINDS
from simulator.faults.reading import parse_plan
from tools.fault_table import BEGIN, END, main, with_tables

PAGE = Path(__file__).resolve().parents[3] / "docs" / "faults.md"


def test_page_is_what_the_faults_declare() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert with_tables(text) == text, "run: python tools/fault_table.py docs/faults.md"


def test_every_fault_and_parameter_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    names = [kind.id for kind in KINDS.values()]
    names += [f"`{parameter.name}`" for kind in KINDS.values() for parameter in kind.parameters]
    assert [name for name in names if name not in text] == []


def test_example_of_the_page_is_a_plan() -> None:
    text = PAGE.read_text(encoding="utf-8")
    plan = text.partition("-d '")[2].partition("'")[0]
    assert [fault.id for fault in parse_plan(plan.encode()).faults] == ["T04", "O10", "H05"]


def test_page_is_written_and_checked(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    assert main([str(page), "--check"]) == 1
    assert main([str(page)]) == 0
    assert main([str(page), "--check"]) == 0
    assert page.read_text(encoding="utf-8").endswith(f"{END}\nafter\n")


@pytest.mark.parametrize("text", ["", BEGIN, f"{BEGIN}{END}{BEGIN}"])
def test_markers_have_to_be_there_once(text: str) -> None:
    with pytest.raises(ValueError, match="once"):
        with_tables(text)
