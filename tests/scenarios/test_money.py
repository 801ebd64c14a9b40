"""Money is paid out of the account and into it: the calls of the API, real decisions, real files, a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.scenarios.desk import Desk, desk_in
from tests.scenarios.lockstep_run import CASH
from trading.model.decision import RiskState
from trading.store.modes import risk_from


@pytest.fixture
def desk(
    tmp_path: Path, bundled_bars: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    with desk_in(tmp_path, bundled_bars, monkeypatch, capsys) as made:
        yield made


def pay(desk: Desk, amount: float) -> None:
    body = msgspec.json.encode({"do": "cash", "amount": amount})
    assert desk.simulator.handle("POST", "/sim/account", "", body).status == 200


def risk_of(desk: Desk) -> RiskState:
    return risk_from(str(desk.rows("SELECT value FROM fact WHERE key = 'risk'")[0]["value"]))


def decisions(desk: Desk) -> int:
    return int(desk.rows("SELECT count(*) AS n FROM decision")[0]["n"])


def entries_of(desk: Desk) -> int:
    """Return the entries that left."""
    return int(desk.rows("SELECT count(*) AS n FROM intent WHERE role = 'entry' AND state <> 'DENIED'")[0]["n"])


@pytest.mark.parametrize("part", [-0.4, 0.4])
def test_entries_wait_for_a_person_and_nothing_latches(desk: Desk, part: float) -> None:
    desk.go_on_until(lambda: decisions(desk) >= 3)
    before = risk_of(desk)
    pay(desk, part * CASH)
    desk.go_on_until(lambda: bool(desk.rows("SELECT * FROM flow")))
    (flow,) = desk.rows("SELECT * FROM flow")
    assert flow["amount"] == part * CASH * 10_000
    entries = entries_of(desk)
    taken = decisions(desk)
    desk.go_on_until(lambda: decisions(desk) >= taken + 5)
    assert entries_of(desk) == entries
    after = risk_of(desk)
    assert (before.latches, after.latches) == ({}, {})
    assert after.peak == pytest.approx((before.peak or 0.0) * (1.0 + part), rel=0.05)
    code, said = desk.shown()
    assert (code, "--flow 1 if it did" in said) == (1, True)
    assert [row["code"] for row in desk.rows("SELECT DISTINCT code FROM alert WHERE over_at IS NULL")] == ["flow"]
    assert desk.decide("--flow", "1").startswith(f"{part * CASH:+,.2f} USD came or went")
    assert desk.shown()[0] == 0
    desk.go_on_until(lambda: entries_of(desk) > entries)
    assert desk.rows("SELECT code FROM denial WHERE code IN ('drawdown_halt', 'daily_loss')") == []
