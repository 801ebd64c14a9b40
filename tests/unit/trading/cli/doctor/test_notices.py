from __future__ import annotations

import json

import pytest

from tests.fakes.notices import NOON, notice
from tests.unit.trading.cli.conftest import Shell
from trading.cli.doctor import notices
from trading.cli.doctor.findings import Finding, Verdict
from trading.cli.environment import read_settings
from trading.model.notice import Outcome, Part
from trading.store.database import Database
from trading.store.notices import SqliteNotices


def looked() -> Finding:
    [found] = notices.notify(read_settings())
    return found


def test_nobody_to_tell_is_nothing_to_mend(shell: Shell) -> None:
    assert shell.folder.exists()
    assert looked().verdict is Verdict.OK
    assert "NOTIFY_URLS" in looked().text


def test_whom_people_are_told_through_is_shown_without_what_is_secret(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_URLS", "json://ann:s3cret@host/s3cret")
    assert looked() == Finding("notify", Verdict.OK, "json://host")
    database = Database(shell.state / "trading.db")
    book = SqliteNotices(database, lambda: NOON.date())
    book.note([notice()], ())
    book.record("json://host", [(1, Part.TOLD)], Outcome.FAILED, NOON, "answered 500")
    database.close()
    found = looked()
    assert (found.verdict, found.fix) == (Verdict.NOTE, "python -m trading notify --test")
    assert "json://host: answered 500" in found.text


def test_damaged_database_keeps_the_addresses_from_nothing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_URLS", "json://host/x")
    shell.state.mkdir(parents=True)
    (shell.state / "trading.db").write_bytes(b"rubbish" * 1000)
    assert looked().verdict is Verdict.OK


def test_address_that_can_not_be_used_is_one_line_before_anything_starts(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_URLS", "nonsense")
    done = shell.run("doctor", "--settings")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith("NOTIFY_URLS: address 1 of 1 can't be used")


def test_doctor_has_a_line_of_it(shell: Shell) -> None:
    found = json.loads(shell.run("doctor", "--json").out)
    assert "notify" in [each["name"] for each in found]
