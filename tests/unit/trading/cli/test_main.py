from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.unit.trading.cli.conftest import Shell
from trading.cli.main import Commands, commands, main

OWN = ("run", "halt", "resume", "flatten", "status", "doctor")


def test_help_names_every_command(shell: Shell) -> None:
    done = shell.run("--help")
    assert done.code == 0
    assert {name for name in OWN if f"  {name} " in done.out} == set(OWN)


def test_list_of_commands_has_each_that_there_is() -> None:
    context = click.Context(commands)
    there_are = {
        value.name
        for module in ("operate", "status", "doctor.command", "notify", "reconcile", "research")
        for value in vars(importlib.import_module(f"trading.cli.{module}")).values()
        if isinstance(value, click.Command)
    }
    assert set(commands.list_commands(context)) == there_are
    for name in commands.list_commands(context):
        command = commands.get_command(context, name)
        assert command is not None
        assert command.name == name


@pytest.mark.parametrize("name", OWN)
def test_each_command_explains_itself(shell: Shell, name: str) -> None:
    done = shell.run(name, "--help")
    assert done.code == 0
    assert f"python -m trading {name}" in done.out
    assert len(done.out.splitlines()) > 4


def test_without_a_command_the_help_is_shown_and_the_input_bad(shell: Shell) -> None:
    done = shell.run()
    assert (done.code, "Commands:" in done.out + done.err) == (2, True)


@pytest.mark.parametrize("arguments", [("dance",), ("status", "--nope"), ("halt", "--wait", "soon"), ("status", "x")])
def test_bad_input_is_one_line_and_exit_2(shell: Shell, arguments: tuple[str, ...]) -> None:
    done = shell.run(*arguments)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (".env", b"MAX_POSITIONS=many\n"),
        (".env", b"MAX_POSITIONS=-1\n"),
        (".env", b"\xff\xfe\x00bad"),
        ("config.json", b"{"),
        ("config.json", b'{"risk": {"max_positons": 3}}'),
        ("config.json", b""),
    ],
)
@pytest.mark.parametrize("command", ["status", "halt", "doctor", "run"])
def test_bad_setting_is_one_line_and_exit_2_before_anything_is_made(
    shell: Shell, file: str, content: bytes, command: str
) -> None:
    (shell.folder / file).write_bytes(content)
    done = shell.run(command)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "Traceback" not in done.err
    assert not shell.state.exists()


def test_module_runs_as_a_program(shell: Shell, project_root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(project_root)}
    command = [sys.executable, "-m", "trading", "status", "--json"]
    done = subprocess.run(command, capture_output=True, check=False, env=environment, cwd=shell.folder, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"{")


def test_unknown_command_is_none_to_click() -> None:
    assert isinstance(commands, Commands)
    assert commands.get_command(click.Context(commands), "dance") is None


def test_what_this_user_may_not_touch_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    refused = PermissionError(13, "Permission denied", "/state/trading.db")
    assert main(["status"], group=_Refusing(refused)) == 1
    fix = "give it to the user who runs this, or run it as its owner"
    assert capsys.readouterr().err == f"/state/trading.db: Permission denied: {fix}\n"


class _Refusing(click.Group):
    """A group of commands of which each meets an error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        raise self._error
