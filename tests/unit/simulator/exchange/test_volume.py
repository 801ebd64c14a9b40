from __future__ import annotations

from simulator.exchange.volume import Participation


def test_without_a_fraction_there_is_no_limit() -> None:
    participation = Participation(0.0)
    participation.take(0, 0, 0, 10**9)
    assert participation.room(0, 0, 0, 100.0) is None


def test_a_minutes_share_is_there_once() -> None:
    participation = Participation(0.1)
    assert participation.room(0, 0, 5, 100.0) == 10
    participation.take(0, 0, 5, 7)
    assert (participation.room(0, 0, 5, 100.0), participation.room(1, 0, 5, 100.0)) == (3, 10)
    assert participation.room(0, 0, 6, 100.0) == 10


def test_a_session_has_no_more_than_its_volume_and_the_next_has_its_own() -> None:
    participation = Participation(0.6)
    participation.take(0, 0, 0, 60)
    assert participation.room(0, 0, 1, 100.0) == 40
    assert participation.room(0, 1, 1, 100.0) == 60


def test_thin_volume_gives_at_least_a_share() -> None:
    assert Participation(0.001).room(0, 0, 0, 0.5) == 1
