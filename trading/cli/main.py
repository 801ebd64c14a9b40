"""The group of commands, and what an error becomes: one line and an exit code, never a traceback."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from types import ModuleType

import click

from trading.errors import ConfigError, InstanceRunning, TradingError

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_RUNNING = 3

# Modules of commands, loaded only when one of theirs is asked for: research brings compiled code with it.
_MODULES = ("trading.cli.operate", "trading.cli.status", "trading.cli.doctor", "trading.cli.research")
_HOME = {
    "run": "trading.cli.operate",
    "halt": "trading.cli.operate",
    "resume": "trading.cli.operate",
    "flatten": "trading.cli.operate",
    "status": "trading.cli.status",
    "doctor": "trading.cli.doctor",
}


class Commands(click.Group):
    """Finds commands in their modules when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(name for module in _MODULES for name in _commands_of(module))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, None where there is none of that name."""
        for module in (_HOME[cmd_name],) if cmd_name in _HOME else _MODULES:
            found = _commands_of(module).get(cmd_name)
            if found is not None:
                return found
        return None


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def commands() -> None:
    """Trade US stocks on Interactive Brokers' Client Portal API, or on a simulated one.

    Settings come from the environment, .env and config.json of the folder that you are in.

    Exit: 0 done, 1 failed, 2 bad input, 3 another instance runs.
    """


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code."""
    try:
        code = commands.main(list(arguments), prog_name="python -m trading", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return EXIT_BAD_INPUT
    except (click.ClickException, click.Abort, TradingError) as error:
        text, code = _line_and_code(error)
        click.echo(" ".join(text.split()), err=True)
    except SystemExit as error:
        code = error.code
    return code if isinstance(code, int) else EXIT_DONE


def _line_and_code(error: Exception) -> tuple[str, int]:
    """Return the line that a person reads on stderr, and the exit code."""
    match error:
        case click.ClickException():
            return error.format_message(), error.exit_code
        case click.Abort():
            return "stopped; nothing was done", EXIT_FAILED
        case ConfigError():
            return str(error), EXIT_BAD_INPUT
        case InstanceRunning():
            return str(error), EXIT_RUNNING
        case _:
            return str(error), EXIT_FAILED


def _commands_of(module: str) -> dict[str, click.Command]:
    """Return the commands that a module defines, by name; none where the module is not there."""
    if importlib.util.find_spec(module) is None:
        return {}
    loaded: ModuleType = importlib.import_module(module)
    return {value.name: value for value in vars(loaded).values() if isinstance(value, click.Command) and value.name}
