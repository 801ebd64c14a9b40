"""Draws schedules from a seed: the swarm, where much goes wrong at once, and single faults and pairs of them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from drill.schedule import ClientFault, Deed, Kill, Request, Schedule
from drill.unknowns import draw_behaviour
from drill.world import Day, World
from simulator.fault_plan import ROLES
from simulator.faults import KINDS
from simulator.faults.declaration import Choice, FaultKind, Flag, Number, Parameter

ENTRIES = Path(__file__).with_name("entries.csv")
LEFT_OUT = {"G11": "the trading system does not use the websocket yet"}
"""faults of the gateway that can't be drawn, with the reason"""
DRAWN = tuple(fault for fault in KINDS if fault not in LEFT_OUT)
CLIENT_FAULTS = ("T02", "T14", "T16", "T17")
ON = 0.15
"""chance of each fault to be on in a schedule of the swarm"""
FOR_GOOD = frozenset({"C05", "C07", "C10", "C11", "G08", "G09", "H16", "T13"})
"""faults after which a person has to act, or which stay to the end: most of what comes after them is not seen"""
FOR_GOOD_ON = 0.03
LASTING = frozenset({"C04", "H14"})
"""faults that may be there at every call for a while"""
LASTING_ON, LASTING_MINUTES = 0.5, (2.0, 90.0)
OVERLOAD_ON, OVERLOAD_S = 0.05, (30.0, 200.0)
PACED = 0.1
"""chance of a schedule of the swarm to be run within the API's limits"""
_MOST_TIMES = 3
_MOST_TIMES_OF = {"C06": 1}
"""how often what happens to the account happens in a schedule; no stock is split twice in a week"""
_MOST_SYMBOLS, _MOST_FAULTY_DAYS = 5, 3
SHORT_HOLDING = "strategy.trend_mean_reversion.max_holding_bars=1"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the strategy did in a session, were it alone: symbols that it entered, and how many sessions it held."""

    session: date
    symbols: tuple[str, ...]
    soon_over: tuple[str, ...]


@cache
def entries() -> tuple[Entry, ...]:
    """Return the sessions of the bundled bars in which the strategy enters something."""
    found: dict[date, list[tuple[str, int]]] = {}
    for line in ENTRIES.read_text(encoding="utf-8").splitlines()[1:]:
        entered, symbol, ended, _ = line.split(",")
        first = date.fromisoformat(entered)
        found.setdefault(first, []).append((symbol, (date.fromisoformat(ended) - first).days))
    return tuple(
        Entry(session, tuple(s for s, _ in rows), tuple(s for s, days in rows if days <= _MOST_FAULTY_DAYS))
        for session, rows in sorted(found.items())
    )


@dataclass(frozen=True, slots=True)
class Stage:
    """Where and when a schedule takes place."""

    symbols: list[str]
    days: tuple[Day, ...]
    clean: int
    """sessions before the faults begin"""

    @property
    def faults_at(self) -> str:
        """Return when the faults begin: an hour and a half before a session's open, or with the run."""
        day = self.days[self.clean]
        return (day.open if self.clean == 0 else day.open - timedelta(minutes=90)).isoformat()

    @property
    def heals_at(self) -> str:
        """Return when they end: after the close of the last faulty session."""
        return (self.days[-2].close + timedelta(minutes=30)).isoformat()

    @property
    def ends_at(self) -> str:
        """Return when the run is over: one session later."""
        return (self.days[-1].close + timedelta(minutes=30)).isoformat()

    def plain(self, seed: int) -> Schedule:
        """Return its schedule, in which nothing goes wrong yet."""
        return Schedule(
            seed=seed,
            symbols=self.symbols,
            start=self.days[0].day.isoformat(),
            faults_at=self.faults_at,
            heals_at=self.heals_at,
            ends_at=self.ends_at,
        )


def stage_of(rng: random.Random, world: World, clean: int, faulty: int, most_symbols: int) -> Stage:
    """Draw symbols and a start at which the strategy enters some of them within the first days."""
    every = entries()
    wanted = [entry for entry in every if entry.soon_over] if rng.random() < 0.6 else list(every)  # noqa: PLR2004
    entry = rng.choice(wanted[: -2 * _MOST_FAULTY_DAYS])
    first = next(index for index, day in enumerate(world.days) if day.day >= entry.session) - 1
    days = world.days[first : first + clean + faulty + 1]
    count = rng.randint(1, most_symbols)
    pool = [*rng.sample(entry.soon_over, len(entry.soon_over)), *rng.sample(entry.symbols, len(entry.symbols))]
    symbols = list(dict.fromkeys(pool))[:count]
    others = [symbol for symbol in world.market.panel.symbols if symbol not in symbols]
    if len(symbols) < count:
        symbols += rng.sample(others, min(count - len(symbols), 1))
    return Stage(sorted(symbols), days, clean)


