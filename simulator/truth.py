"""The truth log: what arrived, what was accepted, what filled; JSON lines, and the simulator's only durable state.

Every line is either a *command* (an order as it was accepted, a cancel, a move of the clock) or an *effect* that
follows from the commands before it (a fill, an expiry). A restart reads the commands back and applies them anew; the
effects that arise must be the recorded ones, word for word, or the file belongs to another market or another version.
A line that was cut short by a crash is dropped: its request was never answered.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from simulator import instants

COMMANDS = frozenset(
    {
        "request",
        "answer",
        "question",
        "order",
        "refused",
        "limited",
        "schedule",
        "cancel",
        "modify",
        "clock",
        "session",
        "deed",
        "faults",
        "matched",
        "planned",
        "done",
        "ids",
        "behaviour",
        "fault",
    }
)
_BRIEF = 24
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class StateMismatchError(Exception):
    """A state folder can't be gone on with; the text is one line that says why and what to do."""

    def __init__(self, path: Path | None, line: int, problem: str) -> None:
        """Name the file, the line (from 1) and what is wrong with it."""
        super().__init__(
            f"{path}: line {line} {problem}; start anew with an empty --state folder (the demo: make demo-reset)"
        )


class LogLostError(Exception):
    """The log can't be written any more: nothing may be answered from here on; the text is one line."""

    def __init__(self, path: Path | None, cause: OSError) -> None:
        """Name the file and the system's reason."""
        super().__init__(f"can't write {path}: {cause.strerror or cause}; what is in it stays good for a restart")


class TruthLog:
    """Append-only log of numbered lines, in a file or in memory."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the log; `path` None keeps it in memory only.

        Raises:
            StateMismatchError: the file holds something that is no truth log.
        """
        self._path = path
        self._offsets = array("Q")
        self._waiting: list[bytes] = []
        self._memory = bytearray()
        self._recorded: list[bytes] = []
        self._at = 0
        self._descriptor = -1
        self._lost: LogLostError | None = None
        self._size = 0
        if path is not None:
            self._open(path)

    def _open(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            os.truncate(self._descriptor, whole)
        self._recorded = data[:whole].splitlines()
        for line in self._recorded:
            self._offsets.append(self._size)
            self._size += len(line) + 1

    @property
    def count(self) -> int:
        """Return how many lines there are, those not yet written included."""
        return self._at if self.replaying else len(self._offsets)

    @property
    def replaying(self) -> bool:
        """Return whether recorded lines are still to be gone through."""
        return self._at < len(self._recorded)

    def commands(self) -> Iterator[dict[str, Any]]:
        """Yield each recorded line that the caller has to apply; what it appends meanwhile is held against the record.

        Raises:
            StateMismatchError: a line is no command and did not follow from those before it.
        """
        while self.replaying:
            try:
                record = _decode(self._recorded[self._at])
            except msgspec.DecodeError as fault:
                problem = "is no JSON"
                raise self._mismatch(problem) from fault
            if not isinstance(record, dict) or record.get("kind") not in COMMANDS:
                problem = "does not follow from those before it: it was written by another version"
                raise self._mismatch(problem)
            yield record
        self._recorded = []
        self._at = 0

    def append(self, kind: str, instant: int, **facts: object) -> None:
        """Add a line; while replaying it must equal the recorded one.

        Raises:
            StateMismatchError: it doesn't.
        """
        line = _encode({"seq": self.count, "at": instants.iso(instant), "kind": kind, **facts})
        if self.replaying:
            if line != self._recorded[self._at]:
                raise self._mismatch(_difference(line, self._recorded[self._at]))
            self._at += 1
            return
        if self._recorded:
            # The crash came between a command and its effects: from here on the lines are new.
            self._recorded = []
            self._at = 0
        self._offsets.append(self._size)
        self._size += len(line) + 1
        self._waiting.append(line + b"\n")

    def flush(self) -> None:
        """Hand the new lines to the operating system; they then outlive this process, whatever ends it.

        Raises:
            LogLostError: they can't be written, now and ever after.
        """
        if self._lost is not None:
            raise self._lost
        if not self._waiting:
            return
        data = b"".join(self._waiting)
        self._waiting.clear()
        if self._descriptor < 0:
            self._memory += data
            return
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as fault:
            self._lost = LogLostError(self._path, fault)
            raise self._lost from fault

    def sync(self) -> None:
        """Flush, and force everything to the disk."""
        self.flush()
        if self._descriptor >= 0:
            os.fsync(self._descriptor)

    def lines(self, since: int = 0, limit: int = 100_000) -> bytes:
        """Return the lines from number `since` on, at most `limit` of them."""
        self.flush()
        since = max(since, 0)
        if since >= len(self._offsets):
            return b""
        begin = self._offsets[since]
        end = self._offsets[since + limit] if since + limit < len(self._offsets) else self._size
        if self._descriptor < 0:
            return bytes(self._memory[begin:end])
        return os.pread(self._descriptor, end - begin, begin)

    def close(self) -> None:
        """Write everything to the disk, as far as that is possible, and let go of the file."""
        if self._descriptor >= 0:
            if self._lost is None:
                self.sync()
            os.close(self._descriptor)
            self._descriptor = -1

    def _mismatch(self, problem: str) -> StateMismatchError:
        return StateMismatchError(self._path, self._at + 1, problem)


def _difference(made: bytes, recorded: bytes) -> str:
    """Return in words how a recorded line differs from the one that arises now."""
    now, then = _decode(made), _decode(recorded)
    if not isinstance(then, dict):
        return "is no line of a truth log"
    if now["kind"] == then.get("kind") == "start":
        names = [name for name in now if now[name] != then.get(name)]
        shown = (f"{name} {_brief(then.get(name))}, not {_brief(now[name])}" for name in names)
        return f"says that the state was begun with {'; '.join(shown)}"
    return f"is not the {now['kind']} that follows now: it was written by another version"


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= _BRIEF else f"{text[:_BRIEF]}..."
