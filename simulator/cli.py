"""The command line: one clear line for anything that is wrong with it, exit 2; a taken port, exit 1."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import FrameType
from typing import NoReturn

from simulator import schedule
from simulator.choices import all_choices
from simulator.config import Behaviour, SettingError, SimulatorConfig, apply_settings
from simulator.core import Simulator
from simulator.fault_plan import PlanRequest
from simulator.faults.catalogue import listing
from simulator.faults.reading import parse_plan, prepare
from simulator.market.replayed import BadBars, ReplayedMarket
from simulator.server.listener import Server
from simulator.server.tls import ensure_certificate, server_context
from simulator.truth import StateMismatchError

BUNDLED_BARS = Path(__file__).resolve().parent.parent / "data" / "us_daily.csv.gz"
SESSIONS_BEFORE = 300
MOST_SHOWN = 10
LOCK_FILE = "simulator.lock"
FAILED, BAD_INPUT = 1, 2


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(BAD_INPUT, f"simulator: {message} (--help lists the options)\n")


class _ListSettings(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_arguments: object) -> NoReturn:
        """Print each setting with its default, its values and its meaning."""
        lines = (f"{each.name}={each.default}\n    {each.values}: {each.meaning}\n" for each in all_choices())
        sys.stdout.write("".join(lines))
        parser.exit()


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        problem = f"{text!r} is no day; write YYYY-MM-DD"
        raise argparse.ArgumentTypeError(problem) from None


def _amount(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < float("inf"):
        problem = f"{text!r} is not a number of 0 or more"
        raise argparse.ArgumentTypeError(problem)
    return value


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65_535:  # noqa: PLR2004
        problem = f"{text!r} is not a port (0 to 65535; 0 takes a free one)"
        raise argparse.ArgumentTypeError(problem)
    return int(text)


def _account(text: str) -> str:
    if not (text.isalnum() and text.isascii()):
        problem = f"{text!r} is no account id; for example DU1234567"
        raise argparse.ArgumentTypeError(problem)
    return text


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m simulator`."""
    parser = _Parser(
        prog="python -m simulator", description="IBKR's Client Portal API on a replayed market; see docs/simulator.md."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=_port, default=5055, help="port to listen on, 0 for a free one (%(default)s)")
    parser.add_argument(
        "--bars", type=Path, default=BUNDLED_BARS, help="daily bars, CSV (gzip too) or Parquet (those that are bundled)"
    )
    parser.add_argument(
        "--start",
        type=_day,
        help="first day, YYYY-MM-DD; the clock begins at the open of its session (one with a year of bars before it)",
    )
    parser.add_argument(
        "--speed",
        type=_amount,
        default=1.0,
        help="simulated seconds in a real one; 0: time moves by /sim/advance only (%(default)g)",
    )
    parser.add_argument(
        "--cash", type=_amount, default=10_000.0, help="cash that the account begins with, USD (%(default)g)"
    )
    parser.add_argument("--account", type=_account, default="DU1234567", help="account id (%(default)s)")
    parser.add_argument("--auto-login", action="store_true", help="be logged in from the start, and after each restart")
    parser.add_argument(
        "--pacing",
        choices=("real", "off"),
        default="real",
        help="the documented limits on calls, with answers that take as long as real ones, or neither (%(default)s)",
    )
    parser.add_argument("--seed", type=int, default=1, help="what ids and faults are drawn from (%(default)s)")
    parser.add_argument(
        "--state",
        type=Path,
        help="folder for the truth log, from which a restart goes on, and the certificate (none: all is forgotten)",
    )
    parser.add_argument("--plain-http", action="store_true", help="no TLS, to stand behind the real gateway program")
    parser.add_argument("--faults", type=Path, help="faults to switch on at the start, as POST /sim/faults takes them")
    parser.add_argument("--list-faults", action="store_true", help="show every fault with its parameters, and end")
    parser.add_argument(
        "--schedule",
        type=Path,
        help="external events at simulated times (splits, halts), as POST /sim/schedule takes them",
    )
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="how the broker behaves where that is unknown or a choice; may be repeated; see --list-settings",
    )
    parser.add_argument("--symbols", default="", help="symbols that the bars have to hold, separated by commas")
    parser.add_argument("--check", action="store_true", help="say whether it could begin with these options, and end")
    parser.add_argument("--list-settings", action=_ListSettings, nargs=0, help="list what --set takes, and exit")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run the simulator until it is told to stop; return the exit code."""
    options = build_parser().parse_args(arguments)
    if options.list_faults:
        sys.stdout.write(listing())
        return 0
    if options.check:
        return _check(options)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    if options.state is None:
        with tempfile.TemporaryDirectory(prefix="simulator-") as folder:
            return _run(options, Path(folder), durable=False)
    try:
        with _held(options.state):
            return _run(options, options.state, durable=True)
    except BlockingIOError:
        return _complain(f"--state {options.state}: another simulator uses this folder", FAILED)
    except OSError as fault:
        return _complain(f"--state {options.state}: {fault.strerror or fault}", BAD_INPUT)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep other simulators off a state folder; the lock ends with this process, whatever ends it.

    Raises:
        BlockingIOError: another one has it.
        OSError: it can't be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK_FILE, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _run(options: argparse.Namespace, folder: Path, *, durable: bool) -> int:
    try:
        simulator = _build(options, folder if durable else None)
        context = None if options.plain_http else server_context(*ensure_certificate(folder))
    except (BadBars, StateMismatchError, ValueError) as fault:
        return _complain(str(fault), BAD_INPUT)
    except OSError as fault:
        return _complain(f"--state {folder}: {fault.strerror or fault}", BAD_INPUT)
    try:
        server = Server(simulator, options.host, options.port, context)
    except (OSError, UnicodeError) as fault:
        simulator.close()
        reason = getattr(fault, "strerror", None) or fault
        return _complain(f"can't listen on {options.host} port {options.port}: {reason}", FAILED)
    return _serve(options, simulator, server)


def _check(options: argparse.Namespace) -> int:
    try:
        _build(options, None).close()
    except (BadBars, ValueError) as fault:
        return _complain(str(fault), BAD_INPUT)
    return 0


def _check_symbols(text: str, market: ReplayedMarket) -> None:
    """Refuse symbols that the bars don't hold: nothing could be traded of them."""
    held = market.panel.symbols
    missing = sorted({symbol.strip() for symbol in text.split(",")} - {"", *held})
    if missing:
        shown = ", ".join(missing[:MOST_SHOWN]) + (
            f" and {len(missing) - MOST_SHOWN} more" * (len(missing) > MOST_SHOWN)
        )
        problem = f"the bars hold no {shown}; they hold {len(held)} symbols, {held[0]} to {held[-1]}"
        raise SettingError("--symbols", problem)


