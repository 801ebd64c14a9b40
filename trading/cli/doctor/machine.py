"""The machine: folders, files and who owns them, free disk, the database."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from trading.cli.doctor.findings import Finding, Verdict, bad, note, ok
from trading.cli.operate import CONTROLS_NAME, DATABASE_NAME
from trading.config import Settings
from trading.config.env_file import read_env_file
from trading.config.environment import ENV_FILE, unread
from trading.errors import InvariantBroken
from trading.execution.planning.checks import MIN_FREE_BYTES
from trading.store.database import Database
from trading.store.file_errors import is_damaged, is_held
from trading.store.migrations import SCHEMA_VERSION
from trading.store.readers.state import read_state

_MOST_NAMED = 3
_BUSY_S = 1.0
_OPEN_TO_OTHERS = 0o077
Connect = Callable[..., sqlite3.Connection]


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder as it is; `owner` and `mode` are numbers as the system has them."""

    path: Path
    owner: int
    mode: int
    is_folder: bool
    writable: bool
    read_only_disk: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a place."""

    verdict: Verdict
    text: str
    fix: str


def place_of(path: Path) -> Place | None:
    """Return what is at a path, None for nothing.

    Raises: OSError, it can't be looked at.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    is_folder = stat.S_ISDIR(found.st_mode)
    wanted = os.W_OK | (os.X_OK if is_folder else os.R_OK)
    return Place(
        path=path,
        owner=found.st_uid,
        mode=stat.S_IMODE(found.st_mode),
        is_folder=is_folder,
        writable=os.access(path, wanted),
        read_only_disk=bool(os.statvfs(path).f_flag & os.ST_RDONLY),
    )


def judged(place: Place, user: int, *, folder: bool) -> Problem | None:
    """Return what is wrong with a place that `user` has to work in, the worst first; None for nothing."""
    path = place.path
    if place.is_folder is not folder:
        kind, other = ("folder", "a file") if folder else ("file", "a folder")
        return Problem(Verdict.BAD, f"{path} is {other}", f"move it away: a {kind} has to be there")
    if place.read_only_disk:
        return Problem(Verdict.BAD, f"{path} is on a read-only file system", "mount it writable, or use another place")
    if place.owner != user:
        verdict = Verdict.NOTE if place.writable else Verdict.BAD
        text = f"{path} belongs to user {place.owner}, this is user {user}"
        return Problem(verdict, text, f"run everything as user {place.owner}, or: chown -R {user} {path}")
    if not place.writable:
        return Problem(Verdict.BAD, f"{path} can't be written", f"chmod u+rw{'x' * folder} {path}")
    if place.mode & _OPEN_TO_OTHERS:
        text = f"{path} is open to other users of this machine (mode {place.mode:o})"
        return Problem(Verdict.NOTE, text, f"chmod {700 if folder else 600} {path}")
    return None


def summed_up(name: str, problems: Iterable[Problem], well: str) -> Finding:
    """Return one finding of several problems, as bad as the worst, `well` where there are none."""
    listed = sorted(problems, key=lambda problem: problem.verdict is not Verdict.BAD)
    if not listed:
        return ok(name, well)
    more = f"; {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else ""
    text = "; ".join(problem.text for problem in listed[:_MOST_NAMED]) + more
    fix = "; ".join(dict.fromkeys(problem.fix for problem in listed[:_MOST_NAMED] if problem.fix))
    return Finding(name, listed[0].verdict, text, fix)


def folders(settings: Settings, user: int) -> Iterator[Finding]:
    """Look whether both folders are there, or can be made, and are this user's alone."""
    problems = []
    for name, folder in (("STATE_DIR", settings.state_dir), ("LOG_DIR", settings.log_dir)):
        made = folder.exists()
        place = place_of(folder if made else existing(folder))
        problem = None if place is None else judged(place, user, folder=True)
        if problem is not None and (made or problem.verdict is Verdict.BAD):
            problems.append(Problem(problem.verdict, f"{name}: {problem.text}", problem.fix))
        elif place is not None and not place.writable:
            problems.append(Problem(Verdict.BAD, f"{name} = {folder} can't be made", "give a folder of this user"))
    yield summed_up("folders", problems, f"{settings.state_dir}, {settings.log_dir}")


