"""A person decides about an order whose answer was lost: real decisions, real files, the simulator in the process."""

from __future__ import annotations

import getpass
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.desk import Desk, desk_in
from trading.model.order import Role


def person() -> str:
    return f"cli:{getpass.getuser()}"


@pytest.fixture
def desk(
    tmp_path: Path, bundled_bars: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    with desk_in(tmp_path, bundled_bars, monkeypatch, capsys) as made:
        yield made


def test_lost_order_is_declared_absent_and_trading_goes_on_without_it(desk: Desk) -> None:
    desk.break_once("T03", Role.ENTRY)
    desk.go_on_until(lambda: bool(desk.orders(Role.ENTRY, "UNKNOWN")))
    (coid,) = desk.orders(Role.ENTRY, "UNKNOWN")
    code, said = desk.shown()
    assert (code, f"--absent {coid}" in said) == (1, True)
    assert desk.decide("--absent", coid).startswith(f"{coid} counts as absent")
    assert {desk.state_of(each) for each in (coid, f"{coid}-S", f"{coid}-T")} == {"LOST"}
    assert desk.shown()[0] == 0
    desk.go_on_until(lambda: len(desk.trades()) > 1)
    assert desk.state_of(coid) == "LOST"


def test_sale_whose_question_was_lost_is_claimed_and_the_shares_are_sold_once(desk: Desk) -> None:
    desk.break_once("T05", Role.EXIT)
    desk.go_on_until(lambda: bool(desk.orders(Role.EXIT, "UNKNOWN")))
    (coid,) = desk.orders(Role.EXIT, "UNKNOWN")
    conid, symbol = desk.rows("SELECT conid, symbol FROM intent WHERE coid = ?", coid)[0].values()
    code, said = desk.shown()
    # It waits at the broker for an answer that nobody can give any more, and carries no name.
    found = re.search(rf"--claim ({coid}=\d+) if it is ours", said)
    assert (code, found is not None) == (1, True)
    assert found is not None
    assert desk.decide("--claim", found[1]) == f"{coid} is order {found[1].partition('=')[2]}, as {person()} says"
    assert desk.state_of(coid) == "WORKING"
    desk.go_on_until(lambda: symbol not in {str(row[0]) for row in desk.open_positions()})
    assert desk.state_of(coid) == "REJECTED"
    assert desk.simulator.broker.account.held(conid) == 0
    assert desk.shown()[0] == 0


def test_decision_about_an_order_that_is_not_open_is_refused_in_one_sentence(desk: Desk) -> None:
    desk.go_on_until(lambda: bool(desk.orders(Role.ENTRY, "WORKING")))
    coid = desk.orders(Role.ENTRY, "WORKING")[0]
    assert desk.decide("--absent", coid) == f"refused: {coid} is WORKING: there is nothing to decide about it"
    assert desk.state_of(coid) == "WORKING"
