"""What a cycle could not do is shown at once, and told to people when it is no hiccup, or theirs to end."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes.trading_context import ContextParts
from tests.fakes.trading_states import ACCOUNT
from trading.cycle.troubles import Troubles
from trading.model.account import mask_account
from trading.model.alarm import Alarm, AlarmCode
from trading.model.status import StatusKey, TroubleKind

LEDGER = "GET /portfolio/…/ledger: no answer"
BARS = "nothing can be decided on 2014-03-03: there are no bars of it"
CONVERT = "the account is kept in EUR and holds no US dollars: convert some first"


def kept(parts: ContextParts) -> tuple[str | None, str | None]:
    return parts.store.value(StatusKey.TROUBLE), parts.store.value(StatusKey.TROUBLE_SINCE)


def test_failure_is_shown_at_once_with_its_time_and_told_when_it_was_no_hiccup(parts: ContextParts) -> None:
    troubles = Troubles(parts.store, parts.clock, ACCOUNT)
    since = parts.clock.now().isoformat()
    troubles.cycle([LEDGER])
    assert (kept(parts), troubles.alarms()) == ((LEDGER, since), ())
    parts.clock.go(60)
    troubles.cycle([LEDGER])
    assert kept(parts) == (LEDGER, since)
    assert troubles.alarms() == (Alarm(AlarmCode.TROUBLE, "", f"{LEDGER}; it is tried again by itself"),)
    troubles.cycle([LEDGER, "", BARS, LEDGER])
    assert kept(parts) == (f"{LEDGER}; {BARS}", since)


def test_what_a_person_has_to_do_is_told_at_once_and_not_tried_again(parts: ContextParts) -> None:
    troubles = Troubles(parts.store, parts.clock, ACCOUNT)
    troubles.cycle([LEDGER], [CONVERT])
    assert kept(parts)[0] == f"{CONVERT}; {LEDGER}"
    assert troubles.alarms() == (Alarm(AlarmCode.TROUBLE, "", CONVERT),)
    troubles.cycle([LEDGER], [CONVERT])
    assert [alarm.text for alarm in troubles.alarms()] == [f"{CONVERT}; {LEDGER}; it is tried again by itself"]


def test_kind_says_whose_it_is_to_end_it(parts: ContextParts) -> None:
    troubles = Troubles(parts.store, parts.clock, ACCOUNT)
    kinds = []
    for failures, facts, unanswered in (([BARS], [], False), ([LEDGER], [], True), ([], [CONVERT], False), ([], [], 0)):
        troubles.cycle(failures, facts, unanswered=bool(unanswered))
        kinds.append(parts.store.value(StatusKey.TROUBLE_KIND))
    assert kinds == [TroubleKind.FAILURE, TroubleKind.UNANSWERED, TroubleKind.PERSON, ""]


def test_cycle_that_can_do_everything_ends_it(parts: ContextParts) -> None:
    troubles = Troubles(parts.store, parts.clock, ACCOUNT)
    for causes in ([LEDGER], [LEDGER], []):
        troubles.cycle(causes)
    assert (kept(parts), troubles.alarms(), troubles.present) == (("", ""), (), False)
    parts.clock.go(60)
    troubles.cycle([LEDGER])
    assert (kept(parts), troubles.alarms()) == ((LEDGER, parts.clock.now().isoformat()), ())


def test_what_an_earlier_process_could_not_do_is_forgotten(parts: ContextParts) -> None:
    troubles = Troubles(parts.store, parts.clock, ACCOUNT)
    troubles.cycle([LEDGER])
    parts.clock.time += timedelta(seconds=1)
    Troubles(parts.store, parts.clock, ACCOUNT)
    assert (kept(parts), parts.store.value(StatusKey.TROUBLE_KIND)) == (("", ""), "")


def test_what_another_alarm_says_is_not_told_twice(parts: ContextParts) -> None:
    troubles = Troubles(parts.store, parts.clock, ACCOUNT)
    for _ in range(2):
        troubles.cycle([LEDGER, BARS], [CONVERT])
    said = [Alarm(AlarmCode.SESSION, "account", LEDGER), Alarm(AlarmCode.SESSION, "x", CONVERT)]
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
