"""A halt at the trading process alone: no dashboard runs, the API's limits are kept, and time is the market's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.scenarios.paced_run import ENTRIES_SENT, PacedRun, panel_of

WITHIN_S = 2.0
ENTRIES = 10


@pytest.mark.timeout(120)
@pytest.mark.parametrize("later_s", [0.2, 0.9, 2.5, 4.7, 30.0, 1800.0])
def test_ten_cancels_are_out_within_two_seconds_of_a_halt_by_file_whatever_was_asked_before(
    tmp_path: Path, later_s: float
) -> None:
    run = PacedRun(tmp_path, panel_of(60), settings=("risk.profile=strategy",))
    halted_at = ENTRIES_SENT + timedelta(seconds=later_s)
    run.halt_at(halted_at)
    run.system.run()
    entries = run.database.query("SELECT state FROM intent WHERE role = 'entry' AND order_id IS NOT NULL")
    run.end()
    cancels = [call.at - halted_at.timestamp() for call in run.way.calls if call.verb == "DELETE"]
    assert len(cancels) == len(entries) >= ENTRIES
    assert min(cancels) >= 0.0
    assert cancels[ENTRIES - 1] <= WITHIN_S
    assert {row["state"] for row in entries} == {"CANCELLED"}
    assert {call.status for call in run.way.calls} == {200}
