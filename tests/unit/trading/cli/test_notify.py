from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from tests.fakes.chance import seeded
from tests.fakes.notices import NOON, FakeSender, notice
from tests.fakes.webhook_receiver import Receiver
from tests.unit.trading.cli.conftest import Shell
from trading.cli.notify import Tried, try_out
from trading.model.notice import Message, MessageKind, Outcome, Part, Sent
from trading.store.database import Database
from trading.store.notices import SqliteNotices


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def told(shell: Shell) -> Shell:
    """A state folder of a system that told one thing, and could not tell another."""
    database = Database(shell.state / "trading.db", chance=seeded())
    book = SqliteNotices(database, lambda: NOON.date())
    book.note([notice(1, text="10 AAPL have no stop"), notice(2, text="Close of 2014-03-04\nBought: nothing")], ())
    book.record("json://host", [(1, Part.TOLD)], Outcome.SENT, NOON)
    book.record("json://host", [(2, Part.TOLD)], Outcome.FAILED, NOON.replace(hour=13), "answered 500")
    database.close()
    return shell


def test_before_anybody_was_told_it_says_so(shell: Shell) -> None:
    done = shell.run("notify")
    assert (done.code, done.out) == (0, "Nobody was told anything yet.\n")


def test_what_was_told_and_what_failed_is_listed_newest_first(told: Shell) -> None:
    lines = told.run("notify").out.splitlines()
    assert lines[1].split("  ")[0] == "2026-03-04 13:00:00"
    assert "failed: answered 500" in lines[1]
    assert lines[1].endswith("Close of 2014-03-04")
    assert lines[2].endswith("10 AAPL have no stop")
    assert len(told.run("notify", "--limit", "1").out.splitlines()) == 2


def test_programs_get_all_of_it(told: Shell) -> None:
    rows = json.loads(told.run("notify", "--json").out)
    assert [(row["outcome"], row["channel"], row["part"]) for row in rows] == [
        ("failed", "json://host", "told"),
        ("sent", "json://host", "told"),
    ]


def test_test_goes_to_each_address_and_says_what_became_of_it(
    shell: Shell, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_URLS", f"json://127.0.0.1:{receiver.port}/s3cret")
    done = shell.run("notify", "--test")
    assert (done.code, done.out) == (0, "json://127.0.0.1: delivered\n")
    assert receiver.bodies[0]["title"] == "Trading (simulated): test"
    receiver.status = 500
    done = shell.run("notify", "--test")
    assert (done.code, done.out) == (1, "json://127.0.0.1: NOT delivered: answered 500\n")
    assert json.loads(shell.run("notify", "--test", "--json").out) == [
        {"channel": "json://127.0.0.1", "ok": False, "detail": "answered 500"}
    ]


@pytest.mark.parametrize(
    ("urls", "words"),
    [
        ("", "NOTIFY_URLS: is empty: name the addresses to tell"),
        ("https://h/s3cret", "NOTIFY_URLS: address 1 of 1 begins with https://"),
    ],
)
def test_address_that_is_missing_or_wrong_is_one_line_without_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, urls: str, words: str
) -> None:
    monkeypatch.setenv("NOTIFY_URLS", urls)
    done = shell.run("notify", "--test")
    assert done.code == 2
    assert done.err.startswith(words)
    assert done.err.count("\n") == 1
    assert "s3cret" not in done.err


def test_address_that_never_answers_is_given_up_and_the_next_is_tried() -> None:
    over = threading.Event()

    class Hanging(FakeSender):
        def send(self, message: Message) -> Sent:
            over.wait(30.0)
            return super().send(message)

    tried = list(try_out([Hanging("json://a"), FakeSender("json://b")], Message("a", "b", MessageKind.INFO), 0.01))
    over.set()
    assert tried == [Tried("json://a", ok=False, detail="no answer within 10 s"), Tried("json://b", ok=True, detail="")]
