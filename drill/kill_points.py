"""Every named point at which the trading process may be killed: what it means, and where it lies in the process.

The numbers are those of docs/drill.md. Where several places are one point, or it comes several times, a seed chooses.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from drill.draw import absence
from drill.schedule import Kill, Point, Role, ScheduleError

RANDOM = "random"
ALL = "all"


class Situation(Enum):
    """What has to happen in a run so that its point is reached (`drill.situations`)."""

    ORDINARY = auto()
    """entries with stop and target, accepted without a question; fills; exits after a session"""
    QUESTIONS = auto()
    """the same, and the broker asks before it accepts"""
    NO_STOP = auto()
    """a person cancels a stop, so that stop and target are placed anew"""
    NO_STOP_AT_OPEN = auto()
    """a stop is gone at the moment at which its entry is filled"""
    CHILD_UNNAMED = auto()
    """the answer to an entry does not name one of its children"""
    SOLD_BY_HAND = auto()
    """a person sells one of our shares, so that stop and target are made smaller"""
    SPLIT = auto()
    """a stock that we hold is split at night"""
    HALTED = auto()
    """a person halts while entries wait for the open"""
    NEW_SESSION = auto()
    """the brokerage session is lost and opened again"""
    OLD_FILE = auto()
    """the database is one of an earlier version"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process dies (`drill.schedule.Kill`): at one of the times `least` to `most` that it comes there."""

    point: Point
    role: Role | None = None
    of: str | None = None
    least: int = 1
    most: int = 1
    by: Literal["kill", "term"] = "kill"
    delays_s: tuple[float, float] = (0.0, 0.0)

    def kill(self, rng: random.Random) -> Kill:
        """Draw one."""
        delay_s = round(rng.uniform(*self.delays_s), 5)
        nth = rng.randint(self.least, self.most)
        return Kill(self.point, nth, self.role, self.of, away_s=absence(rng), by=self.by, delay_s=delay_s)


Way = Sequence[Sequence[Place]]
"""where the first process dies, the second one, and so on; before the last place of one it may be asked to end"""


@dataclass(frozen=True, slots=True)
class KillPoint:
    """A named point; each of `ways` leads to it."""

    sentence: str
    ways: Sequence[Way]
    situations: Sequence[Situation] = (Situation.ORDINARY,)

    def lives(self, rng: random.Random) -> list[list[Kill]]:
        """Draw a way, as the deaths of one process after the other."""
        return [[place.kill(rng) for place in life] for life in rng.choice(self.ways)]


def _once(place: Place) -> Sequence[Way]:
    return ([[place]],)


_TAKEN = Place("call_answered", role="entry")
_CANCELS = (Situation.ORDINARY, Situation.NO_STOP, Situation.NO_STOP_AT_OPEN)
_ASKED_TO_END = Place("call_sent", role="entry", by="term")

