from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.fakes.notices import NOON, news, notice, stored
from trading.config import ExecutionSettings
from trading.execution.windows import SendWindow
from trading.market.calendar import TradingCalendar
from trading.model.alarm import CONTESTED
from trading.model.alert import GOES_ON_WITHIN
from trading.model.mode import Halt, Latched
from trading.model.notice import DailyLoss, NoticeCode
from trading.model.status import SessionState, StatusKey
from trading.notices.news import (
    Gathered,
    StoredFacts,
    changes,
    needs_window,
    news_of,
    next_window,
    time_left,
)

CALENDAR = TradingCalendar(date(2026, 2, 2), date(2026, 4, 30))
# Orders leave from 13:30 UTC, an hour before the open.
WINDOW = next_window(NOON, CALENDAR, ExecutionSettings())


def facts(state: SessionState = SessionState.READY, **more: object) -> StoredFacts:
    session = {StatusKey.SESSION_STATE: state, StatusKey.STATE_SINCE: NOON.isoformat(), **more}
    return StoredFacts(NOON, session={str(key): str(value) for key, value in session.items()})


def login(now: datetime = NOON, state: SessionState = SessionState.WAITING_LOGIN, person: str = "Log in.") -> Gathered:
    known = facts(state, session_person=person, session_detail="nobody is logged in")
    return news_of(replace(known, now=now), WINDOW)


def test_alert_that_lasts_is_news_under_its_number_and_told_as_often_as_it_was() -> None:
    (item,) = news_of(replace(facts(), alerts=(stored(17, times=3),)), None).news
    assert (item.topic, item.telling, item.code, item.over, item.urgent) == ("alert 17", 3, "uncovered", None, True)


def test_end_of_an_alert_is_news_once_it_can_not_go_on() -> None:
    over = NOON - GOES_ON_WITHIN
    assert news_of(replace(facts(), alerts=(stored(over=over),)), None).news[0].over is None
    later = replace(facts(), now=NOON + timedelta(seconds=1), alerts=(stored(over=over),))
    assert news_of(later, None).news[0].over == over


@pytest.mark.parametrize(("code", "sale", "urgent"), [("rejected", True, True), ("rejected", False, False)])
def test_rejected_sale_is_urgent_and_a_rejected_purchase_is_not(code: str, *, sale: bool, urgent: bool) -> None:
    (item,) = news_of(replace(facts(), alerts=(stored(1, code, sale=sale),)), None).news
    assert item.urgent is urgent


def test_halt_says_by_whom_and_why() -> None:
    halts = (
        Halt(3, "operator", "cli 7", "odd prices", "cli:ann", NOON),
        Halt(4, "requests", "x", "deaf", "system", NOON),
    )
    asked, other = news_of(replace(facts(), halts=halts), None).news
    assert (asked.topic, asked.code, asked.urgent) == ("halt 3", NoticeCode.HALTED, True)
    assert asked.text.startswith("Halted by cli:ann: odd prices.")
    assert other.text.startswith("Halted by system for requests: deaf.")


def test_latched_limits_and_daily_loss_are_news_of_their_own() -> None:
    known = replace(facts(), latched=Latched(5, ("drawdown",), "21 % lost", NOON), loss=DailyLoss(6, "6 % lost", NOON))
    latched, loss = news_of(known, None).news
    assert (latched.topic, loss.topic) == ("limits 5", "loss 6")
    assert "until a person resumes (" in latched.text
    assert "21 % lost" in latched.text
    assert "for now (6 % lost)" in loss.text
    assert {latched.code, loss.code} == {NoticeCode.REDUCING}


def test_login_is_needed_with_the_time_that_is_left() -> None:
    (item,) = login().news
    assert item.text == (
        "Login needed: nobody is logged in at the gateway (nobody is logged in). Log in. "
        "Orders next leave at 13:30 UTC on 2026-03-04, in 1 h 30 min."
    )
    assert (item.telling, item.topic) == (1, f"login {NOON.isoformat()}")


def test_login_that_is_still_needed_shortly_before_orders_leave_is_told_of_once_more() -> None:
    assert login(NOON + timedelta(minutes=29)).news[0].telling == 1
    assert login(NOON + timedelta(minutes=30)).news[0].telling == 2
    assert "Orders leave now, until" in login(NOON + timedelta(minutes=95)).news[0].text


@pytest.mark.parametrize(
    ("state", "person", "late", "told"),
    [
        (SessionState.READY, "Log in again once it has ended.", True, False),
        (SessionState.SUSPENDED, "", False, False),
        (SessionState.SUSPENDED, "Log in.", False, True),
        *(
            (state, "Restart the gateway.", True, False)
            for state in (
                SessionState.GATEWAY_DOWN,
                SessionState.STALE,
                SessionState.REFUSED,
                SessionState.CONNECTED,
            )
        ),
        (SessionState.COMPETING, "Log out of TWS.", False, False),
        (SessionState.COMPETING, "Log out of TWS.", True, True),
        (SessionState.RESET, "", True, False),
    ],
)
def test_session_is_news_where_a_person_has_to_do_something(
    state: SessionState, person: str, *, late: bool, told: bool
) -> None:
    assert bool(login(NOON + timedelta(hours=late), state, person).news) is told


