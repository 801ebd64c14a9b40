"""Every named point at which the trading process may be killed: what it means, and where it lies in the process.

Numbers and words are those of docs/glossary.md. Where a point has several places, or comes several times, a seed
chooses.
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
    """a person halts while entries wait for the open, and resumes in the session"""
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


def _at(*places: Place) -> Sequence[Way]:
    """Return the ways on which the first process dies at one of these places, and no other one."""
    return [[[place]] for place in places]


_QUESTIONS = (Situation.QUESTIONS,)
_PAIRS = (Situation.NO_STOP, Situation.NO_STOP_AT_OPEN)
_CANCELS = (Situation.ORDINARY, *_PAIRS)
_RESIZED = (Situation.SOLD_BY_HAND,)
_OLD = (Situation.OLD_FILE,)
_TAKEN = Place("call_answered", role="entry")
_ASKED_TO_END = Place("call_sent", role="entry", by="term")
_INSTANT = Place("instant", delays_s=(0.005, 0.15))

POINTS: Mapping[str, KillPoint] = {
    "K01": KillPoint("before W1", _at(Place("commit_before", of="planned entry"))),
    "K02": KillPoint("after W1", _at(Place("commit_after", of="planned entry"))),
    "K03": KillPoint("after W2", _at(Place("commit_after", of="submit entry"))),
    "K04": KillPoint("connected, nothing sent", _at(Place("call_connected", role="entry"))),
    "K05": KillPoint("sent, not yet read by the server", _at(Place("call_sent", role="entry"))),
    "K06": KillPoint("the server acted, its answer not read", _at(_TAKEN)),
    "K07": KillPoint(
        "answer read, W3 not committed", _at(Place("call_after", role="entry"), Place("commit_before", of="answer"))
    ),
    "K08": KillPoint("the question is committed", _at(Place("commit_after", of="QUESTIONED")), _QUESTIONS),
    "K09": KillPoint("W2 of the reply", _at(Place("commit_after", of="REPLYING")), _QUESTIONS),
    "K10": KillPoint("the reply is out", _at(Place("call_sent", role="reply")), _QUESTIONS),
    "K11": KillPoint("the reply's answer is read", _at(Place("call_after", role="reply")), _QUESTIONS),
    "K12": KillPoint(
        "WORKING is committed",
        _at(Place("commit_after", of="WORKING", most=3)),
        (Situation.ORDINARY, Situation.QUESTIONS),
    ),
    "K13": KillPoint("an execution is read", _at(Place("call_after", of="execution"))),
    "K14": KillPoint("inside the transaction of a fill", _at(Place("statement", of="execution", least=2, most=5))),
    "K15": KillPoint(
        "the fill is committed, its stop not planned",
        _at(Place("commit_after", of="execution")),
        (Situation.NO_STOP_AT_OPEN,),
    ),
    "K16": KillPoint("W1 of a stop", _at(Place("commit_after", of="planned stop")), _PAIRS),
    "K17": KillPoint("W2 of a stop", _at(Place("commit_after", of="submit protection")), _PAIRS),
    "K18": KillPoint(
        "the stop is sent", _at(Place("call_sent", role="stop"), Place("call_answered", role="stop")), _PAIRS
    ),
    "K19": KillPoint(
        "a bracket's answer without one of its orders is read",
        _at(Place("call_after", role="entry")),
        (Situation.CHILD_UNNAMED,),
    ),
    "K20": KillPoint(
        "W2 of a cancel", _at(Place("commit_before", of="cancel"), Place("commit_after", of="cancel")), _CANCELS
    ),
    "K21": KillPoint(
        "the cancel is sent", _at(Place("call_sent", role="cancel"), Place("call_answered", role="cancel")), _CANCELS
    ),
    "K22": KillPoint("the cancel is answered", _at(Place("call_after", role="cancel")), _CANCELS),
    "K23": KillPoint(
        "the cancel is confirmed, its replacement not planned",
        _at(Place("commit_after", of="CANCELLED", most=2)),
        _CANCELS,
    ),
    "K24": KillPoint(
        "W2 of a modification", _at(Place("commit_before", of="modify"), Place("commit_after", of="modify")), _RESIZED
    ),
    "K25": KillPoint(
        "the modification is sent",
        _at(Place("call_sent", role="modify"), Place("call_answered", role="modify")),
        _RESIZED,
    ),
    "K26": KillPoint("the modification is answered", _at(Place("call_after", role="modify")), _RESIZED),
    "K27": KillPoint("start: after the lock", ([[_TAKEN], [Place("opening")]], [[Place("opening")]])),
    "K28": KillPoint("start: between two bindings", ([[_TAKEN], [Place("commit_after", of="binding", most=2)]],)),
    "K29": KillPoint(
        "the last vote is stored, LOST is not",
        ([[Place("call_connected", role="entry")], [Place("commit_before", of="LOST")]],),
    ),
    "K30": KillPoint(
        "an adjustment or split half stored",
        _at(Place("statement", of="adjustment", least=2, most=2)),
        (Situation.SPLIT, Situation.SOLD_BY_HAND),
    ),
    "K31": KillPoint(
        "the checkpoint of the database's log",
        ([[_ASKED_TO_END, Place("statement", of="checkpoint", delays_s=(0.0, 0.002))]],),
    ),
    "K32": KillPoint(
        "a step of a migration",
        _at(Place("statement", of="schema", most=36), Place("commit_before", of="schema")),
        _OLD,
    ),
    "K33": KillPoint(
        "the end after SIGTERM",
        (
            [[_ASKED_TO_END]],
            [[_ASKED_TO_END, Place("call_answered", role="entry")]],
            [[_ASKED_TO_END, Place("commit_before", of="answer")]],
            [[_ASKED_TO_END, Place("commit_after", of="answer")]],
        ),
    ),
    "K34": KillPoint(
        "the halt is committed, its cancels not sent", _at(Place("commit_after", of="halt")), (Situation.HALTED,)
    ),
    "K35": KillPoint(
        "a new session is noticed, not stored",
        _at(Place("commit_before", of="fact epoch", least=2, most=2)),
        (Situation.NEW_SESSION,),
    ),
    "K36": KillPoint("the copy before a migration", _at(Place("backup", most=12)), _OLD),
    RANDOM: KillPoint(
        "two random instants",
        ([[_INSTANT], [_INSTANT]],),
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
