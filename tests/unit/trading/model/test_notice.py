from __future__ import annotations

from trading.model.alarm import AlarmCode
from trading.model.notice import END_IS_TOLD, SETTLED, URGENT, NoticeCode, Outcome


def test_codes_of_notices_and_of_alarms_are_never_the_same() -> None:
    assert set(NoticeCode) & set(AlarmCode) == set()


def test_end_of_all_that_is_urgent_is_told() -> None:
    assert URGENT <= END_IS_TOLD
    assert set(NoticeCode) | set(AlarmCode) >= END_IS_TOLD


def test_nothing_that_may_still_arrive_or_has_failed_is_settled() -> None:
    assert set(Outcome) - SETTLED == {Outcome.SENDING, Outcome.FAILED}
