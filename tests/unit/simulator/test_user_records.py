from __future__ import annotations

from simulator.user_records import Condition, UserRecords


def test_newest_notice_is_first_and_ids_differ() -> None:
    records = UserRecords()
    first, second = (records.post("SM", "title", "text", 1_000_000) for _ in range(2))
    assert records.notices == [second, first]
    assert first.notice_id != second.notice_id


def test_alert_ids_are_never_used_again() -> None:
    records = UserRecords()
    assert records.next_alert() + 1 == records.next_alert()


def test_only_a_condition_on_a_price_has_a_level() -> None:
    assert Condition(1, "265598@SMART", ">=", "99.5").level == 99.5
    assert Condition(1, "265598@SMART", ">=", "abc").level is None
    assert Condition(3, "265598@SMART", ">=", "99.5").level is None
    assert (Condition(1, "265598@SMART", ">=", "1").conid, Condition(5, "*@*", "", "*").conid) == (265598, None)