def _check_start(start: str, market: ReplayedMarket) -> None:
    first = str(market.panel.sessions[0])
    if start < first:
        raise SettingError("--start", f"the bars begin on {first}")


def _build(options: argparse.Namespace, state: Path | None) -> Simulator:
    behaviour = apply_settings(Behaviour(), tuple(options.settings))
    market = ReplayedMarket.load(options.bars)
    _check_symbols(options.symbols, market)
    if options.start is not None:
        _check_start(options.start, market)
    config = SimulatorConfig(
        account_id=options.account,
        cash=options.cash,
        start=options.start or start_with_history(market),
        speed=options.speed,
        auto_login=options.auto_login,
        pacing=options.pacing == "real",
        seed=options.seed,
        state_dir=state,
        behaviour=behaviour,
    )
    plan = _read_faults(options.faults) if options.faults is not None else None
    simulator = Simulator(config, market)
    if plan is not None and not simulator.broker.faults.planned:
        planned = [prepare(fault) for fault in plan.faults]
        simulator.broker.plan_faults(planned, clear=plan.clear, seed=plan.seed)
    if options.schedule is not None and not simulator.broker.scheduled:
        _plan_schedule(simulator, options.schedule)
    return simulator


def start_with_history(market: ReplayedMarket) -> str:
    """Return the day on which the clock begins unless one is asked for: clients find a year of bars before it.

    Where the bars are too short to leave as many behind it, that is their first day.
    """
    sessions = market.panel.sessions
    row = SESSIONS_BEFORE if len(sessions) > 2 * SESSIONS_BEFORE else 0
    return str(sessions[row])


def _plan_schedule(simulator: Simulator, path: Path) -> None:
    try:
        with simulator.locked() as broker:
            schedule.plan(broker, path.read_bytes())
    except (OSError, ValueError) as fault:
        setting = f"--schedule {path}"
        raise SettingError(setting, str(fault)) from fault


def _read_faults(path: Path) -> PlanRequest:
    try:
        return parse_plan(path.read_bytes())
    except (OSError, ValueError) as fault:
        raise SettingError("--faults", str(fault)) from fault


def _serve(options: argparse.Namespace, simulator: Simulator, server: Server) -> int:
    def stop(_number: int, _frame: FrameType | None) -> None:
        server.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    scheme = "http" if options.plain_http else "https"
    host = f"[{options.host}]" if ":" in options.host else options.host
    logging.getLogger(__name__).info(
        "simulated gateway on %s://%s:%d, account %s, pid %d",
        scheme,
        host,
        server.port,
        options.account,
        os.getpid(),
    )
    server.serve()
    simulator.close()
    if server.failure is not None:
        return _complain(str(server.failure), FAILED)
    return 0


def _complain(line: str, code: int) -> int:
    sys.stderr.write(f"simulator: {' '.join(line.split())}\n")
    return code
