"""The group of commands, and what an error becomes: one line and an exit code, never a traceback."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import click

from trading.errors import STORAGE, ConfigError, InstanceRunning, InvariantBroken, TradingError

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_RUNNING = 3
EXIT_NOT_NOW = 4
"""a file of ours is locked, or its disk is full or read-only: a later start may find it well"""


@dataclass(frozen=True, slots=True)
class _Home:
    """Where a command is, and its line in the list of all, so that the list loads none: research compiles code."""

    module: str
    line: str


_COMMANDS: Mapping[str, _Home] = MappingProxyType(
    {
        "backtest": _Home("research", "Replay the strategy over a file of daily bars."),
        "doctor": _Home(
            "doctor.command", "Check this machine, the gateway, login, account and market data; say what to do."
        ),
        "explain": _Home("research", "Show every rule for one SYMBOL on a day, and what would be ordered."),
        "flatten": _Home("operate", "Halt, and sell all shares that this system bought."),
        "halt": _Home("operate", "Stop trading: no new orders, protective stops stay."),
        "notify": _Home("notify", "Show what people were told and what failed, or try each address."),
        "reconcile": _Home("reconcile", "Show where own records and the broker differ, and decide about it."),
        "resume": _Home("operate", "Take back a halt, and risk limits that latched."),
        "run": _Home("operate", "Trade until stopped (Ctrl-C, SIGTERM)."),
        "screen": _Home("research", "Show how many symbols each rule lets through on a day, and who is left."),
        "status": _Home("status", "Show mode, readiness, positions with their stops, orders and trades."),
    }
)


class Commands(click.Group):
    """Finds commands in their modules when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, None where there is none of that name."""
        home = _COMMANDS.get(cmd_name)
        if home is None:
            return None
        loaded: object = getattr(importlib.import_module(f"trading.cli.{home.module}"), cmd_name)
        return loaded if isinstance(loaded, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name].line) for name in self.list_commands(ctx)])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def commands() -> None:
    """Trade US stocks on Interactive Brokers' Client Portal API, or on a simulated one.

    Settings come from the environment, .env and config.json of the folder that you are in.

    Exit: 0 done, 1 failed, 2 bad input, 3 another instance runs, 4 a file can't be used for now.
    """


def main(arguments: Sequence[str], *, group: click.Group = commands) -> int:
    """Run one command of a group and return the exit code."""
    try:
        code = group.main(list(arguments), prog_name="python -m trading", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return EXIT_BAD_INPUT
    except PermissionError as error:
        fix = "give it to the user who runs this, or run it as its owner"
        click.echo(f"{error.filename}: {error.strerror}: {fix}", err=True)
        return EXIT_FAILED
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
        case InvariantBroken() if error.invariant == STORAGE:
            return error.detail, EXIT_NOT_NOW
        case _:
            return str(error), EXIT_FAILED