def swarm(seed: int, world: World) -> Schedule:
    """Return the schedule of a seed: faults at random rates, deaths, deeds and requests over one to three sessions."""
    rng = random.Random(f"swarm/{seed}")  # noqa: S311  (a schedule, no secret)
    stage = stage_of(rng, world, rng.choice((0, 1, 1, 2)), rng.randint(1, _MOST_FAULTY_DAYS), _MOST_SYMBOLS)
    behaviour = draw_behaviour(rng)
    deeds = _deeds(rng, stage)
    reset = rng.random()
    if reset < 0.35:  # noqa: PLR2004
        behaviour += ["nightly_reset=true", f"reset_minutes={rng.randint(1, 45)}"]
    elif reset < 0.7:  # noqa: PLR2004
        deeds.append(Deed(_at(rng, stage), rng.choice(("lose_session", "compete"))))
    drawn = replace(
        stage.plain(seed),
        settings=[SHORT_HOLDING] if rng.random() < 0.4 else [],  # noqa: PLR2004
        behaviour=behaviour,
        faults=_lasting(
            [_fault(rng, KINDS[name]) for name in DRAWN if rng.random() < (FOR_GOOD_ON if name in FOR_GOOD else ON)],
            seed,
            stage,
        )
        + _overload(seed, stage),
        client_faults=_client_faults(rng),
        kills=_kills(rng, stage),
        requests=_requests(rng, stage),
        deeds=sorted(deeds, key=lambda deed: deed.at),
        # By a generator of its own: everything else of a seed stays as it was.
        paced=random.Random(f"paced/{seed}").random() < PACED,  # noqa: S311  (a schedule, no secret)
    )
    return _split_once(drawn)


def _split_once(drawn: Schedule) -> Schedule:
    """Return a schedule in which no stock is split twice in a week, by deeds or by fault C06."""
    most = 0 if any(fault["id"] == "C06" for fault in drawn.faults) else 1
    kept = [deed for deed in drawn.deeds if deed.do == "split"][:most]
    return replace(drawn, deeds=[deed for deed in drawn.deeds if deed.do != "split" or deed in kept])


def single(fault: str, role: str | None, seed: int, world: World) -> Schedule:
    """Return a schedule in which one fault meets calls of one role, and nothing else goes wrong."""
    rng = random.Random(f"{fault}/{role}/{seed}")  # noqa: S311  (a schedule, no secret)
    return _with_faults(rng, [(fault, role)], seed, world, f"{fault} on {role or 'its own calls'}")


def pair(first: tuple[str, str | None], second: tuple[str, str | None], seed: int, world: World) -> Schedule:
    """Return a schedule of two faults."""
    rng = random.Random(f"{first}/{second}/{seed}")  # noqa: S311  (a schedule, no secret)
    return _with_faults(rng, [first, second], seed, world, f"{first[0]} with {second[0]}")


def _with_faults(
    rng: random.Random, faults: Sequence[tuple[str, str | None]], seed: int, world: World, name: str
) -> Schedule:
    stage = stage_of(rng, world, rng.choice((0, 1)), 2, 2)
    roles = {role for _, role in faults}
    planned = [_fault(rng, KINDS[fault], role, alone=True) for fault, role in faults if fault in KINDS]
    client = [
        ClientFault(fault, role, rng.randint(1, 3), rng.randint(1, 5))  # type: ignore[arg-type]  # one of the four
        for fault, role in faults
        if fault in CLIENT_FAULTS
    ]
    # An order of a role has to be sent for its fault to be met: exits and cancels come of short holding, single stops
    # of a stop that somebody took away.
    deeds = [Deed(inside(rng, stage.days[-2]), "cancel", "stop")] if roles & {"stop", "modify"} else []
    return replace(
        stage.plain(seed),
        name=name,
        settings=[SHORT_HOLDING] if roles & {"exit", "cancel"} else [],
        faults=planned,
        client_faults=client,
        deeds=deeds,
        # Nothing may rest on the broker's own check.
        behaviour=rng.choice(([], ["duplicate_coid=none"])),
    )


def all_singles() -> tuple[tuple[str, str | None], ...]:
    """Return every fault with each role that it can meet, in a fixed order."""
    found: list[tuple[str, str | None]] = []
    for fault in sorted({*DRAWN, *CLIENT_FAULTS}):
        roles: Sequence[str | None] = ROLES if fault in CLIENT_FAULTS else roles_of(KINDS[fault])
        found += [(fault, role) for role in roles]
    return tuple(found)