POINTS: Mapping[str, KillPoint] = {
    "K01": KillPoint("an entry is about to be written down", _once(Place("commit_before", of="planned entry"))),
    "K02": KillPoint("it is written down", _once(Place("commit_after", of="planned entry"))),
    "K03": KillPoint("that it is being sent is written down", _once(Place("commit_after", of="submit entry"))),
    "K04": KillPoint("connected, nothing sent yet", _once(Place("call_connected", role="entry"))),
    "K05": KillPoint("sent, and the gateway may not have read it", _once(Place("call_sent", role="entry"))),
    "K06": KillPoint("the broker has it, its answer is not read", _once(_TAKEN)),
    "K07": KillPoint(
        "the answer is read and not written down",
        (*_once(Place("call_after", role="entry")), *_once(Place("commit_before", of="answer"))),
    ),
    "K08": KillPoint(
        "a question is written down", _once(Place("commit_after", of="QUESTIONED")), (Situation.QUESTIONS,)
    ),
    "K09": KillPoint(
        "that it is being answered is written down", _once(Place("commit_after", of="REPLYING")), (Situation.QUESTIONS,)
    ),
    "K10": KillPoint("the reply is sent", _once(Place("call_sent", role="reply")), (Situation.QUESTIONS,)),
    "K11": KillPoint("what it led to is read", _once(Place("call_after", role="reply")), (Situation.QUESTIONS,)),
    "K12": KillPoint(
        "an order is written down as accepted",
        _once(Place("commit_after", of="WORKING", most=3)),
        (Situation.ORDINARY, Situation.QUESTIONS),
    ),
    "K13": KillPoint("an execution is read", _once(Place("call_after", of="execution"))),
    "K14": KillPoint("in the middle of counting it", _once(Place("statement", of="execution", least=2, most=5))),
    "K15": KillPoint(
        "a purchase is counted, its stop is missing and not planned",
        _once(Place("commit_after", of="execution")),
        (Situation.NO_STOP_AT_OPEN,),
    ),
    "K16": KillPoint(
        "the stop that is missing is written down",
        _once(Place("commit_after", of="planned stop")),
        (Situation.NO_STOP, Situation.NO_STOP_AT_OPEN),
    ),
    "K17": KillPoint(
        "that it is being sent is written down",
        _once(Place("commit_after", of="submit protection")),
        (Situation.NO_STOP, Situation.NO_STOP_AT_OPEN),
    ),
    "K18": KillPoint(
        "it is sent",
        (*_once(Place("call_sent", role="stop")), *_once(Place("call_answered", role="stop"))),
        (Situation.NO_STOP, Situation.NO_STOP_AT_OPEN),
    ),
    "K19": KillPoint(
        "an answer is read that does not name a child",
        _once(Place("call_after", role="entry")),
        (Situation.CHILD_UNNAMED,),
    ),
    "K20": KillPoint("a cancel is written down", _once(Place("commit_after", of="cancel")), _CANCELS),
    "K21": KillPoint(
        "it is sent",
        (*_once(Place("call_sent", role="cancel")), *_once(Place("call_answered", role="cancel"))),
        _CANCELS,
    ),
    "K22": KillPoint("its answer is read", _once(Place("call_after", role="cancel")), _CANCELS),
    "K23": KillPoint(
        "a stop or target is cancelled, what comes in its place is not sent",
        _once(Place("commit_after", of="CANCELLED", most=2)),
        _CANCELS,
    ),
    "K24": KillPoint(
        "a modification is written down", _once(Place("commit_after", of="modify")), (Situation.SOLD_BY_HAND,)
    ),
    "K25": KillPoint(
        "it is sent",
        (*_once(Place("call_sent", role="modify")), *_once(Place("call_answered", role="modify"))),
        (Situation.SOLD_BY_HAND,),
    ),
    "K26": KillPoint("its answer is read", _once(Place("call_after", role="modify")), (Situation.SOLD_BY_HAND,)),
    "K27": KillPoint(
        "a start: the state folder is locked, the database not opened",
        ([[_TAKEN], [Place("opening")]], [[Place("opening")]]),
    ),
    "K28": KillPoint(
        "a start: of a bracket whose answer was lost one order is found again, the others are not",
        ([[_TAKEN], [Place("commit_after", of="binding", most=2)]],),
    ),
    "K29": KillPoint(
        "an order's absence is proven, that it is lost is not written down",
        ([[Place("call_connected", role="entry")], [Place("commit_before", of="LOST")]],),
    ),
    "K30": KillPoint(
        "in the middle of an adjustment: the row is written, the position not changed",
        _once(Place("statement", of="adjustment", least=2, most=2)),
        (Situation.SPLIT, Situation.SOLD_BY_HAND),
    ),
    "K31": KillPoint(
        "asked to end, it moves the write-ahead log into the file",
        ([[_ASKED_TO_END, Place("statement", of="checkpoint", delays_s=(0.0, 0.002))]],),
    ),
    "K32": KillPoint(
        "at a step of the schema's migration",
        (*_once(Place("statement", of="schema", most=36)), *_once(Place("commit_before", of="schema"))),
        (Situation.OLD_FILE,),
    ),
    "K33": KillPoint(
        "asked to end (SIGTERM) while it sends, it finishes that",
        (
            [[_ASKED_TO_END]],
            [[_ASKED_TO_END, Place("call_answered", role="entry")]],
            [[_ASKED_TO_END, Place("commit_before", of="answer")]],
            [[_ASKED_TO_END, Place("commit_after", of="answer")]],
        ),
    ),
    "K34": KillPoint(
        "a halt is written down, no entry is cancelled yet",
        _once(Place("commit_after", of="halt")),
        (Situation.HALTED,),
    ),
    "K35": KillPoint(
        "a new session is seen and not written down",
        _once(Place("commit_before", of="fact epoch", least=2, most=2)),
        (Situation.NEW_SESSION,),
    ),
    "K36": KillPoint(
        "in the middle of the copy that is made before a migration",
        _once(Place("backup", most=12)),
        (Situation.OLD_FILE,),
    ),
    RANDOM: KillPoint(
        "at two instants of no name",
        ([[Place("instant", delays_s=(0.05, 2.0))], [Place("instant", delays_s=(0.05, 2.0))]],),
        (Situation.ORDINARY, Situation.QUESTIONS, Situation.NO_STOP, Situation.SOLD_BY_HAND, Situation.NEW_SESSION),
    ),
}


def chosen(text: str) -> tuple[str, ...]:
    """Return the names in a list with commas; `all` are those with a number.

    Raises: ScheduleError, there is no such point.
    """
    names = dict.fromkeys(name for part in text.split(",") for name in _meant(part.strip()))
    return tuple(names)


def _meant(part: str) -> Sequence[str]:
    if part == ALL:
        return [name for name in POINTS if name != RANDOM]
    if part not in POINTS:
        problem = f"there is no kill point {part!r}: K01 to K36, {RANDOM} or {ALL}"
        raise ScheduleError(problem)
    return [part]
