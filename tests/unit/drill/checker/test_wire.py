"""Invariants of what was sent: each with a run that keeps it and one that doesn't."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drill.checker import wire
from drill.checker.logs import Violation
from tests.unit.drill.checker.made_up import CLOSE_S, ENTRY, ORDERS, MadeUp, bought, seconds, ticket

(YES,) = [digest for digest in wire.YES if digest.startswith("592b")]


def names(found: list[Violation]) -> list[str]:
    return [violation.invariant for violation in found]


def test_ordinary_run_keeps_every_invariant_of_the_wire() -> None:
    case = bought().case()
    every = [value for name, value in vars(wire).items() if name[0] == "i" and name[1].isdigit()]
    assert len(every) == 7
    assert [violation for invariant in every for violation in invariant(case)] == []


def test_request_without_a_row_or_with_a_later_one_was_not_written_before() -> None:
    for written in (None, -2999.0):
        run = MadeUp()
        run.request(-3000.0, ENTRY)
        if written is not None:
            run.about(written, ENTRY)
        assert names(list(wire.i1_written_before_it_is_sent(run.case()))) == ["I1"]


def test_one_row_stands_for_one_request() -> None:
    run = bought()
    run.request(-2900.0, ENTRY)
    assert names(list(wire.i1_written_before_it_is_sent(run.case()))) == ["I1"]


def test_other_bytes_than_those_written_down_are_told() -> None:
    run = MadeUp()
    run.about(-3000.0, ENTRY, sha="one")
    run.request(-3000.0, ENTRY, sha="another")
    assert names(list(wire.i1_written_before_it_is_sent(run.case()))) == ["I1"]


def test_name_that_is_accepted_twice_is_told() -> None:
    run = bought()
    run.order(500.0, ticket(9, "BUY", "LMT", 10, coid=ENTRY))
    (found,) = wire.i2_accepted_once(run.case())
    assert found.subject == ENTRY


@pytest.mark.parametrize(("name", "told"), [(ENTRY, []), ("B", ["I2"])])
def test_delivery_that_a_fault_repeats_is_not_the_clients(name: str, told: list[str]) -> None:
    run = bought()
    run.request(500.0, name, sha="t")
    run.line(500.0, "fault", id="T09", path=ORDERS, request=len(run.truth) - 1)
    run.order(500.0, ticket(9, "BUY", "LMT", 10, coid=ENTRY))
    assert names(list(wire.i2_accepted_once(run.case()))) == told


def test_orders_that_a_fault_met_are_those_of_the_request_of_the_question_or_of_the_id() -> None:
    run = asked("o163")
    run.bracket(-2900.0)
    for path in ("/iserver/reply/q", f"{ORDERS.removesuffix('s')}/1", f"{ORDERS.removesuffix('s')}/2"):
        run.request(-2800.0, path=path)
        run.line(-2800.0, "fault", id="O25", path=path, request=len(run.truth) - 1)
        assert wire.met(run.case(), "O25") == {ENTRY}
    assert wire.met(run.case(), "T09") == set()


def test_second_arrival_of_what_a_fault_repeats_needs_no_row_and_no_other_does() -> None:
    run = MadeUp()
    for sha, count in (("s", 0), ("t", 1)):
        run.about(-3000.0, ENTRY, sha=sha)
        run.request(-3000.0, ENTRY, sha=sha)
        if sha == "s":
            run.line(-3000.0, "fault", id="T09", path=ORDERS, request=len(run.truth) - 1)
        run.request(-3000.0, ENTRY, sha=sha)
        assert len(list(wire.i1_written_before_it_is_sent(run.case()))) == count


def test_name_that_is_sent_again_is_told() -> None:
    run = bought()
    run.request(-2000.0, ENTRY)
    assert names(list(wire.i4_sent_once(run.case()))) == ["I4"]


@pytest.mark.parametrize(("order", "count"), [(("A", "B"), 0), (("B", "A"), 1)])
def test_what_was_proven_at_the_instant_of_sending_is_told_by_the_journals_order(
    order: tuple[str, ...], count: int
) -> None:
    run = bought()
    run.step(-2500.0, ENTRY, "PLANNED", "SENDING", "UNKNOWN")
    run.intent("B", created=run.intents[ENTRY].created + 600.0)
    for each in order:
        run.step(-2000.0, *((ENTRY, "LOST") if each == "A" else ("B", "PLANNED", "SENDING")))
    run.request(-2000.0, "B")
    assert len(list(wire.i4_sent_once(run.case()))) == count


def test_modification_that_names_its_order_is_not_sent_again() -> None:
    run = bought()
    run.request(-2000.0, ENTRY, path=f"{ORDERS.removesuffix('s')}/1")
    assert list(wire.i4_sent_once(run.case())) == []


def test_entry_beside_one_that_is_not_proven_is_told_until_it_is() -> None:
    for state, count in (("UNKNOWN", 1), ("LOST", 0)):
        run = bought()
        run.step(-2500.0, ENTRY, "PLANNED", "SENDING", state)
        run.intent("B", created=run.intents[ENTRY].created + 600.0)
        run.request(-2000.0, "B")
        assert len(list(wire.i4_sent_once(run.case()))) == count


def test_fill_beyond_what_was_ordered_is_told() -> None:
    run = bought()
    run.fill(200.0, 1, "BUY", 1)
    assert names(list(wire.i3_no_more_than_ordered(run.case()))) == ["I3"]


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        ({"do": "fill", "order_id": 1}, []),
        ({"do": "fill", "order_id": 2}, ["I3"]),
        ({"do": "correct", "execution_id": "0000a.b.01.01"}, []),
        ({"do": "correct", "execution_id": "0000a.c.01.01"}, ["I3"]),
        ({"do": "split", "symbol": "AAPL", "ratio": 2.0}, []),
        ({"do": "split", "symbol": "XOM", "ratio": 2.0}, ["I3"]),
        ({"do": "halt", "symbol": "AAPL"}, ["I3"]),
    ],
)
def test_fill_beyond_what_was_ordered_is_the_brokers_where_it_changed_that_order(
    deed: dict[str, object], told: list[str]
) -> None:
    run = bought()
    run.line(150.0, "deed", **deed)
    run.fill(200.0, 1, "BUY", 1)
    assert names(list(wire.i3_no_more_than_ordered(run.case()))) == told


def test_write_for_another_account_is_told() -> None:
    run = MadeUp()
    run.request(0.0, ENTRY, path="/iserver/account/DU7654321/orders")
    assert names(list(wire.i14_right_account(run.case()))) == ["I14"]


def asked(message_id: str) -> MadeUp:
    run = MadeUp()
    run.line(-4000.0, "session", event="login", epoch=1, login=True, authenticated=True)
    run.line(-3000.0, "question", reply_id="q", message_ids=[message_id], order_ids=[1], coids=[ENTRY])
    return run


def test_yes_to_a_question_that_never_may_have_one_is_told_and_no_is_not() -> None:
    for message_id, digest, count in (("o383", YES, 1), ("o383", "no", 0), ("o163", YES, 0)):
        run = asked(message_id)
        run.request(-2999.0, path="/iserver/reply/q", sha=digest)
        assert len(list(wire.i18_questions(run.case()))) == count


@pytest.mark.parametrize("message_id", ["o383", "o451"])
@pytest.mark.parametrize(
    ("coids", "order_ids", "count"),
    [
        (["S"], [7], 0),
        (["S", "T"], [7, 8], 0),
        ([], [7], 0),
        ([ENTRY], [1], 1),
        ([ENTRY, "S"], [1, 7], 1),
        (["S"], [1], 1),
        (["not ours"], [], 1),
        ([], [], 1),
    ],
)
def test_size_of_a_sale_alone_may_be_confirmed(
    message_id: str, coids: list[str], order_ids: list[int], count: int
) -> None:
    run = MadeUp()
    run.intent(ENTRY, order_id=1)
    run.intent("S", role="stop", order_id=7)
    run.intent("T", role="target", order_id=8)
    run.line(-3000.0, "question", reply_id="q", message_ids=[message_id], order_ids=order_ids, coids=coids)
    run.request(-2999.0, path="/iserver/reply/q", sha=YES)
    assert len(list(wire.i18_questions(run.case()))) == count


def test_id_that_came_again_is_the_newest_orders() -> None:
    for newest, count in (("S", 0), (ENTRY, 1)):
        run = MadeUp()
        for coid in (ENTRY, "S") if newest == "S" else ("S", ENTRY):
            run.intent(coid, role="entry" if coid == ENTRY else "stop", order_id=7)
        run.line(-3000.0, "question", reply_id="q", message_ids=["o451"], order_ids=[7], coids=[newest])
        run.request(-2999.0, path="/iserver/reply/q", sha=YES)
        assert len(list(wire.i18_questions(run.case()))) == count


def test_question_of_an_earlier_session_is_not_answered() -> None:
    run = asked("o163")
    run.line(-2999.5, "session", event="init", epoch=2, login=True, authenticated=True)
    run.turn(-2999.2)
    run.request(-2999.0, path="/iserver/reply/q", sha=YES)
    assert names(list(wire.i18_questions(run.case()))) == ["I18"]


def test_session_that_changed_after_the_question_and_before_any_look_could_not_be_known() -> None:
    run = asked("o163")
    run.line(-2999.5, "session", event="init", epoch=2, login=True, authenticated=True)
    run.request(-2999.0, path="/iserver/reply/q", sha=YES)
    assert list(wire.i18_questions(run.case())) == []


def test_same_question_is_answered_yes_once_for_each_order() -> None:
    for path, count in (("/iserver/reply/r", 1), (ORDERS, 0)):
        run = asked("o163")
        run.about(-2999.0, ENTRY, path="/iserver/reply/q", sha=YES)
        run.about(-2998.5, ENTRY, path=path, sha="no")
        run.line(-2998.0, "question", reply_id="again", message_ids=["o163"], order_ids=[1], coids=[ENTRY])
        run.about(-2997.0, ENTRY, path="/iserver/reply/again", sha=YES)
        assert len(list(wire.i18_questions(run.case()))) == count


def test_question_that_an_earlier_process_was_asked_is_not_answered() -> None:
    run = asked("o163")
    run.event(-2999.5, "start")
    assert list(wire.i18_questions(run.case())) == []
    run.about(-2999.0, ENTRY, path="/iserver/reply/q", sha=YES)
    # What is delivered twice was answered once.
    run.line(-2998.0, "fault", id="T09", path="/iserver/reply/q")
    run.request(-2999.0, path="/iserver/reply/q", sha=YES)
    run.request(-2998.0, path="/iserver/reply/q", sha=YES)
    assert names(list(wire.i18_questions(run.case()))) == ["I18"]


def test_entry_is_sent_in_the_hour_before_the_open_and_until_two_minutes_before() -> None:
    for at, count in ((-3601.5, 1), (-3600.0, 0), (-120.0, 0), (-118.0, 1), (300.0, 1)):
        run = MadeUp()
        run.intent(ENTRY)
        run.request(at, ENTRY)
        assert len(list(wire.i22_in_its_window(run.case()))) == count, at


def test_entry_is_sent_in_the_window_that_the_configuration_sets() -> None:
    day_s = 86_400.0
    for after_close, at, count in (
        (False, day_s - 5400.0, 0),
        (False, day_s - 7201.5, 1),
        (False, day_s - 300.0, 1),
        (True, CLOSE_S + 900.0, 0),
        (True, CLOSE_S - 900.0, 1),
        (True, day_s - 300.0, 1),
        # The next session is after the end of the run.
        (True, day_s + CLOSE_S + 900.0, 0),
    ):
        run = MadeUp()
        run.intent(ENTRY)
        run.events.append({"kind": "window", "after_close": after_close, "pre_open_s": 7200.0, "send_until_s": 600.0})
        run.request(at, ENTRY)
        case = replace(run.case(), hours=[(seconds(0.0), seconds(CLOSE_S)), (seconds(day_s), seconds(day_s + CLOSE_S))])
        assert len(list(wire.i22_in_its_window(case))) == count, (after_close, at)


@pytest.mark.parametrize(("ids", "count"), [(["o999"], 0), (["o998"], 1), (["o382"], 1), (["o383"], 1), (["o163"], 0)])
def test_questions_that_the_configuration_allows_may_have_a_yes(ids: list[str], count: int) -> None:
    run = bought()
    run.event(-3600.0, "window", allowed_questions=["o999", "o382", "o383"], pre_open_s=3600.0, send_until_s=120.0)
    run.line(-2999.0, "question", reply_id="q", message_ids=ids, coids=[ENTRY], order_ids=[])
    run.line(-2998.0, "request", verb="POST", path="/iserver/reply/q", sha256="s", confirmed=True)
    assert len(list(wire.i18_questions(run.case()))) == count