@pytest.mark.parametrize("state", [SessionState.STARTING, ""])
def test_while_the_process_starts_nobody_knows_of_the_login(state: SessionState) -> None:
    assert news_of(facts(state), None).unsure == {NoticeCode.LOGIN}
    assert news_of(facts(), None).unsure == frozenset()


def test_alert_of_the_session_says_how_much_time_is_left() -> None:
    known = replace(facts(), alerts=(stored(1, "session"),))
    assert needs_window(known)
    assert (
        news_of(known, WINDOW).news[0].text.endswith(". Orders next leave at 13:30 UTC on 2026-03-04, in 1 h 30 min.")
    )
    assert not needs_window(replace(facts(), alerts=(stored(),)))
    assert needs_window(facts(SessionState.WAITING_LOGIN))


def test_alert_of_the_session_is_told_once_more_shortly_before_orders_leave() -> None:
    known = replace(facts(), alerts=(stored(1, "session", times=1), stored(2, "trouble", times=1)))
    assert [item.telling for item in news_of(known, WINDOW).news] == [1, 1]
    late = replace(known, now=NOON + timedelta(minutes=30))
    assert [item.telling for item in news_of(late, WINDOW).news] == [2, 1]
    assert [item.telling for item in news_of(late, None).news] == [1, 1]
    over = replace(late, alerts=(stored(1, "session", times=1, over=NOON),))
    assert [item.telling for item in news_of(over, WINDOW).news] == [1]


def test_other_program_is_told_of_once_whoever_says_it() -> None:
    said = {StatusKey.SESSION_PERSON: "Log out of TWS."}
    known = replace(facts(SessionState.COMPETING, **said), now=NOON + timedelta(hours=1))
    contested = stored(1, "session", times=1)
    contested = replace(contested, alert=replace(contested.alert, subject=CONTESTED))
    assert [item.code for item in news_of(known, WINDOW).news] == [NoticeCode.LOGIN]
    assert [item.code for item in news_of(replace(known, alerts=(contested,)), WINDOW).news] == ["session"]


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 3, 4, 12, 0, tzinfo=UTC), date(2026, 3, 4)),
        (datetime(2026, 3, 4, 14, 27, tzinfo=UTC), date(2026, 3, 4)),
        (datetime(2026, 3, 4, 14, 29, tzinfo=UTC), date(2026, 3, 5)),
        (datetime(2026, 3, 6, 22, 0, tzinfo=UTC), date(2026, 3, 9)),
    ],
)
def test_next_window_is_the_first_that_has_not_ended(now: datetime, day: date) -> None:
    window = next_window(now, CALENDAR, ExecutionSettings())
    assert window is not None
    assert window.session.day == day


def test_beyond_the_calendar_there_is_no_window_and_no_time_left() -> None:
    assert next_window(datetime(2030, 1, 1, tzinfo=UTC), CALENDAR, ExecutionSettings()) is None
    assert time_left(NOON, None) == ""


def test_time_left_is_in_words() -> None:
    window = WINDOW
    assert isinstance(window, SendWindow)
    assert time_left(window.begins - timedelta(days=2, minutes=5), window).endswith("in 2 d 5 min.")
    assert time_left(window.begins - timedelta(seconds=30), window).endswith("in less than a minute.")


# ---- what is to be noted


def test_what_is_new_and_what_is_told_again_is_noted() -> None:
    known = {"alert 1": notice(1), "alert 2": notice(2)}
    shown = Gathered((news("alert 1"), news("alert 2", telling=2), news("alert 3")))
    new, ended = changes(shown, known, NOON, simulated=False)
    assert [(each.topic, each.telling, each.noticed_at) for each in new] == [("alert 2", 2, NOON), ("alert 3", 1, NOON)]
    assert ended == ()


@pytest.mark.parametrize("simulated", [False, True])
def test_end_is_noted_with_its_own_time_where_that_is_real(*, simulated: bool) -> None:
    over, later = NOON + timedelta(hours=1), NOON + timedelta(hours=3)
    _, (ended,) = changes(Gathered((news(over=over),)), {"alert 1": notice(1)}, later, simulated=simulated)
    assert (ended.over, ended.ended_at) == (over, later if simulated else over)


def test_what_is_not_shown_any_more_has_ended_unless_nobody_knows() -> None:
    known = {"halt 1": notice(1, "halted", topic="halt 1"), "login x": notice(2, "login", topic="login x")}
    _, ended = changes(Gathered((), frozenset({"login"})), known, NOON, simulated=False)
    assert [each.topic for each in ended] == ["halt 1"]
    done = {"halt 1": replace(known["halt 1"], ended_at=NOON)}
    assert changes(Gathered(()), done, NOON, simulated=False) == ((), ())


def test_what_was_over_before_it_was_noted_is_as_old_as_it_is() -> None:
    over, later = NOON + timedelta(hours=1), NOON + timedelta(days=3)
    (new,), _ = changes(Gathered((news(over=over),)), {}, later, simulated=False)
    assert (new.noticed_at, new.ended_at) == (NOON, over)
    (new,), _ = changes(Gathered((news(over=over),)), {}, later, simulated=True)
    assert (new.noticed_at, new.ended_at, new.over) == (later, later, over)
