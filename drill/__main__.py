"""python -m drill: the trading system against everything that goes wrong; exit 0 when every invariant held."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from drill import kill_points
from drill.hunt import hunt, problem, replay_stored, shrunk
from drill.kill_report import KillTally, told
from drill.killing import kill_runs
from drill.mutants import MUTANTS, UnknownMutantError
from drill.report import Tally, as_json, finding
from drill.schedule import Schedule, ScheduleError, read, write
from drill.shrink import smallest
from drill.tasks import Setting, Task, begin, run_all, tasks
from drill.trial import Verdict, try_out
from drill.world import CONFIG
from simulator.config import SettingError
from trading.errors import TradingError
from trading.monitoring.wall_clock import WallClock

FINDINGS = Path("state") / "drill"
WELL, VIOLATED, BAD_INPUT = 0, 1, 2
# A broken build finds hundreds: the first few are made smaller, each for so long at most.
MOST_SHRUNK, SHRINK_S = 5, 60.0


class _Command:
    """One run of the command."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._clock = WallClock().monotonic
        self._began = self._clock()
        self._tally = Tally()
        self._shrunk = 0

    def run(self) -> int:
        chosen = self._arguments
        if chosen.mutant is not None:
            return self._hunt(tuple(MUTANTS) if chosen.mutant == "all" else (chosen.mutant,))
        if chosen.planted:
            return self._planted()
        if chosen.kill_points is not None:
            return self._kill(kill_points.chosen(chosen.kill_points))
        if chosen.replay is not None:
            return self._replay(chosen.replay)
        swarm = not (chosen.singles or chosen.pairs or chosen.always or chosen.crowded) or chosen.swarm
        wanted = tasks(
            chosen.seeds,
            swarm=swarm,
            singles=chosen.singles,
            pairs=chosen.pairs,
            without_end=chosen.always,
            crowds=chosen.crowded,
        )
        until = None if chosen.seconds is None else self._began + chosen.seconds
        drawn = 0
        for task, verdict in run_all(wanted, Setting(chosen.config), chosen.jobs, self._clock, until):
            self._tally.add(verdict)
            self._tell(task, verdict)
            drawn += task.kind == "swarm"
        if swarm and drawn < len(chosen.seeds) and not chosen.json:
            print(f"time is over: {drawn} of {len(chosen.seeds)} seeds of the swarm were run")  # noqa: T201
        return self._end()

    def _hunt(self, names: Sequence[str]) -> int:
        """Look for each planted bug; store the schedule that finds it."""
        chosen, missed = self._arguments, 0
        for name in names:
            wanted = tasks(chosen.seeds, swarm=not chosen.singles or chosen.swarm, singles=chosen.singles)
            until = None if chosen.seconds is None else self._clock() + chosen.seconds
            find = hunt(name, wanted, chosen.config, chosen.jobs, self._clock, until)
            if find is None:
                missed += 1
                print(f"{name}: not found", flush=True)  # noqa: T201
                continue
            world = begin(chosen.config)
            schedule = shrunk(name, find, world) if chosen.shrink else find.schedule
            _store(FINDINGS / f"{name}.json", schedule)
            doubt = problem(name, schedule, world)
            print(f"{name}: found by {find.task.name}: {doubt or find.violation}", flush=True)  # noqa: T201
        return VIOLATED if missed else WELL

    def _planted(self) -> int:
        """Replay the stored schedule of each planted bug."""
        missed = 0
        for name, doubt in replay_stored(self._arguments.config):
            missed += doubt is not None
            print(f"{name}: {doubt or 'found, and silent without it'}", flush=True)  # noqa: T201
        return VIOLATED if missed else WELL

    def _kill(self, names: Sequence[str]) -> int:
        """Kill the trading system's own process at named points; one that no seed reached counts as a failure."""
        chosen, tally = self._arguments, KillTally(names)
        until = None if chosen.seconds is None else self._began + chosen.seconds
        for done in kill_runs(names, chosen.seeds, begin(chosen.config), self._clock, until):
            tally.add(done)
            for line in told(done, as_json=chosen.json):
                print(line, flush=True)  # noqa: T201
        for line in tally.lines(self._clock() - self._began, as_json=chosen.json):
            print(line)  # noqa: T201
        return WELL if tally.is_well else VIOLATED

    def _replay(self, file: Path) -> int:
        schedule = read(file.read_bytes())
        world = begin(self._arguments.config)
        verdict = try_out(schedule, world)
        self._tally.add(verdict)
        self._print(verdict, file.stem, f"python -m drill --replay {file}")
        return self._end()

    def _tell(self, task: Task, verdict: Verdict) -> None:
        if verdict.violations and self._arguments.shrink is not False and self._shrunk < MOST_SHRUNK:
            self._shrunk += 1
            verdict = self._smallest(verdict)
        file = FINDINGS / f"{task.name}.json"
        if verdict.violations:
            _store(file, verdict.schedule)
        self._print(verdict, task.name, f"python -m drill --replay {file}")

    def _smallest(self, verdict: Verdict) -> Verdict:
        """Return the verdict of the smallest schedule found in time that violates the same invariant first."""
        world = begin(self._arguments.config)
        invariant = verdict.violations[0].invariant
        until = self._clock() + SHRINK_S

        def finds(schedule: Schedule) -> bool:
            if self._clock() >= until:
                return False
            try:
                found = try_out(schedule, world).violations
            except (SettingError, TradingError):
                return False
            return bool(found) and found[0].invariant == invariant

        smaller = try_out(smallest(verdict.schedule, finds), world)
        return smaller if smaller.violations else verdict

    def _print(self, verdict: Verdict, name: str, replay: str) -> None:
        if self._arguments.json:
            print(msgspec.json.encode(as_json(name, verdict)).decode(), flush=True)  # noqa: T201
        elif verdict.violations:
            print("\n".join(finding(name, verdict, replay)), flush=True)  # noqa: T201

    def _end(self) -> int:
        seconds = self._clock() - self._began
        if self._arguments.json:
            print(msgspec.json.encode(self._tally.as_json(seconds)).decode())  # noqa: T201
        else:
            print("\n".join(self._tally.lines(seconds)))  # noqa: T201
        return VIOLATED if self._tally.violations or self._tally.doubt else WELL


