"""Schedules that bring a kill point's situation about, drawn from a seed; nothing else goes wrong in them."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from drill.draw import SHORT_HOLDING, Stage, inside, stage_of
from drill.gateway import HELD
from drill.kill_points import Situation
from drill.schedule import Deed, Request, Schedule
from drill.world import World

SCHEMA_1 = Path(__file__).with_name("schema_1.sql")
"""the tables of trading.db as the first version of the trading system made them"""
_NO_LIMIT = "questions.size_limit=0"
_NO_QUESTIONS = (
    "questions.market_order=false",
    "questions.stop_order=false",
    "questions.percent_from_market=0",
    _NO_LIMIT,
)
_CASH = 100_000.0
_FAULTY_DAYS, _MOST_SYMBOLS = 3, 3
_HALT_BEFORE_OPEN = timedelta(minutes=20)
_SPLIT_BEFORE_OPEN = timedelta(hours=3)


def schedule_of(situation: Situation, seed: int, attempt: int, world: World) -> Schedule:
    """Return a schedule of a seed: entries for its second session, and what the situation asks for."""
    rng = random.Random(f"{situation.name}/{seed}/{attempt}")  # noqa: S311  (a schedule, no secret)
    stage = stage_of(rng, world, 0, _FAULTY_DAYS, _MOST_SYMBOLS)
    plain = replace(
        stage.plain(seed),
        name=situation.name.lower(),
        cash=_CASH,
        settings=[SHORT_HOLDING],
        behaviour=[_NO_LIMIT] if situation is Situation.QUESTIONS else list(_NO_QUESTIONS),
    )
    return replace(plain, **_EVENTS.get(situation, _nothing)(rng, stage))


def _nothing(_rng: random.Random, _stage: Stage) -> dict[str, Any]:
    return {}


def _no_stop(rng: random.Random, stage: Stage) -> dict[str, Any]:
    return {"deeds": [Deed(inside(rng, stage.days[1]), "cancel", "stop")]}


def _no_stop_at_open(_rng: random.Random, stage: Stage) -> dict[str, Any]:
    # After the fills of that instant, and before anybody looks.
    return {"deeds": [Deed(stage.days[1].open.isoformat(), "cancel", "stop")]}


def _child_unnamed(rng: random.Random, _stage: Stage) -> dict[str, Any]:
    parameters = {"child": rng.choice(("stop", "target")), "how": "missing"}
    return {"faults": [{"id": "O20", "selector": {}, "parameters": parameters}]}


def _sold_by_hand(rng: random.Random, stage: Stage) -> dict[str, Any]:
    fields = {"symbol": HELD, "side": "SELL", "quantity": 1}
    return {"deeds": [Deed(inside(rng, stage.days[1]), "trade", fields=fields)]}


def _split(rng: random.Random, stage: Stage) -> dict[str, Any]:
    night = (stage.days[2].open - _SPLIT_BEFORE_OPEN).isoformat()
    # What is split has to be held then.
    return {"deeds": [Deed(night, "split", fields={"symbol": HELD, "ratio": rng.choice((2.0, 1.5))})], "settings": []}


def _halted(rng: random.Random, stage: Stage) -> dict[str, Any]:
    day = stage.days[1]
    halt = Request((day.open - _HALT_BEFORE_OPEN).isoformat(), "halt", rng.choice(("row", "file")))
    return {"requests": [halt, Request(inside(rng, day), "resume")]}


def _new_session(rng: random.Random, stage: Stage) -> dict[str, Any]:
    return {"deeds": [Deed(inside(rng, stage.days[1]), "lose_session")]}


_EVENTS: Mapping[Situation, Callable[[random.Random, Stage], dict[str, Any]]] = {
    Situation.NO_STOP: _no_stop,
    Situation.NO_STOP_AT_OPEN: _no_stop_at_open,
    Situation.CHILD_UNNAMED: _child_unnamed,
    Situation.SOLD_BY_HAND: _sold_by_hand,
    Situation.SPLIT: _split,
    Situation.HALTED: _halted,
    Situation.NEW_SESSION: _new_session,
}


def make_old_file(path: Path) -> None:
    """Leave a database of the first version where the trading process will look for its own."""
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA_1.read_text(encoding="utf-8"))
        facts = {"schema": "1", "instance": "abcd", "prefix": "TS", "coid_seq": "0"}
        connection.executemany("INSERT INTO fact (key, value) VALUES (?, ?)", facts.items())
        connection.commit()
