from __future__ import annotations

from pathlib import Path

from tests.fakes.orders import LATER, NOW
from trading.ports import Sighting
from trading.store.database import Database
from trading.store.evidence import SqliteEvidence


def test_evidence_comes_back_oldest_first_and_by_subject(database: Database) -> None:
    evidence = SqliteEvidence(database)
    evidence.record("a", "seen", LATER)
    evidence.record("b", "0", NOW)
    evidence.record("a", "gone", NOW)
    assert evidence.of("a") == (Sighting("seen", LATER), Sighting("gone", NOW))
    assert evidence.of("c") == ()
    assert evidence.subjects() == {"a", "b"}


def test_evidence_survives_a_restart(database: Database, path: Path) -> None:
    SqliteEvidence(database).record("a", "seen", NOW)
    database.close()
    again = Database(path)
    assert SqliteEvidence(again).of("a") == (Sighting("seen", NOW),)
    again.close()


def test_only_what_is_named_is_forgotten(database: Database) -> None:
    evidence = SqliteEvidence(database)
    for subject in ("a", "a", "b"):
        evidence.record(subject, "seen", NOW)
    evidence.forget({"a", "nobody"})
    assert evidence.subjects() == {"b"}


def test_forgetting_nothing_commits_nothing(path: Path) -> None:
    commits: list[float] = []
    database = Database(path, on_commit=commits.append)
    SqliteEvidence(database).forget(())
    database.close()
    assert commits == []