def files(settings: Settings, user: int) -> Iterator[Finding]:
    """Look whether the databases are this user's alone."""
    folder = settings.state_dir
    found = [
        place
        for name in (DATABASE_NAME, CONTROLS_NAME)
        for path in (folder / name, *(folder / f"{name}-{tail}" for tail in ("wal", "shm")))
        if (place := place_of(path)) is not None
    ]
    problems = [problem for place in found if (problem := judged(place, user, folder=False)) is not None]
    yield summed_up("files", problems, f"{len(found)} of the state, this user's alone" if found else "none yet")


def env_file(user: int) -> Iterator[Finding]:
    """Look at `.env`: whose it is, who can read it, and which of its names nobody reads."""
    place = place_of(ENV_FILE)
    if place is None:
        yield ok(".env", "not there; defaults are used")
        return
    # It is only read, perhaps from a read-only mount.
    problem = judged(replace(place, writable=True, read_only_disk=False), user, folder=False)
    problems = [] if problem is None else [problem]
    names = unread(read_env_file(ENV_FILE))
    if names:
        text = f"nothing here reads {', '.join(names)}"
        problems.append(Problem(Verdict.NOTE, text, "see whether a name is meant for us"))
    yield summed_up(".env", problems, "private; each name is read")


def disk(settings: Settings) -> Iterator[Finding]:
    """Look for the free space that sending orders needs (R23)."""
    yield free_space(shutil.disk_usage(existing(settings.state_dir)).free)


def free_space(free: int) -> Finding:
    """Judge so many free bytes."""
    text = f"{free / 1024**2:,.0f} MB free"
    if free < MIN_FREE_BYTES:
        return bad("disk", text, f"free some space: below {MIN_FREE_BYTES // 1024**2} MB no order is sent")
    return ok("disk", text)


def database(settings: Settings, user: int, connect: Connect = sqlite3.connect) -> Iterator[Finding]:
    """Look into the database: whole, of this version, of this account and gateway; nothing of it is changed."""
    path = settings.state_dir / DATABASE_NAME
    place = place_of(path)
    if place is None:
        yield ok("database", "not there yet; the first start makes it")
        return
    problem = judged(place, user, folder=False)
    # Another user's is left alone: what SQLite lays beside it would be ours, and in the way of its owner.
    if problem is not None and (problem.verdict is Verdict.BAD or place.owner != user):
        yield Finding("database", problem.verdict, f"{problem.text}: not opened", problem.fix)
        return
    try:
        yield _opened(settings, path, partial(_impatient, connect))
    except (InvariantBroken, sqlite3.Error) as error:
        yield unreadable(error)


def _opened(settings: Settings, path: Path, connect: Connect) -> Finding:
    opened = Database(path, read_only=True, connect=connect)
    try:
        whole = str(opened.query("PRAGMA quick_check(1)")[0][0])
        schema = opened.fact("schema") or ""
        opened.expect(settings.account_id or None, settings.gateway.kind)
    finally:
        opened.close()
    if whole != "ok":
        return bad("database", f"damaged: {whole}", "put a backup in its place")
    if schema != str(SCHEMA_VERSION):
        return version(schema)
    with read_state(path) as state:
        sessions = state.decisions.sessions(limit=1)
    return ok("database", f"whole; last decision {sessions[0] if sessions else 'none'}")


def version(schema: str) -> Finding:
    """Judge another version of the database than this program's."""
    if schema.isdecimal() and int(schema) < SCHEMA_VERSION:
        return note("database", f"of an earlier version (schema {schema})", "nothing: the next start brings it up")
    text = f"written by a newer version of this program (schema {schema or 'none'}, this one reads {SCHEMA_VERSION})"
    return bad("database", text, "run that version")


def unreadable(error: Exception) -> Finding:
    """Judge why the database can't be read."""
    cause = error if isinstance(error, sqlite3.Error) else error.__cause__
    if isinstance(cause, sqlite3.Error) and is_held(cause):
        return bad("database", "locked by another program", "close the program that has trading.db open")
    if isinstance(cause, sqlite3.Error) and is_damaged(cause):
        return bad("database", f"trading.db is damaged: {cause}", "put a backup in its place")
    return bad("database", f"trading.db can't be read: {cause or error}", "see who owns it and its folder")


def _impatient(connect: Connect, *arguments: object, **options: object) -> sqlite3.Connection:
    return connect(*arguments, **{**options, "timeout": _BUSY_S})


def existing(path: Path) -> Path:
    """Return the path, or its nearest parent that is there."""
    return next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
