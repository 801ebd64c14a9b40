"""tools/setup.sh on machines that lack something: one clear line each, nothing half made left behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = ("sh", "cat", "cmp", "cp", "dirname", "mkdir", "mktemp", "rm", "tail")


class Machine:
    """A checkout and a PATH with nothing but the plain commands and the given interpreters."""

    def __init__(self, folder: Path, project_root: Path) -> None:
        self.checkout = folder / "checkout"
        self._bin = folder / "bin"
        self._bin.mkdir()
        for command in COMMANDS:
            (self._bin / command).symlink_to(shutil.which(command) or command)
        (self.checkout / "tools").mkdir(parents=True)
        shutil.copy(project_root / "tools" / "setup.sh", self.checkout / "tools")

    def interpreter(self, name: str, script: str) -> None:
        path = self._bin / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def set_up(self) -> tuple[int, str]:
        done = subprocess.run(
            [str(self._bin / "sh"), str(self.checkout / "tools" / "setup.sh"), "run"],
            env={"PATH": str(self._bin)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def environment_exists(self) -> bool:
        return (self.checkout / ".venv").exists()


@pytest.fixture
def machine(tmp_path: Path, project_root: Path) -> Machine:
    return Machine(tmp_path, project_root)


def test_no_python_is_said_in_one_line(machine: Machine) -> None:
    code, output = machine.set_up()
    assert code == 1
    assert output.count("\n") == 1
    assert "python3 is not installed" in output
    assert "apt install python3 python3-venv" in output


def test_python_of_another_version_is_named_in_one_line(machine: Machine) -> None:
    machine.interpreter("python3", 'case "$2" in *exit*) exit 1 ;; *) echo 3.10 ;; esac')
    code, output = machine.set_up()
    assert code == 1
    assert output.count("\n") == 1
    assert "python3 is Python 3.10, and 3.11, 3.12 or 3.13 is needed" in output


def test_python_without_venv_leads_to_the_package_to_install(machine: Machine) -> None:
    machine.interpreter("python3", f'case "$2" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"')
    code, output = machine.set_up()
    assert code == 1
    assert output == (
        "setup: python3 cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv\n"
    )
    assert not machine.environment_exists()


def test_environment_that_cannot_be_made_leaves_nothing_behind(machine: Machine) -> None:
    machine.interpreter(
        "python3",
        f'if [ "$2" = venv ]; then mkdir "$3"; echo "disk full"; exit 1; fi\nexec {sys.executable} "$@"',
    )
    code, output = machine.set_up()
    assert code == 1
    assert output == "setup: cannot make .venv: disk full\n"
    assert not machine.environment_exists()


def test_newer_named_interpreter_is_used_when_python3_is_too_old(machine: Machine) -> None:
    machine.interpreter("python3", 'case "$2" in *exit*) exit 1 ;; *) echo 3.9 ;; esac')
    machine.interpreter("python3.13", 'case "$2" in *exit*) exit 0 ;; *) exit 1 ;; esac')
    code, output = machine.set_up()
    assert code == 1
    assert "python3.13 cannot make virtual environments" in output


def test_wrong_argument_is_refused(machine: Machine, project_root: Path) -> None:
    done = subprocess.run(
        [str(project_root / "tools" / "setup.sh"), "everything"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "setup: usage: tools/setup.sh run|dev|notify\n")