def _store(file: Path, schedule: Schedule) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(write(schedule))


def _seeds(text: str) -> range:
    first, colon, end = text.partition(":")
    if not first.isdigit() or (colon and not end.isdigit()):
        problem = f"{text!r}: write it like 0:200, the end left out of it"
        raise argparse.ArgumentTypeError(problem)
    seeds = range(int(first), int(end) if colon else int(first) + 1)
    if not seeds:
        problem = f"{text!r}: there is no seed in it"
        raise argparse.ArgumentTypeError(problem)
    return seeds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m drill",
        description="Drives the trading system through seeded schedules of faults, deaths, deeds by hand, requests and "
        "unknown broker behaviour, and judges each by its invariants (docs/drill.md).",
    )
    parser.add_argument("--seeds", type=_seeds, default=range(20), metavar="A:B", help="which, B left out (0:20)")
    parser.add_argument("--swarm", action="store_true", help="the swarm too, beside the other kinds")
    parser.add_argument("--singles", action="store_true", help="every fault alone, on each role that it can meet")
    parser.add_argument("--pairs", action="store_true", help="every two faults")
    parser.add_argument("--always", action="store_true", help="every fault on all its calls for a while (1,200 a seed)")
    parser.add_argument("--crowded", action="store_true", help="the swarm with the faults of another seed as well")
    parser.add_argument("--config", type=Path, default=CONFIG, help="config.json of the trading system")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--seconds", type=float, metavar="S", help="begin nothing more after that many seconds")
    parser.add_argument(
        "--shrink",
        action=argparse.BooleanOptionalAction,
        help=f"make the schedules that find something smaller: by default the first {MOST_SHRUNK}, for a minute each, "
        "and none of --mutant",
    )
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run one schedule from its file")
    parser.add_argument("--mutant", metavar="NAME", help="plant a bug (or all, one by one) and look who finds it")
    parser.add_argument("--planted", action="store_true", help="replay the stored schedules that found planted bugs")
    parser.add_argument(
        "--kill-points",
        metavar="K05,K06",
        help="kill the trading system as a process of its own, over HTTPS, at named points (or all, or random)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a schedule, and one for all")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        return _Command(parsed).run()
    except (ScheduleError, SettingError, TradingError, UnknownMutantError, OSError) as fault:
        print(f"drill: {fault}", file=sys.stderr)  # noqa: T201
        return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
