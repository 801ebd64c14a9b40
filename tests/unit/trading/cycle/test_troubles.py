"""What fails twice in a row is told until a cycle can do everything again."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes.trading_context import ContextParts
from tests.fakes.trading_states import ACCOUNT
from trading.cycle.troubles import Troubles
from trading.model.account import mask_account
from trading.model.alarm import Alarm, AlarmCode
from trading.model.status import StatusKey

LEDGER = "GET /portfolio/…/ledger: no answer"
BARS = "nothing can be decided on 2014-03-03: there are no bars of it"


def kept(parts: ContextParts) -> tuple[str | None, str | None]:
    return parts.store.value(StatusKey.TROUBLE), parts.store.value(StatusKey.TROUBLE_SINCE)


def test_one_failure_is_no_trouble_and_the_second_is_with_its_time(parts: ContextParts) -> None:
    troubles = Troubles(parts.store, parts.clock, ACCOUNT)
    troubles.cycle([LEDGER])
    assert (kept(parts), troubles.alarms()) == (("", ""), ())
    parts.clock.go(5)
    troubles.cycle([LEDGER])
    since = parts.clock.now().isoformat()
    assert kept(parts) == (LEDGER, since)
    assert troubles.alarms() == (Alarm(AlarmCode.TROUBLE, "", f"{LEDGER}; it is tried again by itself"),)
    parts.clock.go(60)
    troubles.cycle([LEDGER, "", BARS, LEDGER])
    assert kept(parts) == (f"{LEDGER}; {BARS}", since)


def test_cycle_that_can_do_everything_ends_it(parts: ContextParts) -> None:
    troubles = Troubles(parts.store, parts.clock, ACCOUNT)
    for causes in ([LEDGER], [LEDGER], []):
        troubles.cycle(causes)
    assert (kept(parts), troubles.alarms()) == (("", ""), ())
    troubles.cycle([LEDGER])
    assert kept(parts) == ("", "")


def test_what_an_earlier_process_could_not_do_is_forgotten(parts: ContextParts) -> None:
    troubles = Troubles(parts.store, parts.clock, ACCOUNT)
    troubles.cycle([LEDGER])
    troubles.cycle([LEDGER])
    parts.clock.time += timedelta(seconds=1)
    Troubles(parts.store, parts.clock, ACCOUNT)
    assert kept(parts) == ("", "")


def test_what_another_alarm_says_is_not_told_twice(parts: ContextParts) -> None:
    troubles = Troubles(parts.store, parts.clock, ACCOUNT)
    for _ in range(2):
        troubles.cycle([LEDGER, BARS])
    said = [Alarm(AlarmCode.SESSION, "account", LEDGER)]
    assert [alarm.text for alarm in troubles.alarms(said)] == [f"{BARS}; it is tried again by itself"]
    assert troubles.alarms([*said, Alarm(AlarmCode.SESSION, "x", BARS)]) == ()


def test_nothing_of_the_account_is_told_to_anybody(parts: ContextParts) -> None:
    troubles = Troubles(parts.store, parts.clock, "DU1234567")
    for _ in range(2):
        troubles.cycle(["GET /portfolio/DU***4567/ledger: no answer"])
    assert kept(parts)[0] == LEDGER
    assert troubles.alarms([Alarm(AlarmCode.SESSION, "x", "GET /portfolio/DU***4567/ledger: no answer")]) == ()


def test_nothing_of_any_account_is_told(parts: ContextParts) -> None:
    troubles = Troubles(parts.store, parts.clock, ACCOUNT)
    for _ in range(2):
        troubles.cycle([f"{mask_account(ACCOUNT)} is not {ACCOUNT} or U***5678"])
    assert kept(parts)[0] == "… is not … or …"
