from __future__ import annotations

from tests.fakes.order_books import OrderBooks
from tests.fakes.trading_states import IN_SESSION, after
from trading.execution.reading.evidence import Since
from trading.store.evidence import SqliteEvidence


def seconds(books: OrderBooks, at: float, *seen: str) -> list[float]:
    """Take a reading in which these subjects are odd; return for how long each has been."""
    since = Since(SqliteEvidence(books.database), after(at))
    found = [since.seconds("odd", subject) for subject in seen]
    since.close()
    return found


def test_time_counts_from_the_first_reading_that_showed_it(books: OrderBooks) -> None:
    assert seconds(books, 0, "a") == [0.0]
    assert seconds(books, 20, "a", "b") == [20.0, 0.0]
    assert seconds(books, 50, "a", "b") == [50.0, 30.0]


def test_it_survives_a_restart(books: OrderBooks) -> None:
    seconds(books, 0, "a")
    books.restart()
    assert seconds(books, 45, "a") == [45.0]


def test_what_was_not_seen_again_begins_anew(books: OrderBooks) -> None:
    seconds(books, 0, "a", "b")
    seconds(books, 10, "b")
    assert seconds(books, 20, "a", "b") == [0.0, 20.0]


def test_same_subject_is_odd_in_two_ways_apart(books: OrderBooks) -> None:
    since = Since(SqliteEvidence(books.database), IN_SESSION)
    since.seconds("odd", "a")
    later = Since(SqliteEvidence(books.database), after(10))
    assert (later.seconds("odd", "a"), later.seconds("late", "a")) == (10.0, 0.0)


def test_reading_that_is_not_closed_forgets_nothing(books: OrderBooks) -> None:
    seconds(books, 0, "a")
    Since(SqliteEvidence(books.database), after(10))
    assert seconds(books, 20, "a") == [20.0]


def test_reading_says_whether_anything_was_odd(books: OrderBooks) -> None:
    since = Since(SqliteEvidence(books.database), IN_SESSION)
    assert not since.any
    since.seconds("odd", "a")
    assert since.any


def test_evidence_of_others_is_left_alone(books: OrderBooks) -> None:
    evidence = SqliteEvidence(books.database)
    evidence.record("shares:1:9", "0", IN_SESSION)
    seconds(books, 0)
    assert evidence.subjects() == {"shares:1:9"}


def test_what_was_so_is_kept_by_being_asked_for_and_begins_with_nothing(books: OrderBooks) -> None:
    def was(at: float) -> bool:
        since = Since(SqliteEvidence(books.database), after(at))
        found = since.was("odd", "a")
        since.close()
        return found

    assert (was(0), seconds(books, 10, "a"), was(20), was(30)) == (False, [0.0], True, True)
    assert seconds(books, 40) == []
    assert not was(50)
