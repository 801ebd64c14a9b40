from __future__ import annotations

from pathlib import Path

from trading.market.compiled import compiled, source_digest


@compiled
def twice(number: float) -> float:
    return 2.0 * number


def test_compiled_function_computes_what_its_source_says() -> None:
    assert twice(1.25) == 2.5


def test_digest_changes_with_the_source_of_a_compiled_module_only(tmp_path: Path) -> None:
    rules, other = tmp_path / "rules.py", tmp_path / "other.py"
    rules.write_text("@compiled\ndef f(): ...\n")
    other.write_text("x = 1\n")
    before = source_digest(tmp_path)
    other.write_text("x = 2\n")
    assert source_digest(tmp_path) == before
    rules.write_text("@compiled\ndef f(): return 1\n")
    assert source_digest(tmp_path) != before
