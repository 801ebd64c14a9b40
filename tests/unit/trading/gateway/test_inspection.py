from __future__ import annotations

from datetime import date

import pytest

from tests.unit.trading.gateway.scripted import Desk, good
from trading.errors import OutcomeUnknown
from trading.gateway.inspection import DayQuote, Inspection, NewestBar

SNAPSHOT = "GET /iserver/marketdata/snapshot"
HISTORY = "GET /iserver/marketdata/history"
BAR = {"t": 1795530600000, "o": 10.0, "h": 11.0, "l": 9.0, "c": 10.5, "v": 12.5}


def asked(call: str, answer: object) -> tuple[Inspection, Desk]:
    desk = Desk()
    desk.script(call, good(answer))
    return Inspection(desk.session), desk


def test_quote_has_what_its_permission_and_its_days_volume_are() -> None:
    inspection, desk = asked(SNAPSHOT, [{"conid": 1, "6509": "DpB", "7762": "1,234567"}])
    with pytest.raises(OutcomeUnknown, match="7762"):
        inspection.quote(1)
    desk.script(SNAPSHOT, good([{"conid": 1, "6509": "DpB", "7762": "1234567"}]))
    assert inspection.quote(1) == DayQuote("DpB", 1_234_567.0)
    assert desk.transport.calls[-1].query == {"conids": "1", "fields": "6509,7762"}


def test_quote_whose_stream_only_opens_is_not_complete() -> None:
    inspection, _ = asked(SNAPSHOT, [{"conid": 1, "conidEx": "1"}])
    assert inspection.quote(1) == DayQuote(None, None)
    assert not inspection.quote(1).complete
    assert DayQuote("R", 0.0).complete


@pytest.mark.parametrize("answer", [[], {}, [7], None])
def test_snapshot_that_is_no_list_of_quotes_is_of_no_use(answer: object) -> None:
    inspection, _ = asked(SNAPSHOT, answer)
    with pytest.raises(OutcomeUnknown, match="no list of quotes"):
        inspection.quote(1)


def test_volume_of_the_newest_bar_is_what_was_sent_times_its_factor() -> None:
    earlier = BAR | {"t": 1795444200000}
    inspection, desk = asked(HISTORY, {"data": [earlier, BAR], "volumeFactor": 40})
    assert inspection.newest_bar(7) == NewestBar(date(2026, 11, 24), 500.0, 40.0)
    assert desk.transport.calls[-1].query["period"] == "5d"


def test_history_without_a_bar_has_no_newest_one() -> None:
    inspection, _ = asked(HISTORY, {"data": []})
    assert inspection.newest_bar(7) is None


@pytest.mark.parametrize("answer", [7, {"data": [BAR], "volumeFactor": "many"}, {"data": [BAR | {"v": -1.0}]}])
def test_history_that_makes_no_sense_is_of_no_use(answer: object) -> None:
    inspection, _ = asked(HISTORY, answer)
    with pytest.raises(OutcomeUnknown, match="of no use"):
        inspection.newest_bar(7)