def all_pairs() -> Iterator[tuple[tuple[str, str | None], tuple[str, str | None]]]:
    """Yield every two faults, each on the first role that it can meet, in a fixed order."""
    firsts: dict[str, str | None] = {}
    for fault, role in all_singles():
        firsts.setdefault(fault, role)
    yield from combinations(firsts.items(), 2)


def roles_of(kind: FaultKind) -> tuple[str | None, ...]:
    """Return the roles of the calls that a fault can meet; one that meets none of them, or all as one, has no role."""
    if kind.calls.method == "GET" or kind.ready is not None:
        return (None,)
    paths = " ".join(kind.calls.paths)
    if kind.calls.paths == ("*",):
        return (None, *ROLES)
    found: list[str] = []
    if "/orders" in paths and "POST" in (kind.calls.method, "POST"):
        found += ["entry", "exit", "stop"]
    if "/order/" in paths:
        found += [role for role, verb in (("modify", "POST"), ("cancel", "DELETE")) if kind.calls.method in ("*", verb)]
    if "/reply/" in paths:
        found.append("reply")
    return tuple(found) or (None,)


# ---- parts of a schedule


def _fault(rng: random.Random, kind: FaultKind, role: str | None = None, *, alone: bool = False) -> dict[str, Any]:
    selector: dict[str, Any] = {}
    if role is not None:
        selector["role"] = role
    if alone:
        selector["nth"] = rng.randint(1, 2) if role is not None or kind.ready is not None else rng.randint(1, 12)
        if rng.random() < 0.5 and kind.ready is None:  # noqa: PLR2004
            selector = {**selector, "times": rng.randint(1, 8)}
            del selector["nth"]
    else:
        selector["probability"] = round(_log_uniform(rng, 0.001, 0.3), 4)
        if kind.once or kind.ready is not None:
            # What happens to the account happens now and then, not with every tenth call.
            selector["times"] = min(rng.randint(1, _MOST_TIMES), _MOST_TIMES_OF.get(kind.id, _MOST_TIMES))
    parameters = {}
    for parameter in kind.parameters:
        value = _value(rng, parameter)
        if value is not None and value != parameter.default:
            parameters[parameter.name] = value
    return {"id": kind.id, "selector": selector, "parameters": parameters}


def _lasting(faults: list[dict[str, Any]], seed: int, stage: Stage) -> list[dict[str, Any]]:
    """Let some lists be empty at every look for a while, as in an outage, where others are now and then.

    By a generator of its own: everything else of a seed stays as it was.
    """
    rng = random.Random(f"lasting/{seed}")  # noqa: S311  (a schedule, no secret)
    for fault in faults:
        if fault["id"] in LASTING and rng.random() < LASTING_ON:
            begins = datetime.fromisoformat(_at(rng, stage))
            ends = begins + timedelta(minutes=_log_uniform(rng, *LASTING_MINUTES))
            fault["selector"] = {"after": begins.isoformat(), "until": ends.isoformat()}
    return faults


def _overload(seed: int, stage: Stage) -> list[dict[str, Any]]:
    """Let a gateway now and then be too busy: an order's answer is lost, and no list shows what is new for minutes.

    That is less than it takes to prove an absence. By a generator of its own, as above.
    """
    rng = random.Random(f"overload/{seed}")  # noqa: S311  (a schedule, no secret)
    if rng.random() >= OVERLOAD_ON:
        return []
    day = rng.choice(stage.days[stage.clean : -1])
    begins = (day.open - timedelta(hours=1)).isoformat()
    hidden_s = round(_log_uniform(rng, *OVERLOAD_S), 1)
    lost = {"role": rng.choice(("entry", "stop", "exit")), "after": begins, "times": 1}
    return [
        {"id": "T05", "selector": lost, "parameters": {}},
        {
            "id": "O09",
            "selector": {"after": begins, "until": day.close.isoformat()},
            "parameters": {"seconds": hidden_s},
        },
    ]


def _value(rng: random.Random, parameter: Parameter) -> Any:  # noqa: ANN401  (a parameter is JSON)
    rule = parameter.rule
    if rng.random() < 0.4:  # noqa: PLR2004
        return parameter.default
    if isinstance(rule, Choice):
        return rng.choice(rule.values)
    if isinstance(rule, Flag):
        return rng.random() < 0.5  # noqa: PLR2004
    if isinstance(rule, Number) and isinstance(parameter.default, int | float) and parameter.default > 0:
        value = min(max(parameter.default * _log_uniform(rng, 0.2, 5.0), rule.least), rule.most)
        return round(value) if rule.whole else round(value, 2)
    return parameter.default


def _log_uniform(rng: random.Random, least: float, most: float) -> float:
    return math.exp(rng.uniform(math.log(least), math.log(most)))


