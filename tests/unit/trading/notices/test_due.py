from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.fakes.notices import NOON, notice
from trading.config import NotifySettings
from trading.model.notice import Delivery, Notice, Outcome, Part
from trading.notices.due import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    MOST_CHARACTERS,
    TOGETHER,
    TOO_OLD,
    due,
    is_quiet,
    pause_s,
)

SOON = NOON + timedelta(seconds=10)
SETTINGS = NotifySettings()
QUIET = NotifySettings(quiet_hours="22:00-07:00", quiet_zone="UTC")


def delivery(
    number: int = 1, outcome: Outcome = Outcome.SENT, part: Part = Part.TOLD, *, at: datetime = NOON, attempts: int = 1
) -> Delivery:
    return Delivery(number, part, "json://h", outcome, attempts, at)


def told(notices: list[Notice], deliveries: list[Delivery], now: datetime = SOON) -> list[tuple[int, Part]]:
    return [(each.notice.number, each.part) for each in due(notices, deliveries, SETTINGS, now).tell]


def test_what_was_not_told_is_due_and_what_was_is_not() -> None:
    assert told([notice(1), notice(2)], [delivery(1)]) == [(2, Part.TOLD)]


def test_what_comes_waits_a_moment_for_what_comes_with_it() -> None:
    assert told([notice()], [], NOON + TOGETHER - timedelta(milliseconds=1)) == []
    assert told([notice()], [], NOON + TOGETHER) == [(1, Part.TOLD)]


def test_several_become_one_message_with_what_is_urgent_first() -> None:
    notices = [notice(1, "session"), notice(2, urgent=True), notice(3)]
    assert [number for number, _ in told(notices, [])] == [2, 1, 3]


def test_clock_that_was_set_back_holds_nothing_up() -> None:
    before = NOON - timedelta(days=400)
    assert told([notice(2)], [delivery(1)], before) == [(2, Part.TOLD)]


def test_newest_telling_settles_the_earlier_ones() -> None:
    first = notice(1, topic="alert 9")
    again = notice(2, topic="alert 9", telling=2)
    found = due([first, again], [], SETTINGS, SOON)
    assert [each.notice.number for each in found.tell] == [2]
    assert set(found.settles) == {(1, Part.TOLD), (2, Part.TOLD)}


# ---- the end


def test_end_is_told_of_what_was_told_and_matters_once() -> None:
    over = notice(1, ended_at=NOON + timedelta(seconds=5))
    assert told([over], [delivery(1)]) == [(1, Part.OVER)]
    assert told([over], [delivery(1), delivery(1, part=Part.OVER)]) == []


@pytest.mark.parametrize("code", ["summary", "silent", "reducing", "rejected"])
def test_end_of_what_does_not_matter_is_not_told(code: str) -> None:
    over = notice(1, code, ended_at=NOON)
    assert told([over], [delivery(1)]) == []
    assert due([over], [], SETTINGS, SOON).settles == ((1, Part.TOLD),)


def test_what_is_over_before_it_was_told_is_told_with_its_end() -> None:
    found = due([notice(1, ended_at=NOON)], [], SETTINGS, SOON)
    assert [each.part for each in found.tell] == [Part.TOLD]
    assert set(found.settles) == {(1, Part.TOLD), (1, Part.OVER)}


def test_end_of_what_nobody_has_heard_of_is_not_told() -> None:
    assert told([notice(1, ended_at=NOON)], [delivery(1, Outcome.DROPPED)]) == []


def test_end_is_that_of_the_topic_and_not_of_each_telling() -> None:
    first = notice(1, topic="alert 9", ended_at=NOON)
    again = notice(2, topic="alert 9", telling=2, ended_at=NOON)
    assert told([first, again], [delivery(1), delivery(2)]) == [(2, Part.OVER)]


# ---- age


def test_what_is_over_is_dropped_after_a_day_and_not_told() -> None:
    over = notice(1, ended_at=NOON + timedelta(hours=1))
    assert due([over], [], SETTINGS, NOON + TOO_OLD).drop == ()
    found = due([over], [], SETTINGS, NOON + TOO_OLD + timedelta(seconds=1))
    assert found.tell == ()
    assert set(found.drop) == {(1, Part.TOLD), (1, Part.OVER)}


def test_what_lasts_is_told_however_long_nobody_could_be_reached() -> None:
    assert told([notice(1)], [], NOON + timedelta(days=9)) == [(1, Part.TOLD)]


