from __future__ import annotations

import json

import pytest

from simulator.fault_plan import Fault, Selector
from simulator.faults import KINDS
from simulator.faults.reading import PlanError, parse_plan, prepare
from tests.unit.simulator.faults.support import client
from tests.unit.simulator.support import Json


def fault(**fields: Json) -> bytes:
    return json.dumps({"faults": [{"id": "H05", **fields}]}).encode()


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", "a plan of faults has to be JSON: "),
        (b'{"faults":"\xff"}', "a plan of faults has to be JSON: "),
        (b"[" * 100_000, "a plan of faults has to be JSON: "),
        (b"7", "the plan: it 7 is not allowed; it has to be an object with faults, rules, clear, seed"),
        (b'{"fault":[]}', "the plan: fault is unknown; there are faults, rules, clear, seed"),
        (b'{"clear":1}', "the plan: clear 1 is not allowed; it has to be true or false"),
        (b'{"seed":"x"}', 'the plan: seed "x" is not allowed; it has to be a whole number'),
        (b'{"faults":{}}', "the plan: faults {} is not allowed; it has to be a list"),
        (b'{"faults":[5]}', "fault 1: it 5 is not allowed; it has to be an object with id, selector, parameters"),
        (b'{"faults":[{"id":"H01"},{"id":"Z99"}]}', 'fault 2: id "Z99" is not allowed; it has to be one of T01, T03'),
        (b'{"faults":[{}]}', "fault 1: id null is not allowed"),
        (fault(more=1), "fault 1: more is unknown; there are id, selector, parameters"),
        (fault(parameters={"state": 503}), "H05: parameters: state is unknown; there are status, error"),
        (fault(parameters={"status": 404}), "H05: status 404 is not allowed; it has to be one of 500, 502, 503, 504"),
        (fault(parameters={"status": "503"}), 'H05: status "503" is not allowed; it has to be one of'),
        (fault(parameters={"error": None}), "H05: error null is not allowed; it has to be a text"),
        (fault(parameters=[]), "H05: parameters: it [] is not allowed; it has to be an object with status, error"),
        (fault(id="H02", parameters={"x": 1}), "H02: parameters: x is unknown; there are none"),
        (
            fault(id="T05", parameters={"seconds": -1}),
            "T05: seconds -1 is not allowed; it has to be a number from 0 to 3,600",
        ),
        (fault(id="T05", parameters={"seconds": True}), "T05: seconds true is not allowed"),
        (
            fault(id="O10", parameters={"slices": 1.5}),
            "O10: slices 1.5 is not allowed; it has to be a whole number from 1 to",
        ),
        (fault(selector={"nth": 0}), "H05: selector.nth 0 is not allowed; it has to be a whole number from 1 to"),
        (
            fault(selector={"probability": 2}),
            "H05: selector.probability 2 is not allowed; it has to be a number from 0 to 1",
        ),
        (fault(selector={"after": "noon"}), 'H05: selector.after "noon" is not allowed; it has to be an ISO 8601 time'),
        (fault(selector={"role": "stops"}), 'H05: selector.role "stops" is not allowed; it has to be one of entry'),
        (fault(selector={"times": "2"}), 'H05: selector.times "2" is not allowed'),
        (fault(selector={"method": "get"}), 'H05: selector.method "get" is not allowed; it has to be one of *, GET'),
        (fault(selector={"paths": "*"}), "H05: selector: paths is unknown; there are method, path, role"),
        (
            fault(selector={"after": "2014-03-04", "until": "2014-03-03"}),
            'H05: selector.until "2014-03-03" is not allowed; it has to be a time after 2014-03-04',
        ),
    ],
)
def test_mistake_is_told_in_one_line(data: bytes, line: str) -> None:
    with pytest.raises(PlanError) as refused:
        parse_plan(data)
    assert str(refused.value).startswith(line)
    assert "\n" not in str(refused.value)


def test_nothing_of_a_plan_with_a_mistake_is_installed() -> None:
    on = client()
    answer = on.call("POST", "/sim/faults", {"clear": True, "seed": 9, "faults": [{"id": "H02"}, {"id": "Z"}]})
    assert (answer.status, on.broker.faults.planned) == (400, [])
    assert [line for line in on.truth() if line["kind"] == "faults"] == []


def test_plan_is_read_with_all_its_parts() -> None:
    plan = parse_plan(
        b'{"clear":true,"seed":5,"faults":[{"id":"H05","selector":{"nth":2},"parameters":{"status":500}}]}'
    )
    assert (plan.clear, plan.seed, plan.faults) == (True, 5, [Fault("H05", Selector(nth=2), {"status": 500})])


def test_every_default_can_be_written_down() -> None:
    written = [
        {"id": kind.id, "parameters": {parameter.name: parameter.default for parameter in kind.parameters}}
        for kind in KINDS.values()
    ]
    assert len(parse_plan(json.dumps({"faults": written}).encode()).faults) == len(KINDS)


def test_what_the_selector_leaves_open_is_the_faults_own() -> None:
    planned = prepare(Fault("O19"))
    assert (planned.calls, planned.times) == (KINDS["O19"].calls, None)
    assert prepare(Fault("O19", Selector(path="*"))).calls.paths == ("*",)
    assert prepare(Fault("O19", Selector(path="*"))).calls.method == "GET"


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        (Fault("O22"), 1),
        (Fault("O22", Selector(times=3)), 3),
        (Fault("O22", Selector(probability=0.1)), None),
        (Fault("O22", Selector(nth=4)), None),
        (Fault("H02"), None),
        (Fault("M01"), 1),
        (Fault("M01", parameters={"calls": 0}), None),
        (Fault("M01", Selector(times=2)), 2),
        (Fault("C08"), 1),
        (Fault("C08", parameters={"what": "currency"}), None),
    ],
)
def test_how_often_a_fault_fires(fault: Fault, times: int | None) -> None:
    assert prepare(fault).times == times


def test_how_long_a_fault_stays_on() -> None:
    assert prepare(Fault("G12", parameters={"seconds": 2.5})).lasts_us == 2_500_000
    assert prepare(Fault("T05")).lasts_us == 0
