from __future__ import annotations

from tests.unit.simulator.faults.support import LIST, buy, client, plan, resting, tickle


def test_faults_are_around_those_that_were_planned_after_them() -> None:
    on = client()
    resting(on)
    plan(on, "H11", extra="more", value=1, path=LIST)
    plan(on, "H15", p=1.0)
    assert on.get(LIST)["orders"] == []
    on.call("POST", "/sim/faults", {"clear": True})
    plan(on, "H05", path=LIST)
    plan(on, "H15")
    assert on.call("GET", f"/v1/api{LIST}").status == 503


def test_firing_stands_before_what_it_does() -> None:
    on = client()
    plan(on, "C03", selector={"times": 1})
    tickle(on)
    kinds = [line["kind"] for line in on.truth()]
    assert kinds.index("fault") < kinds.index("deed") < kinds.index("fill")


def test_only_a_match_that_does_not_fire_has_a_line_of_its_own() -> None:
    on = client()
    plan(on, "H02", selector={"nth": 2})
    for _ in range(4):
        tickle(on)
    assert [line["kind"] for line in on.truth() if line["kind"] in ("matched", "fault")] == ["matched", "fault"]


def test_question_of_another_kind_starts_nothing() -> None:
    on = client()
    plan(on, "O07", selector={"nth": 2})
    buy(on)
    assert on.broker.memory.asked == {}


def test_call_is_broken_off_in_its_body_where_that_is_known_before() -> None:
    on = client()
    plan(on, "T03", "/tickle", {"nth": 2}, bytes=7)
    plan(on, "T03", selector={"role": "entry"}, bytes=8)
    taken = []
    for _ in range(3):
        taken.append(on.simulator.taken_in("POST", "/v1/api/tickle"))
        tickle(on)
    assert taken == [None, 7, None]
    assert on.simulator.taken_in("POST", "/v1/api/iserver/account/DU1234567/orders") is None