def test_end_is_dropped_a_day_after_it() -> None:
    over = notice(1, ended_at=NOON + timedelta(days=5))
    assert told([over], [delivery(1)], NOON + timedelta(days=6)) == [(1, Part.OVER)]
    found = due([over], [delivery(1)], SETTINGS, NOON + timedelta(days=6, seconds=1))
    assert (found.tell, found.drop) == ((), ((1, Part.OVER),))


# ---- pace and back-off


def test_two_messages_are_as_far_apart_as_is_set() -> None:
    settings = NotifySettings(apart_s=60.0)
    last = [delivery(1, at=SOON)]
    assert due([notice(2)], last, settings, SOON + timedelta(seconds=59)).tell == ()
    assert due([notice(2)], last, settings, SOON + timedelta(seconds=60)).tell


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.SENDING])
@pytest.mark.parametrize("attempts", [1, 2, 5, 50])
def test_after_failures_it_is_tried_ever_less_often_and_never_given_up(outcome: Outcome, attempts: int) -> None:
    failed = [delivery(1, outcome, attempts=attempts)]
    assert told([notice(1)], failed, NOON + timedelta(seconds=pause_s(attempts) - 1)) == []
    assert told([notice(1)], failed, NOON + timedelta(seconds=pause_s(attempts))) == [(1, Part.TOLD)]


def test_pause_doubles_up_to_a_quarter_of_an_hour() -> None:
    assert [pause_s(n) for n in (1, 2, 3)] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pause_s(1000) == LONGEST_PAUSE_S


def test_what_is_new_while_a_channel_fails_waits_with_the_rest() -> None:
    failed = [delivery(1, Outcome.FAILED, at=SOON, attempts=4), delivery(2, Outcome.FAILED, at=SOON)]
    notices = [notice(1), notice(2), notice(3)]
    assert told(notices, failed, SOON + timedelta(seconds=pause_s(4) - 1)) == []
    assert len(told(notices, failed, SOON + timedelta(seconds=pause_s(4)))) == 3


def test_what_was_dropped_keeps_nothing_waiting() -> None:
    assert told([notice(1)], [delivery(9, Outcome.DROPPED, at=SOON)]) == [(1, Part.TOLD)]


# ---- quiet hours


@pytest.mark.parametrize(
    ("hours", "at", "quiet"),
    [
        ("", "03:00", False),
        ("22:00-07:00", "21:59", False),
        ("22:00-07:00", "22:00", True),
        ("22:00-07:00", "06:59", True),
        ("22:00-07:00", "07:00", False),
        ("01:00-05:00", "03:00", True),
        ("01:00-05:00", "05:00", False),
    ],
)
def test_quiet_hours_may_go_over_midnight(hours: str, at: str, *, quiet: bool) -> None:
    settings = NotifySettings(quiet_hours=hours, quiet_zone="UTC")
    assert is_quiet(settings, datetime.fromisoformat(f"2026-03-04T{at}+00:00")) is quiet


def test_quiet_hours_are_those_of_their_zone() -> None:
    settings = NotifySettings(quiet_hours="22:00-07:00", quiet_zone="Asia/Tokyo")
    assert is_quiet(settings, datetime.fromisoformat("2026-03-04T14:00+00:00"))
    assert not is_quiet(settings, datetime.fromisoformat("2026-03-04T23:00+00:00"))


def test_in_quiet_hours_only_what_is_urgent_is_told_and_the_rest_at_their_end() -> None:
    night, morning = NOON + timedelta(hours=12), NOON + timedelta(hours=19)
    notices = [notice(1, "session"), notice(2, urgent=True)]
    assert [each.notice.number for each in due(notices, [], QUIET, night).tell] == [2]
    assert [each.notice.number for each in due(notices, [delivery(2)], QUIET, morning).tell] == [1]


# ---- size


def test_message_holds_what_fits_and_the_next_one_the_rest() -> None:
    notices = [notice(n, text="x" * (MOST_CHARACTERS // 2)) for n in (1, 2, 3)]
    first = due(notices, [], SETTINGS, SOON)
    assert [each.notice.number for each in first.tell] == [1, 2]
    sent = [delivery(number, part=part) for number, part in first.settles]
    assert [each.notice.number for each in due(notices, sent, SETTINGS, SOON).tell] == [3]


def test_one_text_that_is_too_long_is_told_alone() -> None:
    assert len(due([notice(1, text="x" * 9999), notice(2)], [], SETTINGS, SOON).tell) == 1
