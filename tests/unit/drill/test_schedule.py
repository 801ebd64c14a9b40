"""A schedule as a value."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from drill.schedule import ClientFault, Deed, Kill, Request, Schedule, ScheduleError, read, without_faults, write


def full(schedule: Schedule) -> Schedule:
    return replace(
        schedule,
        behaviour=["nightly_reset=true", "child_activation=full"],
        faults=[{"id": "T05", "selector": {"role": "entry"}, "parameters": {}}],
        client_faults=[ClientFault("T02", "stop", 2, 3)],
        kills=[Kill("commit_after", 7), Kill("waiting", at="2014-04-23T15:00:00+00:00")],
        requests=[Request("2014-04-23T15:00:00+00:00", "halt", "file")],
        deeds=[Deed("2014-04-23T16:00:00+00:00", "trade", fields={"symbol": "MSFT", "side": "SELL", "quantity": 1})],
    )


def test_schedule_comes_back_from_its_json_as_it_was(ordinary: Schedule) -> None:
    assert read(write(full(ordinary))) == full(ordinary)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"seed": 1}', b'{"seed": "x"}', b"\xff"])
def test_what_is_no_schedule_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(ScheduleError) as caught:
        read(data)
    assert "\n" not in str(caught.value)


def test_fault_free_twin_keeps_the_broker_and_loses_all_that_goes_wrong(ordinary: Schedule) -> None:
    twin = without_faults(full(ordinary))
    assert twin.is_clean
    assert not full(ordinary).is_clean
    assert (twin.behaviour, twin.symbols, twin.seed) == (["child_activation=full"], ordinary.symbols, ordinary.seed)
