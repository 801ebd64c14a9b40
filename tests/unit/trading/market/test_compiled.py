from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import FunctionType

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


def test_function_is_compiled_also_where_nothing_can_be_kept(tmp_path: Path) -> None:
    # A function from no file has nowhere to be kept.
    names: dict[str, Callable[[float], float]] = {}
    code = compile("def half(number):\n    return number / 2.0\n", str(tmp_path / "<none>"), "exec")
    half = compiled(FunctionType(code.co_consts[0], names))
    assert half(3.0) == 1.5


def test_function_in_a_folder_whose_name_the_locale_does_not_know_is_compiled(tmp_path: Path) -> None:
    # What Python makes of such a name is no text that can be written down.
    source = tmp_path / "syst\udcc3\udca8me" / "half.py"
    source.parent.mkdir()
    source.write_text("def half(number):\n    return number / 2.0\n", encoding="utf-8")
    names: dict[str, Callable[[float], float]] = {}
    code = compile(source.read_text(encoding="utf-8"), str(source), "exec")
    assert compiled(FunctionType(code.co_consts[0], names))(3.0) == 1.5