def _at(rng: random.Random, stage: Stage) -> str:
    """Draw a time within the faulty days: in a session, in the hour before one, or in a night."""
    day = rng.choice(stage.days[stage.clean : -1])
    where = rng.random()
    if where < 0.6:  # noqa: PLR2004
        return inside(rng, day)
    if where < 0.85 and day is not stage.days[0]:  # noqa: PLR2004
        return (day.open - timedelta(minutes=rng.randint(1, 65))).isoformat()
    # The last night is short: then everything heals.
    longest = 25 if day is stage.days[-2] else 600
    return (day.close + timedelta(minutes=rng.randint(1, longest))).isoformat()


def inside(rng: random.Random, day: Day) -> str:
    """Draw a time within regular hours."""
    seconds = int((day.close - day.open).total_seconds())
    return (day.open + timedelta(seconds=rng.randint(60, seconds - 60))).isoformat()


def _client_faults(rng: random.Random) -> list[ClientFault]:
    if rng.random() > 0.3:  # noqa: PLR2004
        return []
    roles = (None, "entry", "exit", "stop", "cancel", "reply", "read")
    fault, role = rng.choice(CLIENT_FAULTS), rng.choice(roles)
    return [ClientFault(fault, role, rng.randint(1, 4), rng.randint(1, 20))]  # type: ignore[arg-type]  # one of the four


def absence(rng: random.Random) -> float:
    """Draw for how many seconds a process that died is away: mostly minutes at most, now and then hours."""
    return round(_log_uniform(rng, 1.0, 300.0) if rng.random() < 0.9 else _log_uniform(rng, 3600.0, 72_000.0), 1)  # noqa: PLR2004


def _kills(rng: random.Random, stage: Stage) -> list[Kill]:
    kills = []
    for _ in range(rng.choice((0, 1, 1, 2))):
        away_s = absence(rng)
        point = rng.choice(("call_before", "call_after", "call_after", "statement", "commit_before", "commit_after"))
        if rng.random() < 0.2:  # noqa: PLR2004
            kills.append(Kill("waiting", at=_at(rng, stage), away_s=away_s))
        elif point.startswith("call"):
            role = rng.choice(("entry", "entry", "exit", "stop", "reply", "cancel", "read"))
            nth = rng.randint(1, 150) if role == "read" else rng.randint(1, 3)
            kills.append(Kill(point, nth, role, away_s=away_s))  # type: ignore[arg-type]  # one of the points
        else:
            nth = round(_log_uniform(rng, 1, 800 if point == "statement" else 150))
            kills.append(Kill(point, nth, away_s=away_s))  # type: ignore[arg-type]  # one of the points
    return kills


def _requests(rng: random.Random, stage: Stage) -> list[Request]:
    if rng.random() > 0.3:  # noqa: PLR2004
        return []
    by = "file" if rng.random() < 0.2 else "row"  # noqa: PLR2004
    kind = rng.choice(("halt", "halt", "flatten"))
    asked = [Request(_at(rng, stage), kind, by if kind == "halt" else "row")]  # type: ignore[arg-type]
    if rng.random() < 0.6:  # noqa: PLR2004
        asked.append(Request(_at(rng, stage), "resume"))
    return sorted(asked, key=lambda request: request.at)


def _deeds(rng: random.Random, stage: Stage) -> list[Deed]:
    if rng.random() > 0.5:  # noqa: PLR2004
        return []
    return [_deed(rng, stage) for _ in range(rng.randint(1, 2))]


def _deed(rng: random.Random, stage: Stage) -> Deed:
    symbol = rng.choice((*stage.symbols, "held"))
    few = rng.randint(1, 10)
    night = stage.days[rng.randrange(stage.clean, len(stage.days) - 1)].open - timedelta(hours=rng.randint(1, 9))
    drawn: Sequence[Deed] = (
        Deed(_at(rng, stage), "trade", fields={"symbol": symbol, "side": "SELL", "quantity": few}),
        Deed(_at(rng, stage), "trade", fields={"symbol": symbol, "side": "BUY", "quantity": few}),
        Deed(
            _at(rng, stage),
            "order",
            fields={"symbol": symbol, "side": "BUY", "quantity": few, "order_type": "LMT", "price": 1.0},
        ),
        Deed(_at(rng, stage), "cancel", rng.choice(("stop", "target", "entry", "foreign", "stop"))),
        Deed(_at(rng, stage), "reject", rng.choice(("stop", "target", "entry"))),
        Deed(night.isoformat(), "split", fields={"symbol": symbol, "ratio": rng.choice((2.0, 1.5, 0.1))}),
        Deed(_at(rng, stage), "warn", rng.choice(("stop", "target", "entry"))),
        Deed(_at(rng, stage), "cash", fields={"amount": rng.choice((500.0, -500.0, 5000.0, -3000.0))}),
    )
    return rng.choice(drawn)
