"""The rules of CONTRIBUTING.md that no linter knows. Each test names every place that breaks its rule."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("trading", "simulator", "webapp", "drill")
SCRIPTS = ("deploy", "tools")
LOCK_FILES = tuple(sorted(path.name for path in ROOT.glob("requirements*.txt")))

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_PUBLIC_METHODS = 15

VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
UNSAFE_CALLS = {"eval", "exec", "system", "popen", "_create_unverified_context"}
UNSAFE_ARGUMENTS = {("verify", False), ("shell", True)}
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill"}


def modules_of(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def place(path: Path, node: ast.stmt | ast.expr) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def test_product_packages_are_found() -> None:
    assert modules_of("trading")


def test_no_module_is_longer_than_its_ceiling() -> None:
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for path in modules_of(*PACKAGES, *SCRIPTS, "tests", "bench")
    }
    too_long = [f"{path.relative_to(ROOT)}: {n} lines" for path, n in lengths.items() if n > MAX_MODULE_LINES]
    assert too_long == []


def test_no_function_is_longer_than_its_ceiling() -> None:
    too_long = []
    for path in modules_of(*PACKAGES, *SCRIPTS, "bench"):
        for node in nodes_of(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MAX_FUNCTION_LINES:
                    too_long.append(f"{place(path, node)} {node.name}: {lines} lines")
    assert too_long == []


def test_no_class_has_more_public_methods_than_its_ceiling() -> None:
    too_wide = []
    for path in modules_of(*PACKAGES):
        for node in nodes_of(path):
            if isinstance(node, ast.ClassDef):
                names = {f.name for f in node.body if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef)}
                public = sum(not name.startswith("_") for name in names)
                if public > MAX_PUBLIC_METHODS:
                    too_wide.append(f"{place(path, node)} {node.name}: {public} public methods")
    assert too_wide == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [str(path.relative_to(ROOT)) for path in modules_of(*PACKAGES) if path.stem in VAGUE_NAMES] == []


def twin_of(path: Path) -> Path:
    module = path.relative_to(ROOT)
    return ROOT / "tests" / "unit" / module.parent / f"test_{module.name}"


def test_every_module_has_its_unit_tests_at_the_mirrored_path() -> None:
    tested = [path for path in modules_of(*PACKAGES, *SCRIPTS) if not path.stem.startswith("__")]
    missing = [str(twin_of(path).relative_to(ROOT)) for path in tested if not twin_of(path).is_file()]
    assert missing == [], "not there:\n  " + "\n  ".join(missing)


def imported_by(path: Path) -> set[str]:
    """Return the top-level packages that a module imports, wherever in it."""
    names: set[str] = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_pandas_is_imported_in_one_module() -> None:
    importers = [str(path.relative_to(ROOT)) for path in modules_of(*PACKAGES) if "pandas" in imported_by(path)]
    assert importers == ["trading/market/bar_files.py"]


def switched_off(name: str | None, value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and (name, value.value) in UNSAFE_ARGUMENTS


def unsafe_names(node: ast.AST) -> list[str]:
    """Return what `node` itself uses of the things that are never allowed."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in UNSAFE_CALLS:
            return [name]
        case (
            ast.keyword(arg=argument, value=value) | ast.Assign(targets=[ast.Attribute(attr=argument)], value=value)
        ) if switched_off(argument, value):
            return [f"{argument} = {ast.unparse(value)}"]
        case ast.Attribute(attr="CERT_NONE") | ast.alias(name="CERT_NONE"):
            return ["CERT_NONE"]
        case ast.Import(names=aliases):
            return [alias.name for alias in aliases if alias.name.partition(".")[0] in UNSAFE_MODULES]
        case ast.ImportFrom(module=str() as module) if module.partition(".")[0] in UNSAFE_MODULES:
            return [module]
        case _:
            return []


def test_nothing_skips_certificate_checks_or_runs_data_as_code() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', '?')} {name}"
        for path in modules_of(*PACKAGES, *SCRIPTS, "bench")
        for node in nodes_of(path)
        for name in unsafe_names(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "requests.get(url, verify=False)",
        "session.verify = False",
        "context.verify_mode = ssl.CERT_NONE",
        "from ssl import CERT_NONE",
        "ssl._create_unverified_context()",
        "eval(text)",
        "exec(text)",
        "import pickle",
        "from pickle import loads",
        "subprocess.run(command, shell=True)",
        "os.system(command)",
    ],
)
def test_unsafe_line_is_recognised(line: str) -> None:
    assert [name for node in ast.walk(ast.parse(line)) for name in unsafe_names(node)]


def locked(name: str) -> dict[str, list[str]]:
    """Return the hashes by requirement (`numpy==2.4.6 ; python_full_version < '3.12'`)."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    requirements = {}
    for line in text.splitlines():
        requirement, *hashes = re.split(r"\s+--hash=", line.strip())
        requirements[requirement] = hashes
    return requirements


def test_lock_files_are_found() -> None:
    assert {"requirements.txt", "requirements-dev.txt"} <= set(LOCK_FILES)


@pytest.mark.parametrize("name", LOCK_FILES)
def test_every_requirement_is_one_version_with_its_hashes(name: str) -> None:
    wrong = [
        requirement
        for requirement, hashes in locked(name).items()
        if not re.match(r"[a-z0-9-]+==[0-9][^ ]*( ; .+)?$", requirement)
        or not hashes
        or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", [*LOCK_FILES, "package-lock.json"])
def test_lock_file_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"\S*://\S*|--(?:extra-)?index-url\S*|--find-links\S*|--trusted-host\S*|\"resolved\"", text) == []


def test_what_runs_is_locked_to_the_versions_that_are_tested() -> None:
    assert set(locked("requirements.txt")) - set(locked("requirements-dev.txt")) == set()


def test_every_front_end_package_has_its_hash() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    del packages[""]
    assert packages
    assert [name for name, package in packages.items() if not package.get("integrity", "").startswith("sha512-")] == []
